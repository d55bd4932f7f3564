"""The file of words and phones with their times: a JSON line for each piece of speech."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from paksatalker.core.files import TextFile
from paksatalker.core.timeline import Speech


class TimelineFile:
    """Writes the file piece by piece; a context manager. The file appears at the end, or not at all.

    Args:
        path: The file.

    Raises:
        OutputUnwritable: The file cannot be written.
        DiskFull: There is no room for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = TextFile(path)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def add(self, piece: Speech) -> None:
        """Appends a piece."""
        words = [
            {
                "text": word.text,
                "start": round(word.start, 4),
                "end": round(word.end, 4),
                "phones": [[p.symbol, round(p.start, 4), round(p.end, 4), p.stress] for p in word.phones],
            }
            for word in piece.words
        ]
        line = {"start": round(piece.start, 4), "end": round(piece.end, 4), "text": piece.text, "words": words}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def complete(self) -> None:
        """Writes out what is held back; the file then only needs its name."""
        self._file.complete()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)
