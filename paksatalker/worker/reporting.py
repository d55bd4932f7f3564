"""What the process that renders says while it does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

from paksatalker.core.progress import Progress
from paksatalker.core.rendering.hls import Piece

_EVERY = 0.2  # seconds between two reports


class Voice(Protocol):
    """Writes a line of JSON."""

    def __call__(self, **message: Any) -> None:
        """Says something."""
        ...


class Reporter:
    """Tells how far a video is, and hands over the pieces of its stream.

    Args:
        say: How.
        pieces: Folder for pieces; None where there is no stream.
    """

    def __init__(self, say: Voice, pieces: str | None) -> None:
        self._say = say
        self._pieces = Path(pieces) if pieces else None
        self._said = 0.0

    def report(self, state: Progress) -> None:
        """Tells how far it is, now and then."""
        if time.monotonic() - self._said < _EVERY:
            return
        self._said = time.monotonic()
        event = {
            "stage": state.stage, "progress": state.fraction, "frames_done": state.frames,
            "frames_total": state.frames_expected, "seconds_left": state.seconds_left,
        }  # fmt: skip
        self._say(event=event)

    def keep(self, piece: Piece) -> None:
        """Stores a piece and tells of it."""
        if self._pieces is not None:
            (self._pieces / piece.name).write_bytes(piece.content)
            self._say(piece={"name": piece.name, "seconds": piece.seconds})
