import errno
import io
import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from paksatalker.core.rendering.encode import Encoder, check_output
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import DiskFull, EncodingFailed, InvalidOption, OutputUnwritable

SIZE = (96, 64)
RATE = 24000
COLOURS = ((220, 40, 30), (40, 200, 60), (30, 60, 210), (128, 128, 128))


def frames(count: int, fps: float = 25.0, rate: int = RATE, alpha: bool = False):
    """Four patches of colour; a white flash and a click every second."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for index, colour in enumerate(COLOURS):
        picture[:, index * 24 : (index + 1) * 24] = colour
    every = round(fps)
    for k in range(count):
        image = picture.copy()
        image[:16] = 255 if k % every == 0 else 0
        if alpha:
            opacity = np.zeros((SIZE[1], SIZE[0], 1), np.uint8)
            opacity[:, : 24 + k % 24] = 255
            image = np.concatenate([image, opacity], axis=2)
        audio = np.zeros(round((k + 1) * rate / fps) - round(k * rate / fps), np.float32)
        if k % every == 0:
            audio[: rate // 400] = 0.8
        yield VideoFrame(k, image, audio, rate)


def write(path: Path, count: int = 50, fps: float | Fraction = 25, rate: int = RATE, **options) -> None:
    with Encoder(path, SIZE, fps, rate, **options) as encoder:
        for frame in frames(count, float(fps), rate or RATE, options.get("alpha", False)):
            encoder.write(frame)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def clicks(path: Path) -> list[float]:
    found: list[float] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()[0]) > 0.3
            at = frame.time + int(loud.argmax()) / frame.sample_rate
            if loud.any() and (not found or at - found[-1] > 0.5):
                found.append(at)
    return found


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
@pytest.mark.parametrize(
    ("fps", "rate"), [(25, 24000), (29.97, 44100), (Fraction(30000, 1001), 16000), (12.5, 22050), (60, 11000)]
)
def test_frames_and_sound_are_on_time(tmp_path, suffix, fps, rate) -> None:
    path = tmp_path / f"a.{suffix}"
    count = round(float(fps) * 4)
    write(path, count, fps, rate)
    shown = decoded(path)
    assert len(shown) == count
    assert max(abs(time - k / float(fps)) for k, (time, _) in enumerate(shown)) <= 0.001
    flashes = [time for time, image in shown if image[:12].mean() > 128]
    heard = clicks(path)
    assert len(flashes) == len(heard)
    assert max(abs(a - b) for a, b in zip(flashes, heard, strict=True)) < 0.003


@pytest.mark.parametrize("preset", ["draft", "standard", "high"])
@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_colours_survive(tmp_path, suffix, preset) -> None:
    path = tmp_path / f"a.{suffix}"
    write(path, 10, preset=preset)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
    last = decoded(path)[-1][1]
    for index, colour in enumerate(COLOURS):
        assert np.abs(last[40, index * 24 + 12].astype(int) - colour).max() <= 4  # 2 of ours, 2 of the decoder's


def test_mp4_starts_playing_before_it_is_loaded(tmp_path) -> None:
    write(tmp_path / "a.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_webm_with_alpha(tmp_path) -> None:
    path = tmp_path / "a.webm"
    write(path, 20, alpha=True)
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        assert container.streams.video[0].metadata.get("ALPHA_MODE") == "1"
        shown = [
            frame for packet in container.demux(video=0) for frame in decoder.decode(packet if packet.size else None)
        ]
    assert len(shown) == 20
    for k, frame in enumerate(shown):
        alpha = frame.to_ndarray(format="gray") if frame.format.name == "gray" else _alpha(frame)
        assert alpha[32, :20].min() > 240
        assert alpha[32, 24 + k % 24 + 6 :].max() < 15


def _alpha(frame: av.VideoFrame) -> np.ndarray:
    assert frame.format.name == "yuva420p"
    rows = np.frombuffer(memoryview(frame.planes[3]), np.uint8).reshape(-1, frame.planes[3].line_size)
    return rows[: frame.height, : frame.width]


@pytest.mark.parametrize(("fps", "shown"), [(25, 50), (30, 60), (60, 60)])
def test_gif(tmp_path, fps, shown) -> None:
    path = tmp_path / "a.gif"
    write(path, 2 * fps, fps)
    with Image.open(io.BytesIO(path.read_bytes())) as gif:
        assert gif.n_frames == shown
        assert gif.info["loop"] == 0
        total = 0
        for k in range(gif.n_frames):
            gif.seek(k)
            total += gif.info["duration"]
        assert total == pytest.approx(2000, abs=40)
        last = np.asarray(gif.convert("RGB"))
    for index, colour in enumerate(COLOURS):
        assert np.abs(last[30:50, index * 24 + 4 : index * 24 + 20].mean(axis=(0, 1)) - colour).max() <= 6


def test_transparent_gif(tmp_path) -> None:
    write(tmp_path / "a.gif", 10, alpha=True)
    with Image.open(tmp_path / "a.gif") as gif:
        gif.seek(5)
        alpha = np.asarray(gif.convert("RGBA"))[:, :, 3]
    assert (alpha[:, :29] == 255).all()
    assert (alpha[:, 29:] == 0).all()


def test_silent_video(tmp_path) -> None:
    write(tmp_path / "a.mp4", rate=0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert not container.streams.audio


def test_file_appears_at_the_end_and_replaces_the_old_one(tmp_path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("old")
    with Encoder(path, SIZE, 25, RATE) as encoder:
        for frame in frames(10):
            encoder.write(frame)
        assert path.read_text() == "old"
    assert len(decoded(path)) == 10
    assert names(tmp_path) == ["a.mp4"]


def test_a_link_keeps_pointing_at_its_file(tmp_path) -> None:
    (tmp_path / "real.mp4").write_text("old")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "real.mp4")
    write(tmp_path / "link.mp4", 5)
    assert (tmp_path / "link.mp4").is_symlink()
    assert len(decoded(tmp_path / "real.mp4")) == 5


@pytest.mark.parametrize("suffix", ["mp4", "webm", "gif"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, GeneratorExit])
def test_nothing_is_left_after_an_error(tmp_path, suffix, error) -> None:
    def fail() -> None:
        with Encoder(tmp_path / f"a.{suffix}", SIZE, 25, RATE) as encoder:
            for frame in frames(10):
                encoder.write(frame)
            raise error

    before = threading.active_count()
    with pytest.raises(error):
        fail()
    assert names(tmp_path) == []
    assert threading.active_count() == before


def test_abandoned_generator_leaves_nothing(tmp_path) -> None:
    def stream():
        with Encoder(tmp_path / "a.mp4", SIZE, 25, RATE) as encoder:
            for frame in frames(100):
                encoder.write(frame)
                yield frame.index

    frame = stream()
    next(frame)
    frame.close()
    assert names(tmp_path) == []


def test_video_without_frames(tmp_path) -> None:
    for suffix in ("mp4", "webm", "gif"):
        with pytest.raises(EncodingFailed), Encoder(tmp_path / f"a.{suffix}", SIZE, 25, RATE):
            pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", ["mp4", "webm", "gif"])
def test_full_disk(tmp_path, suffix) -> None:
    """In a process of its own whose files may not grow beyond 20 kB."""
    script = f"""
import resource, numpy as np
from paksatalker.core.rendering.encode import Encoder
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import DiskFull
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
noise = np.random.default_rng(0).integers(0, 255, (200, 128, 128, 3), dtype=np.uint8)
try:
    with Encoder({str(tmp_path / f"a.{suffix}")!r}, (128, 128), 25, 24000) as encoder:
        for k in range(200):
            encoder.write(VideoFrame(k, noise[k], np.zeros(960, np.float32)))
except DiskFull as error:
    print("refused:", error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused: cannot write")
    assert names(tmp_path) == []


def test_error_of_the_muxer_reaches_the_writer(tmp_path, monkeypatch) -> None:
    def fail(self, frame) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("paksatalker.core.rendering.muxing.AudioVideoMuxer.write", fail)
    with pytest.raises(DiskFull, match="disk is full"):
        write(tmp_path / "a.mp4", 1000)
    assert names(tmp_path) == []


def test_frames_may_be_reused(tmp_path) -> None:
    buffer = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    with Encoder(tmp_path / "a.mp4", SIZE, 25, 0) as encoder:
        for k in range(20):
            buffer[:] = k * 10
            encoder.write(VideoFrame(k, buffer))
    means = [image.mean() for _, image in decoded(tmp_path / "a.mp4")]
    assert np.abs(np.array(means) - np.arange(20) * 10).max() < 4


def test_frames_that_do_not_fit(tmp_path) -> None:
    good = next(frames(1))
    wrong = [
        VideoFrame(0, good.image[:32], good.audio, RATE),
        VideoFrame(0, good.image.astype(np.float32), good.audio, RATE),
        VideoFrame(0, np.dstack([good.image, good.image[:, :, :1]]), good.audio, RATE),
        VideoFrame(0, good.image, good.audio, 16000),
    ]
    for frame in wrong:
        with pytest.raises(ValueError, match="not"), Encoder(tmp_path / "a.mp4", SIZE, 25, RATE) as encoder:
            encoder.write(frame)
    with Encoder(tmp_path / "a.mp4", SIZE, 25, RATE) as encoder:
        encoder.write(good)
        with pytest.raises(ValueError, match="follows"):
            encoder.write(good)


def test_options_that_do_not_fit(tmp_path) -> None:
    for options in ({"preset": "best"}, {"format": "avi"}, {"alpha": True}, {"format": "webm"}):
        with pytest.raises(InvalidOption):
            Encoder(tmp_path / "a.mp4", SIZE, 25, RATE, **options)
    for size in ((95, 64), (96, 63), (0, 0)):
        with pytest.raises(InvalidOption, match="even"):
            Encoder(tmp_path / "a.mp4", size, 25, RATE)


def test_check_output(tmp_path) -> None:
    assert check_output(tmp_path / "a.MP4") == "mp4"
    assert check_output(tmp_path / "a.webm", "webm") == "webm"
    assert check_output(tmp_path / "video", "gif") == "gif"
    for name in ("video", "video.avi"):
        with pytest.raises(OutputUnwritable, match=r"\.mp4, \.webm or \.gif"):
            check_output(tmp_path / name)
    with pytest.raises(OutputUnwritable, match="mkdir -p"):
        check_output(tmp_path / "none" / "a.mp4")
    with pytest.raises(OutputUnwritable, match="directory"):
        check_output(tmp_path, "mp4")
    (tmp_path / "file").touch()
    with pytest.raises(OutputUnwritable, match="not a directory"):
        check_output(tmp_path / "file" / "a.mp4")
    with pytest.raises(OutputUnwritable, match="device"):
        check_output(Path(os.devnull), "mp4")
    with pytest.raises(OutputUnwritable):
        check_output(tmp_path / ("a" * 300 + ".mp4"))
