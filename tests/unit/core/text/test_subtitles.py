import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.cues import Cue
from paksatalker.core.text.subtitles import SubtitleWriter, srt, vtt
from paksatalker.core.timeline import Speech, Word
from paksatalker.errors import InvalidOption, OutputUnwritable


def piece(text: str, start: float) -> Speech:
    words = text.split()
    timed = tuple(Word(w, start + i * 0.4, start + i * 0.4 + 0.4) for i, w in enumerate(words))
    return Speech(np.zeros(int((len(words) * 0.4 + 0.6) * 1000), np.float32), 1000, start, timed, text)


def test_formats() -> None:
    cue = Cue(3661.5, 3663.0, ("a < b &", "c --> d"))
    assert srt(7, cue) == "7\n01:01:01,500 --> 01:01:03,000\na < b &\nc → d\n\n"
    assert vtt(7, cue) == "7\n01:01:01.500 --> 01:01:03.000\na &lt; b &amp;\nc --&gt; d\n\n"


def test_srt_file(tmp_path) -> None:
    path = tmp_path / "a.srt"
    with SubtitleWriter(path) as writer:
        writer.add(piece("Hello there.", 0))
        writer.add(piece("How are you?", 3))
        assert not path.exists()
    assert path.read_text("utf-8").startswith("1\n00:00:00,000 --> 00:00:01,200\nHello there.\n\n2\n00:00:03,000 --> ")
    assert [p.name for p in tmp_path.iterdir()] == ["a.srt"]


def test_vtt_file(tmp_path) -> None:
    path = tmp_path / "a.VTT"
    with SubtitleWriter(path) as writer:
        writer.add(piece("Ähm … 你好", 0))
    assert path.read_text("utf-8").startswith("WEBVTT\n\n1\n00:00:00.000 --> ")
    assert "Ähm" in path.read_text("utf-8")


def test_nothing_is_left_after_an_error(tmp_path) -> None:
    path = tmp_path / "a.srt"
    path.write_text("old")

    def fail() -> None:
        with SubtitleWriter(path) as writer:
            writer.add(piece("Hello.", 0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.srt"]


def test_errors(tmp_path) -> None:
    with pytest.raises(InvalidOption, match=r"\.srt or \.vtt"):
        SubtitleWriter(tmp_path / "a.txt")
    with pytest.raises(OutputUnwritable, match="mkdir"):
        SubtitleWriter(tmp_path / "none" / "a.srt").__enter__()
    (tmp_path / "dir.srt").mkdir()
    with pytest.raises(OutputUnwritable), SubtitleWriter(tmp_path / "dir.srt") as writer:
        writer.add(piece("Hello.", 0))


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 360_000), st.floats(0.05, 10))
def test_clock(start: float, length: float) -> None:
    line = srt(1, Cue(start, start + length, ("x",))).splitlines()[1]
    numbers = [int(n) for n in re.findall(r"\d+", line)]
    times = [((h * 60 + m) * 60 + s) + ms / 1000 for h, m, s, ms in (numbers[:4], numbers[4:])]
    assert times[0] == pytest.approx(start, abs=0.00051)
    assert times[0] < times[1]
    assert all(n < 60 for n in (numbers[1], numbers[2], numbers[5], numbers[6]))
