import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from paksatalker.core import outputs
from paksatalker.core.outputs import Output, Result
from paksatalker.core.request import Request
from paksatalker.core.timeline import Phone, Speech, VideoFrame, Word
from paksatalker.errors import DiskFull, EncodingFailed, InvalidOption, OutputUnwritable

RATE = 16000


class Stream:
    """What an output needs of a video stream."""

    size = (64, 48)
    transparent = False

    def __init__(self) -> None:
        self.engines = {"speech": "fake"}
        self.notes = ["a remark"]
        self.listeners: list[Callable[[Speech], None]] = []

    def listen(self, listener: Callable[[Speech], None]) -> None:
        self.listeners.append(listener)

    def frames(self, count: int = 10) -> list[VideoFrame]:
        word = Word("Hü", 0.1, 0.3, (Phone("HH", 0.1, 0.2), Phone("UW", 0.2, 0.3, 1)))
        for listener in self.listeners:
            listener(Speech(np.zeros(RATE // 2, np.float32), RATE, 0.0, (word,), "Hü"))
        picture = np.zeros((48, 64, 3), np.uint8)
        return [VideoFrame(k, picture, np.zeros(RATE // 25, np.float32), RATE) for k in range(count)]


def make(path: Path, timeline: Path | None = None, count: int = 10, **options: Any) -> Result:
    request = Request(**{"image": "face.jpg", "text": "Hü", **options})
    with Output(request, path, timeline) as out:
        stream: Any = Stream()
        out.open(stream)
        for frame in stream.frames(count):
            out.write(frame)
            assert not path.exists() or path.read_bytes() == b"old"
        return out.finish()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_files_appear_together(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"old")
    result = make(tmp_path / "a.mp4", tmp_path / "t.jsonl", subtitles="srt")
    assert names(tmp_path) == ["a.mp4", "a.srt", "t.jsonl"]
    assert (result.frames, result.duration, result.width, result.height) == (10, 0.4, 64, 48)
    assert result.notes == ("a remark",)
    with av.open(str(result.path)) as video:
        assert video.streams.video[0].frames == 10
    line = json.loads((tmp_path / "t.jsonl").read_text(encoding="utf-8"))
    assert line["words"][0] == {
        "text": "Hü", "start": 0.1, "end": 0.3, "phones": [["HH", 0.1, 0.2, 0], ["UW", 0.2, 0.3, 1]],
    }  # fmt: skip
    assert "Hü" in (tmp_path / "a.srt").read_text(encoding="utf-8")


def test_a_result_is_json(tmp_path: Path) -> None:
    values = json.loads(json.dumps(make(tmp_path / "a.gif").to_dict()))
    assert values["path"] == str(tmp_path / "a.gif")
    assert values["subtitles"] is None
    assert values["engines"] == {"speech": "fake"}


@pytest.mark.parametrize(
    ("options", "timeline", "owner"),
    [
        ({"image": "a.mp4"}, None, "the photo"),
        ({"image": Path("link.png")}, None, "the photo"),
        ({"text": None, "audio": "a.mp4"}, None, "the recording"),
        ({"background": "a.mp4"}, None, "the background"),
        ({"text": None, "text_file": "a.srt", "subtitles": "srt"}, None, "the text"),
        ({"text": None, "audio": "b", "transcript": Path("a.vtt"), "subtitles": "vtt"}, None, "the transcript"),
        ({"image": "t.png"}, "t.png", "the photo"),
        ({}, "x/../a.mp4", "the video"),
        ({"subtitles": "srt"}, "a.srt", "the subtitles"),
    ],
)
def test_what_is_read_is_never_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], timeline: str | None, owner: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    for name in {*options.values(), timeline} - {None}:
        if isinstance(name, (str, Path)) and Path(name).suffix and ".." not in str(name):
            Path(name).write_bytes(b"precious")
    if "link.png" in names(tmp_path):
        os.link("link.png", "a.mp4")
    before = names(tmp_path)
    with pytest.raises(OutputUnwritable, match=owner):
        make(Path("a.mp4"), timeline and Path(timeline), **options)
    assert names(tmp_path) == before
    assert all(path.read_bytes() == b"precious" for path in tmp_path.iterdir() if path.is_file())


def test_pictures_and_texts_in_memory_are_no_paths(tmp_path: Path) -> None:
    make(tmp_path / "a.mp4", image=np.zeros((4, 4, 3), np.uint8), text=str(tmp_path / "a.mp4"))
    make(tmp_path / "b.mp4", image=b"\x89PNG")
    assert names(tmp_path) == ["a.mp4", "b.mp4"]


def test_sidecars_that_cannot_be_written_are_found_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.srt").mkdir()
    with pytest.raises(OutputUnwritable, match="directory"):
        Output(Request(image="f", text="a", subtitles="srt"), tmp_path / "a.mp4", None)
    with pytest.raises(OutputUnwritable, match="mkdir"):
        Output(Request(image="f", text="a"), tmp_path / "a.mp4", tmp_path / "none" / "t.jsonl")
    with pytest.raises(OutputUnwritable, match="device"):
        Output(Request(image="f", text="a"), tmp_path / "a.mp4", Path(os.devnull))
    with pytest.raises(InvalidOption, match="alpha"):
        Output(Request(image="f", text="a", background="transparent"), tmp_path / "a.mp4", None)


@pytest.mark.parametrize("part", ["SubtitleWriter", "TimelineFile", "Encoder"])
def test_no_file_appears_when_one_cannot_be_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def full(_: object) -> None:
        raise DiskFull("cannot write", "the disk is full")

    monkeypatch.setattr(getattr(outputs, part), "complete", full)
    (tmp_path / "a.mp4").write_bytes(b"old")
    with pytest.raises(DiskFull):
        make(tmp_path / "a.mp4", tmp_path / "t.jsonl", subtitles="vtt")
    assert names(tmp_path) == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"old"


def test_a_video_without_frames_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EncodingFailed, match="not one frame"):
        make(tmp_path / "a.mp4", count=0)
    assert names(tmp_path) == []


def test_the_folder_vanishes_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    def run() -> None:
        with Output(Request(image="f", text="a"), folder / "a.mp4", None) as out:
            stream: Any = Stream()
            out.open(stream)
            for frame in stream.frames():
                out.write(frame)
            shutil.rmtree(folder)
            out.finish()

    with pytest.raises(OutputUnwritable, match="no such directory"):
        run()
