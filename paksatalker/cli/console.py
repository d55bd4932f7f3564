"""What the command line reads and writes: texts from stdin, results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from paksatalker.core.progress import Progress as State
from paksatalker.errors import PaksaTalkerError, TextUnreadable

_SECONDS_BETWEEN_LINES = 10.0
#: Columns of a table where no window limits it: lines stay whole in files and pipes.
_WIDE = 200


def stdout() -> Console:
    """A console on stdout; wide when stdout is not a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console


def stderr() -> Console:
    """A console on stderr; plain when stderr is not a terminal."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def table(*columns: str) -> Table:
    """An empty table without lines, in the style of all our lists."""
    return Table(*columns, box=None, header_style="bold", pad_edge=False)


def print_json(value: Any) -> None:
    """Writes one JSON document to stdout; pure ASCII unless stdout takes any character."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(value, ensure_ascii=plain, indent=2) + "\n")


def say(line: str) -> None:
    """Writes a line to stderr; it does not matter whether anybody listens."""
    with suppress(OSError):
        sys.stderr.write(line + "\n")


def note(remark: str) -> None:
    """Writes to stderr what the user should know, a sentence."""
    say(f"note: {remark}")


def read_stdin(otherwise: str) -> str:
    """The text on standard input.

    Args:
        otherwise: How else a text can be given, for the message.

    Raises:
        TextUnreadable: It is closed, or no text.
    """
    from paksatalker.core.text.load import read_text

    if sys.stdin is None:
        fix = f"Pipe a text into it, or {otherwise}"
        raise TextUnreadable("cannot read standard input", "it is closed", fix)
    return read_text(sys.stdin.buffer, "standard input")


def print_error(error: PaksaTalkerError, *, as_json: bool) -> None:
    """Writes an error as one line to stderr, and with ``as_json`` as a document to stdout."""
    line = " ".join(str(error).split())
    say(f"error: {line}")
    if as_json:
        detail = {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}
        print_json({"error": {**detail, "exit_code": error.exit_code}})


class BarView:
    """A progress bar on stderr where stderr is a terminal; a context manager. Elsewhere :attr:`_bar` is None.

    Args:
        *columns: What the bar shows after the description.
        transient: Whether it disappears at the end.
    """

    def __init__(self, *columns: ProgressColumn, transient: bool = False) -> None:
        console = stderr()
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), *columns, console=console, transient=transient
            )

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()


class ProgressView(BarView):
    """Shows progress on stderr: a bar on a terminal, now and then a line elsewhere.

    Use it as a context manager and hand :meth:`update` to the pipeline.
    """

    def __init__(self) -> None:
        detail = TextColumn("{task.fields[detail]}")
        super().__init__(TaskProgressColumn(), detail, TimeRemainingColumn(compact=True), transient=True)
        if self._bar:
            self._task = self._bar.add_task("looking at the photo", total=None, detail="")
        self._last_line = time.monotonic()

    def update(self, state: State) -> None:
        """Shows a new state."""
        if self._bar:
            self._bar.update(
                self._task,
                description={"analyse": "looking at the photo", "render": "rendering", "finish": "finishing"}[
                    state.stage
                ],
                completed=state.frames,
                total=state.frames_expected,
                detail=_joined(_frames(state), _rate(state)) if state.frames else "",
            )
        elif time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            share = "" if state.fraction is None else f" ({state.fraction:.0%})"
            left = "" if state.seconds_left is None else f"{state.seconds_left:.0f} s left"
            say(_joined(f"{_frames(state)}{share}", _rate(state), left))


def _frames(state: State) -> str:
    return "1 frame" if state.frames == 1 else f"{state.frames} frames"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _rate(state: State) -> str:
    """Frames a second; where one takes seconds, the other way round. Empty as long as there is no speed."""
    if not state.frames_per_second:
        return ""
    if 0 < state.frames_per_second < 1:
        return f"{1 / state.frames_per_second:.1f} s a frame"
    return f"{state.frames_per_second:.{0 if state.frames_per_second >= 10 else 1}f} frames/s"
