"""The whole way from photo and text to a video, with the real engines."""

import json
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from paksatalker import Pipeline, Progress, Request, Result
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import Cancelled, InvalidOption, NoFace, OutputUnwritable

TEXT = "Hello there. My name is Bob."


@pytest.fixture(scope="module")
def pipeline():
    with Pipeline() as warm:
        yield warm


@pytest.fixture(scope="module")
def video(pipeline: Pipeline, photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("video")
    request = Request(image=photo, text=TEXT, size=128, subtitles="srt")
    return pipeline.generate(request, folder / "out.mp4", timeline=folder / "out.jsonl")


def frames_of(pipeline: Pipeline, photo: Path, count: int, **options: object) -> list[VideoFrame]:
    stream = iter(pipeline.stream(Request(image=photo, text=TEXT, size=128, **options)))
    frames = [next(stream) for _ in range(count)]
    stream.close()
    return frames


def test_video_holds_picture_and_sound_of_equal_length(video: Result) -> None:
    with av.open(str(video.path)) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        assert (picture.width, picture.height) == (128, 128)
        assert picture.frames == video.frames
        frame = 1 / video.fps
        assert abs(float(picture.duration * picture.time_base) - video.duration) < frame / 2
        assert abs(float(sound.duration * sound.time_base) - video.duration) < 1.5 * frame
        assert 1.5 < video.duration < 8


def test_subtitles_and_timeline_lie_beside_it(video: Result) -> None:
    assert video.subtitles is not None
    assert "Hello there." in video.subtitles.read_text(encoding="utf-8")
    assert video.timeline is not None
    lines = [json.loads(line) for line in video.timeline.read_text(encoding="utf-8").splitlines()]
    words = [word["text"].strip(".").lower() for line in lines for word in line["words"]]
    assert words == ["hello", "there", "my", "name", "is", "bob"]
    assert "B" in [phone[0] for line in lines for word in line["words"] for phone in word["phones"]]
    assert {p.suffix for p in video.path.parent.iterdir()} == {".mp4", ".srt", ".jsonl"}


def test_result_tells_the_truth(video: Result) -> None:
    assert video.engines == {"face": "rules", "renderer": "portrait", "speech": "hibari"}
    assert 0 < video.first_frame_seconds < video.seconds
    assert json.loads(json.dumps(video.to_dict()))["frames"] == video.frames


def test_same_seed_same_frames_bit_for_bit(pipeline: Pipeline, photo: Path) -> None:
    first, again = (frames_of(pipeline, photo, 12, seed=5) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.audio, b.audio)
    other = frames_of(pipeline, photo, 12, seed=6)
    assert any((a.image != b.image).any() for a, b in zip(first, other, strict=True))


def test_transparent_frames_have_alpha(pipeline: Pipeline, photo: Path) -> None:
    frame = frames_of(pipeline, photo, 1, background="transparent")[0]
    assert frame.image.shape == (128, 128, 4)
    assert frame.image[..., 3].min() == 0
    assert frame.image[..., 3].max() == 255


def test_a_label_stands_in_the_corner_of_every_frame(pipeline: Pipeline, photo: Path) -> None:
    plain = frames_of(pipeline, photo, 4)
    labelled = frames_of(pipeline, photo, 4, label="AI-generated")
    for one, other in zip(plain, labelled, strict=True):
        rows, cols = np.nonzero((one.image != other.image).any(axis=2))
        assert len(rows) > 100
        assert (rows.max() < 32, cols.max() < 110) == (True, True)
        assert other.image[: rows.max(), : cols.max()].max() > 200


def test_recording_drives_the_face(pipeline: Pipeline, photo: Path, video: Result, tmp_path: Path) -> None:
    seen: list[Progress] = []
    request = Request(image=photo, audio=video.path, transcript=TEXT, size=128, fps=30, recording_engine="pocketsphinx")
    result = pipeline.generate(request, tmp_path / "again.webm", on_progress=seen.append)
    assert result.engines["recording"] == "pocketsphinx"
    assert abs(result.duration - video.duration) < 0.2
    assert [p.frames for p in seen] == list(range(1, result.frames + 1))
    assert all(p.exact for p in seen)


def test_failure_leaves_nothing_and_keeps_what_was_there(pipeline: Pipeline, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"the old video")
    stop = threading.Event()
    request = Request(image=photo, text=TEXT, size=128, subtitles="vtt")
    with pytest.raises(Cancelled):
        pipeline.generate(request, out, on_progress=lambda p: stop.set() if p.frames == 5 else None, cancel=stop)
    assert out.read_bytes() == b"the old video"
    assert list(tmp_path.iterdir()) == [out]


def test_no_thread_outlives_an_abandoned_stream(pipeline: Pipeline, photo: Path) -> None:
    before = set(threading.enumerate())
    frames_of(pipeline, photo, 2)
    assert {t for t in threading.enumerate() if t.name.startswith("portrait")} <= before


def test_bad_input_is_found_before_any_work(pipeline: Pipeline, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritable):
        pipeline.generate(Request(image=photo, text=TEXT), tmp_path / "no" / "such" / "folder.mp4")
    with pytest.raises(InvalidOption, match="alpha"):
        pipeline.generate(Request(image=photo, text=TEXT, background="transparent"), tmp_path / "a.mp4")
    wall = Image.fromarray(np.full((300, 300, 3), 128, np.uint8))
    with pytest.raises(NoFace):
        pipeline.generate(Request(image=wall, text=TEXT), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []
