import io
import json
import sys
from dataclasses import replace

import pytest

from paksatalker.cli.console import ProgressView, note, print_json, read_stdin, say
from paksatalker.core.progress import Progress
from paksatalker.errors import TextUnreadable


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


STATE = Progress("render", 50, 200, frames_per_second=100.0, seconds_left=1.5)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_is_json_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, errors="backslashreplace"))
    value = {"path": "é 你好 🙂 \udcff"}
    print_json(value)
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == value


def test_a_text_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Grüße".encode()), "ascii"))
    assert read_stdin("name a file") == "Grüße"  # whatever the terminal's encoding is


def test_a_closed_standard_input_says_how_else_to_give_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(TextUnreadable, match="or name a file"):
        read_stdin("name a file")


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Gone()
    monkeypatch.setattr(sys, "stderr", gone)
    say("anybody there?")
    note("the photo is dark")
    assert sys.stderr is gone  # nothing was raised and nothing replaced


def test_the_bar_shows_speed_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with ProgressView() as view:
        view.update(STATE)
    assert "50 frames, 100 frames/s" in screen.getvalue()
    assert "25%" in screen.getvalue()


def test_off_a_terminal_there_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with ProgressView() as view:
        view.update(STATE)
        assert out.getvalue() == ""
        now = 11.0
        view.update(STATE)
        view.update(STATE)
    assert out.getvalue() == "50 frames (25%), 100 frames/s, 2 s left\n"


def test_one_frame_is_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with ProgressView() as view:
        view.update(replace(STATE, frames=1))
    assert "1 frame, 100 frames/s" in screen.getvalue()


def test_there_is_no_speed_before_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    first = replace(STATE, frames=1, frames_per_second=0.0, seconds_left=None)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with ProgressView() as view:
        now = 11.0
        view.update(first)
    assert out.getvalue() == "1 frame (0%)\n"
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressView() as view:
        view.update(first)
    assert "frames/s" not in screen.getvalue()


@pytest.mark.parametrize(("rate", "said"), [(0.4, "2.5 s a frame"), (3.25, "3.2 frames/s"), (31.4, "31 frames/s")])
def test_slow_rendering_is_told_in_seconds(monkeypatch: pytest.MonkeyPatch, rate: float, said: str) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with ProgressView() as view:
        view.update(replace(STATE, frames_per_second=rate))
    assert f"50 frames, {said}" in screen.getvalue()
