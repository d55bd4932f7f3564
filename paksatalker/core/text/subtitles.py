"""Subtitle files: SubRip (.srt) and WebVTT (.vtt), written while the speech is being made."""

from __future__ import annotations

import errno
import html
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from paksatalker.core.cues import Cue, cut_cues
from paksatalker.core.timeline import Speech
from paksatalker.errors import DiskFull, InvalidOption, OutputUnwritable

FORMATS: tuple[str, ...] = ("srt", "vtt")


def srt(number: int, cue: Cue) -> str:
    """A cue as SubRip has it; numbers start at 1."""
    text = cue.text.replace("-->", "→")
    return f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{text}\n\n"


def vtt(number: int, cue: Cue) -> str:
    """A cue as WebVTT has it (W3C WebVTT, section 4.1)."""
    text = html.escape(cue.text, quote=False)
    return f"{number}\n{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n\n"


def _clock(seconds: float, point: str) -> str:
    milliseconds = max(0, round(seconds * 1000))
    whole, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{rest:03}"


class SubtitleWriter:
    """Writes a subtitle file piece by piece; a context manager. The file appears at the end, or not at all.

    Args:
        path: The file; its suffix, ``.srt`` or ``.vtt``, is its format.
        max_columns: Longest line.

    Raises:
        InvalidOption: Another suffix.
        OutputUnwritable: The file cannot be written.
        DiskFull: There is no room for it.
    """

    def __init__(self, path: Path | str, max_columns: int = 42) -> None:
        self.path = Path(path)
        formats: dict[str, Callable[[int, Cue], str]] = {".srt": srt, ".vtt": vtt}
        try:
            self._format = formats[self.path.suffix.lower()]
        except KeyError:
            raise InvalidOption(
                f"cannot write subtitles to {self.path}",
                f"the suffix '{self.path.suffix}' means no subtitle format",
                "End the name in .srt or .vtt",
            ) from None
        self._max_columns = max_columns
        self._part = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex[:8]}.part")
        self._file: IO[str] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        try:
            self._file = self._part.open("x", encoding="utf-8", newline="\n")
            if self._format is vtt:
                self._file.write("WEBVTT\n\n")
        except OSError as error:
            self._discard()
            raise self._translated(error) from error
        return self

    def add(self, piece: Speech) -> None:
        """Writes the cues of the next piece of speech."""
        if self._file is None:
            raise ValueError("the subtitle file is not open")
        try:
            for cue in cut_cues(piece, self._max_columns):
                self._count += 1
                self._file.write(self._format(self._count, cue))
        except OSError as error:
            raise self._translated(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._file is not None:
                self._file.close()
                if kind is None:
                    self._part.replace(self.path)
        except OSError as failure:
            if kind is None:
                raise self._translated(failure) from failure
        finally:
            self._file = None
            self._discard()

    def _discard(self) -> None:
        with suppress(OSError):
            self._part.unlink()

    def _translated(self, error: OSError) -> OutputUnwritable | DiskFull:
        what = f"cannot write {self.path}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return DiskFull(what, "the disk is full", "Free some space or choose another place")
        if error.errno == errno.ENOENT:
            return OutputUnwritable(what, "there is no such directory", f"Run: mkdir -p '{self.path.parent}'")
        reason = os.strerror(error.errno) if error.errno else str(error)
        return OutputUnwritable(what, reason, "Choose another place")
