"""A video in parts: joined, it is the video in one go."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from paksatalker import Pipeline, Request
from paksatalker.core.parallel import join, record, render_part
from paksatalker.core.parts import Part, frames_of
from paksatalker.core.rendering.hls import Piece
from paksatalker.core.speech_file import SpeechWriter, read_head, read_sound, read_speech
from paksatalker.errors import EncodingFailed, EnginesIncompatible, InvalidOption

TEXT = "Hello there. My name is Bob! How do you do?"


@pytest.fixture(scope="module")
def pipeline():
    with Pipeline() as warm:
        yield warm


def pictures(content: bytes) -> list[tuple[float, bytes]]:
    with av.open(io.BytesIO(content)) as file:
        return [(f.time, f.to_ndarray(format="rgb24").tobytes()) for f in file.decode(video=0)]


def sound(content: bytes) -> list[tuple[float, bytes]]:
    with av.open(io.BytesIO(content)) as file:
        return [(f.time, f.to_ndarray().tobytes()) for f in file.decode(audio=0)]


@pytest.mark.parametrize(("fps", "subtitles"), [(25.0, "srt"), (29.97, "burn")])
def test_the_parts_make_the_whole(pipeline, photo: Path, tmp_path: Path, fps: float, subtitles: str) -> None:
    request = Request(image=photo, text=TEXT, size=128, seed=7, fps=fps, subtitles=subtitles, emotion="happy")
    takes = list(record(pipeline, request, tmp_path, shortest=0.5))
    speech = [take.path for take in takes]
    assert len(takes) == 3
    assert [take.last for take in takes] == [False, False, True]
    whole = list(pipeline.stream(request))
    parts = [tmp_path / f"part{n}.mp4" for n in range(3)]
    pieces: list[Piece] = []
    for n, (path, take) in enumerate(zip(parts, takes, strict=True)):
        drawn = list(pipeline.stream(request, part=Part(tuple(speech[: n + 1]), take.first, take.end)))
        assert [f.index for f in drawn] == list(range(take.first, take.end))
        assert all(np.array_equal(f.image, whole[f.index].image) for f in drawn)
        result = render_part(pipeline, request, speech[: n + 1], path, on_piece=pieces.append)
        assert result.frames == take.end - take.first

    joined = tmp_path / "joined.mp4"
    assert join(request, speech, parts, joined) == len(whole)
    once = pipeline.generate(request, tmp_path / "once.mp4")
    assert sound(joined.read_bytes()) == sound(once.path.read_bytes())
    shown, expected = pictures(joined.read_bytes()), pictures(once.path.read_bytes())
    assert [at for at, _ in shown] == [at for at, _ in expected]
    encoded = [p for path in parts for _, p in pictures(path.read_bytes())]
    assert [p for _, p in shown] == encoded, "nothing is encoded again"
    if subtitles == "srt":
        assert joined.with_suffix(".srt").read_text() == once.subtitles.read_text()

    streamed = b"".join(piece.content for piece in pieces)
    assert [piece.name for piece in pieces].count("init.mp4") == 1
    assert (pictures(streamed), sound(streamed)) == (shown, sound(joined.read_bytes()))
    assert sum(piece.seconds for piece in pieces) == pytest.approx(len(whole) / fps)

    with pytest.raises(EncodingFailed, match="missing"):
        join(request, speech[:2], parts[:2], tmp_path / "short.mp4")
    with pytest.raises(EncodingFailed, match="frames, not"):
        join(request, speech, [parts[0], *parts[:2]], tmp_path / "wrong.mp4")
    assert not list(tmp_path.glob("short*")) + list(tmp_path.glob("wrong*"))


def test_parts_of_other_settings_are_not_joined(pipeline, photo: Path, tmp_path: Path) -> None:
    one, other = (Request(image=photo, text=TEXT, size=size) for size in (128, 160))
    speech = [take.path for take in record(pipeline, one, tmp_path, 0.5)][:2]
    render_part(pipeline, one, speech[:1], tmp_path / "a.mp4")
    render_part(pipeline, other, speech, tmp_path / "b.mp4")
    speech[-1].write_bytes(speech[-1].read_bytes().replace(b'"last": false', b'"last": true ', 1))
    with pytest.raises(EncodingFailed, match="other settings"):
        join(one, speech, [tmp_path / "a.mp4", tmp_path / "b.mp4"], tmp_path / "c.mp4")
    assert not (tmp_path / "c.mp4").exists()


def test_what_follows_must_be_known(pipeline, photo: Path, tmp_path: Path) -> None:
    request = Request(image=photo, text=TEXT, size=128)
    first = next(iter(record(pipeline, request, tmp_path, 0.5))).path
    head, sound = read_head(first), read_sound(first)
    own = [piece for piece in read_speech([first]) if frames_of(piece.end, request.fps) <= head.end]
    with SpeechWriter(first, head) as out:
        for piece in own:
            out.add(piece)
        out.finish(sound)
    with pytest.raises(EncodingFailed, match="too little"):
        render_part(pipeline, request, [first], tmp_path / "a.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {first.name}


def test_not_everything_is_made_in_parts(pipeline, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="parts"):
        next(record(pipeline, Request(image=photo, text="Hello.", format="gif"), tmp_path, 1))
    chosen = Request(image=photo, text="Hello.", face_engine="sadtalker", renderer="sadtalker")
    with pytest.raises(EnginesIncompatible, match="parts"):
        next(record(pipeline, chosen, tmp_path, 1))
