"""Subtitle files: SubRip (.srt) and WebVTT (.vtt), written while the speech is being made."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from paksatalker.core.cues import Cue, cut_cues
from paksatalker.core.files import TextFile
from paksatalker.core.timeline import Speech
from paksatalker.errors import InvalidOption


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
        self._file = TextFile(self.path)
        self._count = 0

    def __enter__(self) -> Self:
        self._file.__enter__()
        if self._format is vtt:
            self._file.write("WEBVTT\n\n")
        return self

    def add(self, piece: Speech) -> None:
        """Writes the cues of the next piece of speech."""
        for cue in cut_cues(piece, self._max_columns):
            self._count += 1
            self._file.write(self._format(self._count, cue))

    def complete(self) -> None:
        """Writes out what is held back; the file then only needs its name."""
        self._file.complete()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)
