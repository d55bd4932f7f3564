"""Coefficients at 25 frames a second to another rate, in a stream."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Resampler:
    """Straight lines between frames; at the source's own rate, the source itself.

    Args:
        source: Frames a second that come in.
        target: Frames a second that go out.
    """

    def __init__(self, source: float, target: float) -> None:
        self._ratio = source / target
        self._same = source == target
        self._held: Array | None = None
        self._first = 0  # number of ``_held[0]``
        self._done = 0  # frames that went out

    def push(self, rows: Array) -> Array:
        """Takes rows [N, C]; gives those that lie between rows that are here [M, C]."""
        if self._same:
            return rows
        self._held = rows if self._held is None else np.concatenate([self._held, rows])
        until = math.floor((self._first + len(self._held) - 1) / self._ratio + 1e-9) + 1 if len(self._held) else 0
        return self._take(until)

    def finish(self, frames: int) -> Array:
        """What is left up to ``frames`` in all; after the last row it stays as it is."""
        if self._same or self._held is None:
            return np.zeros((0, 0), np.float32)
        return self._take(frames)

    def _take(self, until: int) -> Array:
        assert self._held is not None
        if until <= self._done or not len(self._held):
            return self._held[:0]
        place = np.arange(self._done, until) * self._ratio - self._first
        last = len(self._held) - 1
        below = np.clip(np.floor(place + 1e-9).astype(int), 0, last)
        above = np.minimum(below + 1, last)
        share = np.clip(place - below, 0.0, 1.0)[:, None]
        made = self._held[below] * (1 - share) + self._held[above] * share
        self._done = until
        drop = min(max(int(until * self._ratio) - 1 - self._first, 0), last)
        self._held = self._held[drop:]
        self._first += drop
        out: Array = made.astype(np.float32)
        return out
