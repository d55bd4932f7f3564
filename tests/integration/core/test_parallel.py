"""A video in parts: joined, it is the video in one go."""

from pathlib import Path

import av
import numpy as np
import pytest

from paksatalker import Pipeline, Request
from paksatalker.core.parallel import join, record, render_part
from paksatalker.core.parts import Part, plan
from paksatalker.errors import EncodingFailed, InvalidOption

TEXT = "Hello there. My name is Bob! How do you do?"


@pytest.fixture(scope="module")
def pipeline():
    with Pipeline() as warm:
        yield warm


def pictures(path: Path) -> list[tuple[float, bytes]]:
    with av.open(str(path)) as file:
        return [(f.time, f.to_ndarray(format="rgb24").tobytes()) for f in file.decode(video=0)]


def sound(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        return np.concatenate([f.to_ndarray().ravel() for f in file.decode(audio=0)])


@pytest.mark.parametrize(("fps", "subtitles"), [(25.0, "srt"), (29.97, "burn")])
def test_the_parts_make_the_whole(pipeline, photo: Path, tmp_path: Path, fps: float, subtitles: str) -> None:
    request = Request(image=photo, text=TEXT, size=128, seed=7, fps=fps, subtitles=subtitles, emotion="happy")
    speech = tmp_path / "speech"
    recorded = record(pipeline, request, speech)
    spans = plan(recorded.ends, fps, parts=3, shortest=0.5)
    assert len(spans) == 3
    whole = list(pipeline.stream(request))
    parts = [tmp_path / f"part{n}.mp4" for n in range(3)]
    for path, (first, end) in zip(parts, spans, strict=True):
        drawn = list(pipeline.stream(request, part=Part(speech, first, end)))
        assert [f.index for f in drawn] == list(range(first, end))
        assert all(np.array_equal(f.image, whole[f.index].image) for f in drawn)
        result = render_part(pipeline, request, Part(speech, first, end), path)
        assert result.frames == end - first

    joined = tmp_path / "joined.mp4"
    assert join(request, speech, parts, joined) == len(whole)
    once = pipeline.generate(request, tmp_path / "once.mp4")
    assert np.array_equal(sound(joined), sound(once.path))
    shown, expected = pictures(joined), pictures(once.path)
    assert [at for at, _ in shown] == [at for at, _ in expected]
    assert [p for _, p in shown] == [p for path in parts for _, p in pictures(path)], "nothing is encoded again"
    if subtitles == "srt":
        assert joined.with_suffix(".srt").read_text() == once.subtitles.read_text()

    with pytest.raises(EncodingFailed, match="more sound"):
        join(request, speech, parts[:2], tmp_path / "short.mp4")
    with pytest.raises(EncodingFailed, match="more frames"):
        join(request, speech, [*parts, parts[0]], tmp_path / "long.mp4")
    assert not list(tmp_path.glob("short*")) + list(tmp_path.glob("long*"))


def test_parts_of_other_settings_are_not_joined(pipeline, photo: Path, tmp_path: Path) -> None:
    one, other = Request(image=photo, text="Hello.", size=128), Request(image=photo, text="Hello.", size=160)
    speech = tmp_path / "speech"
    end = plan(record(pipeline, one, speech).ends, 25.0, 1)[0][1]
    render_part(pipeline, one, Part(speech, 0, 5), tmp_path / "a.mp4")
    render_part(pipeline, other, Part(speech, 5, end), tmp_path / "b.mp4")
    with pytest.raises(EncodingFailed, match="other settings"):
        join(one, speech, [tmp_path / "a.mp4", tmp_path / "b.mp4"], tmp_path / "c.mp4")
    with pytest.raises(EncodingFailed, match="cannot be made"):
        render_part(pipeline, one, Part(speech, 5, end + 1), tmp_path / "d.mp4")
    assert {p.name for p in tmp_path.iterdir()} == {"speech", "a.mp4", "b.mp4"}


def test_only_mp4_is_made_in_parts(pipeline, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="parts"):
        record(pipeline, Request(image=photo, text="Hello.", format="gif"), tmp_path / "speech")
