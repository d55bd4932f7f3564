"""Head motion: the network's chunks put together, smoothed, and what a reference video adds."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.signal import savgol_coeffs, savgol_filter

Array = npt.NDArray[np.float32]

#: Frames that the network makes at once.
CHUNK = 32
POSE = 6
LATENT = 64
#: Savitzky–Golay: frames that a parabola is fitted to.
_SPAN, _ORDER = 13, 2
_HALF = _SPAN // 2


class Mover(Protocol):
    """Makes a chunk of motion."""

    def __call__(self, noise: Array, sound: Array) -> Array:
        """Noise [64] and embedded sound [32, 512] to motion [32, 6] relative to the first pose."""
        ...


class PoseStream:
    """Embedded sound to motion relative to the first pose, frame by frame.

    The first frame does not move. Every 32 frames after it are a chunk with noise of its own. What is left at the end
    is taken from a chunk over the last 32 frames, the earliest of them repeated where there are fewer.

    Args:
        move: The network.
        seed: The same seed gives the same noise; chunk ``i`` always has the same, however long the video.
        noise: The chunks' noise [N, 64] instead, for comparisons.
    """

    def __init__(self, move: Mover, seed: int, noise: Array | None = None) -> None:
        self._move = move
        self._seed = seed
        self._given = noise
        self._chunk = 0
        self._begun = False
        self._waiting: list[Array] = []
        self._recent: list[Array] = []

    def push(self, sound: Array) -> Array:
        """Embedded sound of the next frames [N, 512]; gives the motion of frames that are made with it, [M, 6]."""
        made: list[Array] = []
        for row in sound:
            if not self._begun:
                self._begun = True
                made.append(np.zeros((1, POSE), np.float32))
                continue
            self._waiting.append(row)
            if len(self._waiting) == CHUNK:
                made.append(self._next(self._waiting))
                self._recent, self._waiting = self._waiting, []
        return _rows(made)

    def finish(self) -> Array:
        """The motion of the frames that are left."""
        left = len(self._waiting)
        if not left:
            return _rows([])
        last = [*self._recent, *self._waiting][-CHUNK:]
        last = [last[0]] * (CHUNK - len(last)) + last
        self._waiting = []
        return self._next(last)[-left:]

    def _next(self, sound: list[Array]) -> Array:
        noise = self._noise(self._chunk)
        self._chunk += 1
        return self._move(noise, np.stack(sound))

    def _noise(self, chunk: int) -> Array:
        if self._given is not None:
            given: Array = self._given[chunk]
            return given
        return np.random.default_rng((self._seed, chunk)).standard_normal(LATENT).astype(np.float32)


class Smoother:
    """Savitzky–Golay over 13 frames by parabolas, in a stream: each row comes out six rows later.

    The first and the last six rows lie on the parabola through the first or last 13, so that nothing is invented beyond
    the ends. Of fewer than 13 rows in all, as many as there are (an odd number) are taken.
    """

    def __init__(self) -> None:
        self._rows: list[Array] = []
        self._done = 0  # rows that went out
        self._first = 0  # number of ``_rows[0]``

    def push(self, rows: Array) -> Array:
        """Takes rows [N, P]; gives the smoothed ones that are sure by now [M, P]."""
        self._rows.extend(rows)
        count = self._first + len(self._rows)
        if count < _SPAN:
            return rows[:0]
        out = [self._edge(self._rows[:_SPAN])[:_HALF]] if self._done == 0 else []
        self._done = max(self._done, _HALF)
        middle = self._window(count)
        self._done = count - _HALF
        drop = count - (_SPAN - 1) - self._first - 1  # the last 13 rows are what the end is fitted to
        self._rows = self._rows[max(drop, 0) :]
        self._first += max(drop, 0)
        return np.concatenate([*out, middle])

    def finish(self) -> Array:
        """What is left."""
        rows, count = self._rows, self._first + len(self._rows)
        self._rows = []
        if not rows:
            return np.zeros((0, POSE), np.float32)
        if count < _SPAN:
            span = count - 1 + count % 2
            smooth = savgol_filter(np.stack(rows).astype(np.float64), span, min(_ORDER, span - 1), axis=0)
            return np.asarray(smooth, np.float32)
        return self._edge(rows[-_SPAN:])[-_HALF:]

    def _window(self, count: int) -> Array:
        """The rows from ``_done`` to six before ``count``."""
        rows = np.stack(self._rows[self._done - _HALF - self._first : count - self._first]).astype(np.float64)
        smooth = sum(c * rows[i : len(rows) - _SPAN + 1 + i] for i, c in enumerate(savgol_coeffs(_SPAN, _ORDER)))
        return np.asarray(smooth, np.float32)

    @staticmethod
    def _edge(rows: list[Array]) -> Array:
        """All 13 rows on their parabola."""
        time = np.arange(_SPAN) - _HALF
        powers = np.vander(time, _ORDER + 1).astype(np.float64)
        fit = powers @ np.linalg.pinv(powers) @ np.stack(rows).astype(np.float64)
        return np.asarray(fit, np.float32)


def reference_motion(reference: Array, first: int, last: int, *, turn_back: bool = False) -> Array:
    """What the head of a reference video adds to frames ``first`` to before ``last``: its poses less its first.

    Args:
        reference: Coefficients of the reference video, float32 [T, 70 or more], or its poses [T, 6].
        first: First frame.
        last: One past the last.
        turn_back: A video that is too short is run backwards and forwards by turns, so that nothing jumps; else from
            its beginning again and again, as the original does.

    Returns:
        float32 [last − first, 6].
    """
    poses = reference[:, 64:70] if reference.shape[1] > POSE else reference
    count = len(poses)
    frames = np.arange(first, last)
    if turn_back:
        frames = there_and_back(frames, count)
    motion: Array = poses[frames % count] - poses[:1]
    return motion


def there_and_back(frames: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Frame numbers of a video that goes on for ever, as numbers below ``count``: 0 1 2 1 0 1 2 and so on."""
    period = max(1, 2 * (count - 1))
    place = frames % period
    return np.minimum(place, period - place) % count


def _rows(made: list[Array]) -> Array:
    return np.concatenate(made) if made else np.zeros((0, POSE), np.float32)
