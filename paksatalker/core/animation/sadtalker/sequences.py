"""What happens over the frames of a video without looking at its sound: blinks, turns of the camera."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: How far the eyes are closed during a blink, frame by frame, at 25 frames a second.
BLINK = (0.5, 0.9, 1.0, 0.9, 0.5)
#: A slower one, for blinks at regular distances.
SLOW_BLINK = (0.5, 0.6, 0.7, 0.9, 1.0, 0.9, 0.7, 0.6, 0.5)
#: Frames between two blinks: at least, and fewer than.
_SHORTEST_GAP, _LONGEST_GAP = 10, 70
_REGULAR_GAP = 80
#: So few frames have no blink.
_TOO_FEW = 20
#: Degrees so near to none that steps along them would round to nothing.
_STANDSTILL = 1e-12


def blink_ratio(frames: int, chance: random.Random) -> Array:
    """Blinks at random over a video of known length, as the original draws them.

    Args:
        frames: How many there are, at 25 a second.
        chance: Where the gaps come from; ``random.Random(7)`` draws what the original draws after ``random.seed(7)``.

    Returns:
        How far the eyes are closed, float64 [frames, 1], 0–1. The first and the last frame are open.
    """
    ratio = np.zeros((frames, 1))
    if gaps := _gaps(frames):
        _write(ratio, BLINK, lambda: chance.choice(gaps))
    return ratio


def _gaps(frames: int) -> range:
    """How long the eyes may stay open in a video; empty where it is too short for a blink."""
    if frames <= _TOO_FEW:
        return range(0)
    return range(min(_SHORTEST_GAP, frames), min(frames // 2, _LONGEST_GAP))


def regular_blinks(frames: int) -> Array:
    """A slow blink after every 80 frames, float64 [frames, 1]."""
    ratio = np.zeros((frames, 1))
    _write(ratio, SLOW_BLINK, lambda: _REGULAR_GAP)
    return ratio


def _write(ratio: Array, pulse: Sequence[float], gap: Callable[[], int]) -> None:
    frame = 0
    while frame < len(ratio):
        first = frame + gap()
        frame = first + len(pulse)
        if frame > len(ratio) - 1:
            break
        ratio[first:frame, 0] = pulse


class BlinkStream:
    """The same in a stream: frames are asked for as they come.

    Where the length is known, :func:`blink_ratio` says the same; where it is not, gaps are drawn as for 140 frames or
    more. A blink that the video would end in is left out; to see that, frames are settled when the five after them are
    sure to come.

    Args:
        seed: The same seed gives the same blinks.
        frames: How many the video has, if that is known.
    """

    #: Frames that must be sure to come after the one that is asked for.
    LOOKAHEAD = len(BLINK)

    def __init__(self, seed: int, frames: int | None = None) -> None:
        self._chance = random.Random(seed)  # noqa: S311  (nothing to keep secret)
        self._gaps = _gaps(2 * _LONGEST_GAP if frames is None else frames)
        self._begins = self._draw(0)

    def take(self, first: int, last: int, end: int | None = None) -> Array:
        """How far the eyes are closed in frames ``first`` to ``last``, float64 [last − first, 1].

        Args:
            first: Where the span before ended.
            last: One past the last frame.
            end: How many frames the video has, once that is known; else there are at least five more than ``last``.
        """
        ratio = np.zeros((last - first, 1))
        while self._begins < last and (end is None or self._begins + len(BLINK) <= end - 1):
            begins = int(self._begins)
            for index, value in enumerate(BLINK, start=begins):
                if first <= index < last:
                    ratio[index - first, 0] = value
            if begins + len(BLINK) > last:
                break  # its end lies in the next span
            self._begins = self._draw(begins + len(BLINK))
        return ratio

    def _draw(self, frame: int) -> float:
        return frame + self._chance.choice(self._gaps) if self._gaps else math.inf


def camera_degrees(stations: Sequence[float], frames: int) -> Array:
    """A turn through stations at constant speed, short of the last one by one step, or none: see below.

    Args:
        stations: Degrees, one or more.
        frames: How many frames there are.

    Returns:
        Degrees of each frame, float64 [frames].
    """
    legs = [(a, b) for a, b in pairwise(stations) if abs(b - a) > _STANDSTILL]
    if frames < 2 or not legs:
        return np.full(frames, float(stations[0]))
    step = sum(abs(b - a) for a, b in legs) / (frames - 1)
    # Each leg goes from its station on in whole steps; what is left of a leg is dropped, as the original does.
    degrees = np.concatenate([_leg(a, b, step) for a, b in legs])[:frames]
    return np.pad(degrees, (0, frames - len(degrees)), mode="edge")


def _leg(start: float, end: float, step: float) -> Array:
    # Rounded as the original rounds its way to the sign: a last bit decides how many steps a leg has.
    return np.arange(start, end, step * abs(end - start) / (end - start), dtype=np.float64)


class Turn:
    """A turn through stations at a steady speed, frame by frame; it stays at the last one.

    Args:
        stations: Degrees, one or more.
        speed: Degrees a second, above 0.
        fps: Frames a second.
        duration: Seconds that the whole turn takes, in place of its speed; None where that is not known.
    """

    def __init__(self, stations: Sequence[float], speed: float, fps: float, duration: float | None = None) -> None:
        self._degrees = np.asarray(stations, np.float64)
        way = np.abs(np.diff(self._degrees))
        if duration and way.any():
            speed = float(way.sum()) / duration
        legs = way / speed * fps
        self._frames = np.concatenate([[0.0], np.cumsum(legs)])

    def degrees(self, first: int, last: int) -> Array:
        """Degrees of frames ``first`` to before ``last``, float64 [last − first]."""
        return np.interp(np.arange(first, last), self._frames, self._degrees)
