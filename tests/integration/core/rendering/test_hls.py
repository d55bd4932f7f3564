"""A video in pieces: what plays from them is the video, frame by frame and sample by sample."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from paksatalker.core.rendering.encode import Encoder
from paksatalker.core.rendering.hls import Piece
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import DiskFull, InvalidOption

RATE = 22050


def frames(count: int, fps: float, cuts: tuple[int, ...] = ()):
    rng = np.random.default_rng(5)
    base = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for k in range(count):
        if k in cuts:
            base = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)  # the encoder sets a keyframe here
        start, end = round(k * RATE / fps), round((k + 1) * RATE / fps)
        sound = np.sin(2 * np.pi * 300 * np.arange(start, end) / RATE).astype(np.float32) * 0.5
        yield VideoFrame(k, np.roll(base, k, axis=1), sound, RATE)


def make(path: Path, count: int, fps: float, pieces: list[Piece] | None = None, cuts: tuple[int, ...] = ()) -> bytes:
    on_piece = None if pieces is None else pieces.append
    with Encoder(path, (64, 64), fps, RATE, on_piece=on_piece) as encoder:
        for frame in frames(count, fps, cuts):
            encoder.write(frame)
    return path.read_bytes()


def decoded(content: bytes):
    with av.open(io.BytesIO(content)) as file:
        base = file.streams.video[0].time_base
        pictures = [(f.pts * base, f.to_ndarray(format="rgb24").tobytes()) for f in file.decode(video=0)]
    with av.open(io.BytesIO(content)) as file:
        sound = [(f.pts, f.to_ndarray().ravel()) for f in file.decode(audio=0)]
    return pictures, sound


@pytest.mark.parametrize(("count", "fps"), [(260, 25.0), (1, 25.0), (130, 29.97), (101, 25.0)])
def test_pieces_play_as_the_video(tmp_path: Path, count: int, fps: float) -> None:
    pieces: list[Piece] = []
    whole = make(tmp_path / "a.mp4", count, fps, pieces)
    assert whole == make(tmp_path / "b.mp4", count, fps), "the file is the same with pieces and without"
    pictures, sound = decoded(whole)
    streamed, heard = decoded(b"".join(p.content for p in pieces))
    assert streamed == pictures
    exact = Fraction(fps).limit_denominator(1001)
    assert [at for at, _ in streamed] == [k / exact for k in range(count)]
    assert [at for at, _ in heard] == [at for at, _ in sound]
    assert np.array_equal(np.concatenate([s for _, s in heard]), np.concatenate([s for _, s in sound]))
    assert sum(p.seconds for p in pieces) == pytest.approx(count / exact)


def test_every_piece_plays_alone(tmp_path: Path) -> None:
    pieces: list[Piece] = []
    make(tmp_path / "a.mp4", 300, 25.0, pieces, cuts=(30, 60, 70))
    init, *segments = pieces
    assert [p.name for p in pieces] == ["init.mp4", *(f"seg_{n:05d}.m4s" for n in range(len(segments)))]
    at = Fraction(0)
    for segment in segments:
        with av.open(io.BytesIO(init.content + segment.content)) as file:
            shown = list(file.decode(video=0))
        assert shown[0].key_frame
        assert shown[0].pts * shown[0].time_base == at
        assert len(shown) == round(segment.seconds * 25)
        at += Fraction(len(shown), 25)
    assert all(2 <= p.seconds <= 6 for p in segments[:-1])
    assert at == 12


def test_pieces_come_while_the_video_is_made(tmp_path: Path) -> None:
    pieces: list[Piece] = []
    seen = []
    with Encoder(tmp_path / "a.mp4", (64, 64), 25.0, RATE, on_piece=pieces.append) as encoder:
        for frame in frames(300, 25.0):
            encoder.write(frame)
            seen.append(len(pieces))
    assert seen[200] >= 2, "the first segment is out long before the end"


def test_a_fault_of_the_listener_ends_the_video(tmp_path: Path) -> None:
    def full(_: Piece) -> None:
        raise OSError(28, "No space left on device")

    def write() -> None:
        with Encoder(tmp_path / "a.mp4", (64, 64), 25.0, RATE, on_piece=full) as encoder:
            for frame in frames(300, 25.0):
                encoder.write(frame)

    with pytest.raises(DiskFull):
        write()
    assert list(tmp_path.iterdir()) == []


def test_only_mp4_is_streamed(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="streamed"):
        Encoder(tmp_path / "a.webm", (64, 64), 25.0, RATE, on_piece=lambda _: None)
