"""When and how the eyes blink.

Intervals follow a log-normal law with a refractory time (spontaneous blinks: Bentivoglio et al. 1997, 17 a minute at
rest), drawn by comparing an accumulated hazard with an exponential threshold, so that phrase ends, pauses and gaze
shifts can attract blinks (Nakano & Kitazawa 2010) without changing the law elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.noise import smooth, stream_key, uniform

Array = npt.NDArray[np.float64]

_STEP = 0.02  # seconds between decisions
_REFRACTORY = 0.9  # seconds after a blink without another (double blinks apart)
_MEDIAN, _SPREAD = 2.05, 0.55  # of the interval beyond the refractory time: seconds, and sd of its logarithm
_LONGEST = 5.8  # seconds; blinks become certain beyond
_FIRST = (2.2, 3.2)  # seconds within which the first one comes at the latest: a clip of 4 s without any looks dead
_DOWN, _UP = 0.065, 0.120  # seconds the lids take; the profile is 0.11–0.14 s wide at half height
_SHORTEST_HOLD = 0.025


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink: when the lids start to fall, how far, and how long they stay and take."""

    start: float
    depth: float
    hold: float
    down: float
    up: float
    skew: float

    @property
    def end(self) -> float:
        """When the slower eye is open again."""
        return self.start + self.down + self.hold + self.up * (1.0 + abs(self.skew))


def _hazard(since: float) -> float:
    """Log-normal hazard of the time beyond the refractory one, a second; rises steeply after :data:`_LONGEST`."""
    x = since - _REFRACTORY
    if x <= 0.0:
        return 0.0
    z = (math.log(x / _MEDIAN)) / _SPREAD
    density = math.exp(-0.5 * z * z) / (x * _SPREAD * math.sqrt(2.0 * math.pi))
    survival = max(0.5 * math.erfc(z / math.sqrt(2.0)), 1e-9)
    return density / survival + max(since - _LONGEST, 0.0) * 4.0


class Blinks:
    """The blinks of one work, drawn in order. Memory is flat: only recent ones are kept.

    Args:
        seed: Of the work.
        fps: A full blink is held for a frame at least, so that the shut eye is seen at any frame rate.
    """

    def __init__(self, seed: int, fps: float) -> None:
        self._key = stream_key(seed, "blinks")
        self._fps = fps
        self._step = 0
        self._count = 0
        self._last = -2.0 - 1.2 * float(uniform(self._key, -1))  # the first blink comes within seconds
        self._first = _FIRST[0] + (_FIRST[1] - _FIRST[0]) * float(uniform(self._key, -2))
        self._hazard = 0.0
        self.recent: list[Blink] = []

    def steps(self, until: float) -> Array:
        """The instants at which decisions are due so that everything before ``until`` is known."""
        return np.arange(self._step, max(self._step, math.ceil(until / _STEP)), dtype=np.float64) * _STEP

    def advance(self, times: Array, pull: Array) -> None:
        """Decides at ``times`` (from :meth:`steps`).

        Args:
            times: [N] seconds.
            pull: [N] factor on the chance of a blink.
        """
        for time, factor in zip(times, pull, strict=True):
            self._hazard += _hazard(time - self._last) * factor * _STEP
            overdue = self._count == 0 and time >= self._first
            if overdue or self._hazard > -math.log(self._draw(0)):
                self._blink(float(time))
        self._step += len(times)

    def _draw(self, what: int) -> float:
        return float(uniform(self._key, self._count * 16 + what))

    def _blink(self, time: float) -> None:
        full = self._count == 0 or self._draw(1) > 0.10
        depth = 1.0 if full else 0.55 + 0.25 * self._draw(2)
        hold = max(_SHORTEST_HOLD * (0.8 + 0.8 * self._draw(3)), 1.02 / self._fps)
        pace = 0.90 + 0.22 * self._draw(4)
        skew = 0.10 * (2.0 * self._draw(5) - 1.0)
        first = Blink(time, depth, hold, _DOWN * pace, _UP * pace, skew)
        self.recent.append(first)
        self._last = time
        if self._draw(6) < 0.05:
            again = time + 0.26 + 0.10 * self._draw(7)
            self.recent.append(Blink(again, 0.85 + 0.15 * (depth == 1.0), hold, _DOWN * pace, _UP * pace, -skew))
            self._last = again
        self._hazard = 0.0
        self._count += 1

    def forget(self, before: float) -> None:
        """Drops blinks that ended before ``before``."""
        self.recent = [blink for blink in self.recent if blink.end > before]

    def curves(self, times: Array) -> tuple[Array, Array]:
        """Closing of the left and the right eye [T], 0 open to 1 shut."""
        return self._curve(times, 1.0), self._curve(times, -1.0)

    def _curve(self, times: Array, side: float) -> Array:
        curve = np.zeros(len(times))
        for blink in self.recent:
            down = smooth((times - blink.start) / blink.down)
            shut = blink.start + blink.down + blink.hold
            # lids open fast at first and settle slowly
            up = 1.0 - smooth(np.clip((times - shut) / (blink.up * (1.0 + side * blink.skew)), 0.0, 1.0) ** 0.8)
            curve = np.maximum(curve, blink.depth * np.minimum(down, up))
        return curve
