"""Reading real containers: frames, stream times, and files that are none."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from paksatalker.errors import VideoUnreadable
from paksatalker.evaluation.background import changed_pixels
from paksatalker.evaluation.sync import read_sync
from paksatalker.evaluation.tracking import FaceMotion, read_frames

RATE = 24000


def write_video(path, frames=25, sound=1.0, fps=25, size=(64, 48)):
    """Grey ramps with a tone; frame k has level 4 k."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"crf": "5"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono") if sound else None
        for k in range(frames):
            image = np.full((size[1], size[0], 3), 4 * k, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(video.encode())
        if audio:
            tone = np.sin(np.arange(int(sound * RATE)) * 0.1).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def test_frames_come_in_order_with_their_times(tmp_path):
    frames = list(read_frames(write_video(tmp_path / "a.mp4")))
    assert [f.index for f in frames] == list(range(25))
    np.testing.assert_allclose([f.time for f in frames], np.arange(25) / 25, atol=1e-6)
    np.testing.assert_allclose([f.image.mean() for f in frames], np.arange(25) * 4, atol=3)


def test_every_and_max_frames(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    assert [f.index for f in read_frames(path, max_frames=3, every=5)] == [0, 5, 10]


@pytest.mark.parametrize("sound", [1.0, 1.5])
def test_the_offset_at_the_end_is_found(tmp_path, sound):
    found = read_sync(write_video(tmp_path / "a.mp4", sound=sound))
    assert found.frames == 25
    assert found.offset_end == pytest.approx(sound - 1, abs=0.002)
    assert found.offset_start == pytest.approx(0, abs=1e-6)
    assert found.irregular < 1e-6


def test_a_silent_video_has_no_offset(tmp_path):
    assert read_sync(write_video(tmp_path / "a.mp4", sound=0)).offset_end is None


@pytest.mark.parametrize("content", [b"", b"not a video", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"])
def test_what_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoUnreadable):
        list(read_frames(path))
    with pytest.raises(VideoUnreadable):
        read_sync(path)


def test_a_missing_file_and_a_sound_without_picture(tmp_path):
    with pytest.raises(VideoUnreadable):
        list(read_frames(tmp_path / "none.mp4"))
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 480), np.int16), "s16", "mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
    with pytest.raises(VideoUnreadable, match="no picture"):
        list(read_frames(path))


def test_an_address_is_not_followed():
    with pytest.raises(VideoUnreadable, match=r"cannot read the video v\.mp4") as caught:
        list(read_frames(Path("https://example.org/v.mp4")))
    assert "addresses are not followed" in str(caught.value.why)


def test_a_truncated_video_says_so(tmp_path):
    path = write_video(tmp_path / "a.mp4", size=(256, 256))
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(VideoUnreadable, match="decoded"):
        list(read_frames(path))


def test_motion_survives_saving(make_motion, tmp_path):
    made = make_motion(opening=[0.1, 0.2], ok=[True, False])
    made.save(tmp_path / "m.npz")
    read = FaceMotion.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(read.points, made.points)
    np.testing.assert_array_equal(read.ok, made.ok)
    assert (read.fps, read.width, read.duration) == (made.fps, made.width, made.duration)


def test_changed_pixels_ignores_noise_but_not_motion():
    rng = np.random.default_rng(0)
    still = np.full((40, 40, 3), 100, np.uint8)
    noisy = (still + rng.integers(-3, 4, still.shape)).astype(np.uint8)
    assert not changed_pixels(noisy, still, 8).any()
    noisy[10:20, 10:20] = 200
    assert changed_pixels(noisy, still, 8).sum() == pytest.approx(100, abs=60)
