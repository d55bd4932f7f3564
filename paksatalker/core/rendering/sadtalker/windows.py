"""Coefficient tracks to what SadTalker's networks read for each frame: itself and 13 frames to either side."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from paksatalker.core.timeline import FloatArray
from paksatalker.core.tracks import CoefficientTrack

#: Frames to either side, and how many of them the networks count in a second.
REACH = 13
RATE = 25


@dataclass(frozen=True, slots=True)
class Windows:
    """What is read for some frames.

    Attributes:
        coefficients: float32 [B, C, 27].
        degrees: Yaw, pitch and roll that replace the network's [B, 3], NaN where they do not; None where none do.
    """

    coefficients: FloatArray
    degrees: FloatArray | None

    def __len__(self) -> int:
        return len(self.coefficients)


def windows(tracks: Iterable[CoefficientTrack], source: FloatArray, batch: int) -> Iterator[Windows]:
    """The windows of every frame, in order; before the first and after the last frame those repeat.

    A frame comes out about half a second after it went in, and no more than a window and a batch are held. At another
    rate than 25 frames a second the windows still span 25ths of a second: what lies between frames is interpolated.

    Args:
        tracks: Neighbouring runs of frames.
        source: The photo's coefficients [C]: their count decides how many of a track's are taken, and from the 71st on
            (scale and shift of the crop) they complete a track that lacks them.
        batch: Frames in a result; the last may have fewer.
    """
    row: _Rows | None = None
    ready: list[tuple[FloatArray, FloatArray | None]] = []
    for track in tracks:
        coefficients = _complete(track.coefficients, source)
        row = row or _Rows(track.fps / RATE)
        for index in range(len(track)):
            degrees = None if track.degrees is None else track.degrees[index]
            if (made := row.push(coefficients[index], degrees)) is not None:
                ready.append(made)
            if len(ready) == batch:
                yield _stacked(ready)
                ready = []
    for made in row.finish() if row else ():
        ready.append(made)
        if len(ready) == batch:
            yield _stacked(ready)
            ready = []
    if ready:
        yield _stacked(ready)


class _Rows:
    """The rows of a window, and the degrees of its second half.

    Args:
        step: Frames from one column of a window to the next.
    """

    def __init__(self, step: float) -> None:
        self._reach = math.ceil(REACH * step - 1e-9)
        self._step = step
        self._rows: deque[FloatArray] = deque(maxlen=2 * self._reach + 1)
        self._degrees: deque[FloatArray | None] = deque()

    def push(self, row: FloatArray, degrees: FloatArray | None) -> tuple[FloatArray, FloatArray | None] | None:
        """Takes a frame; gives the one that is now complete."""
        if not self._rows:
            self._rows.extend([row] * (self._reach + 1))  # the past of the first frame
        else:
            self._rows.append(row)
        self._degrees.append(degrees)
        if len(self._rows) <= 2 * self._reach:
            return None
        return self._window(), self._degrees.popleft()

    def finish(self) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        """The frames that still wait for a future: the last one lasts for ever."""
        while self._degrees:
            missing = 2 * self._reach + 1 - len(self._rows)
            self._rows.extend([self._rows[-1]] * max(1, missing))
            yield self._window(), self._degrees.popleft()

    def _window(self) -> FloatArray:
        rows = np.stack(list(self._rows), axis=1)
        if self._step == 1:
            return rows
        place = self._reach + np.arange(-REACH, REACH + 1) * self._step
        below = np.clip(np.floor(place).astype(int), 0, 2 * self._reach)
        above = np.minimum(below + 1, 2 * self._reach)
        share = place - below
        return np.asarray(rows[:, below] * (1 - share) + rows[:, above] * share, np.float32)


def _complete(coefficients: FloatArray, source: FloatArray) -> FloatArray:
    have, wanted = coefficients.shape[1], len(source)
    if have >= wanted:
        return coefficients[:, :wanted]
    rest = np.broadcast_to(source[have:], (len(coefficients), wanted - have))
    return np.concatenate([coefficients, rest], axis=1).astype(np.float32)


def _stacked(ready: list[tuple[FloatArray, FloatArray | None]]) -> Windows:
    given = [degrees for _, degrees in ready]
    if all(degrees is None for degrees in given):
        return Windows(np.stack([window for window, _ in ready]), None)
    nothing = np.full(3, np.nan, np.float32)
    degrees = np.stack([nothing if d is None else d for d in given]).astype(np.float32)
    return Windows(np.stack([window for window, _ in ready]), degrees)
