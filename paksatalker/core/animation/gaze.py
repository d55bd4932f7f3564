"""Where the eyes look: fixations on the viewer, brief aversions, saccades, and the counter-roll to head motion.

Saccades obey the main sequence (Bahill, Clark & Stark 1975): about 21 ms + 2.2 ms a degree. Speakers look away mostly
around pauses, while they plan (Argyle & Cook 1976; Lee, Badler & Badler 2002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.noise import normal, smooth, smoother, spline_noise, stream_key, uniform
from paksatalker.core.timeline import ARKIT_INDEX

Array = npt.NDArray[np.float64]

#: Full scale of the eyeLook coefficients, degrees.
_FULL_SIDE, _FULL_DOWN, _FULL_UP = 32.0, 26.0, 26.0
_LIMIT = 22.0  # degrees the eyes turn at most
_MICRO = 0.65  # seconds between micro-saccades, on average


@dataclass(frozen=True, slots=True)
class Fixation:
    """The eyes rest on a point from ``start`` on: degrees right and down of the viewer's eyes."""

    start: float
    right: float
    down: float
    shift: float


class Gaze:
    """The fixations of one work, drawn in order; only recent ones are kept.

    Args:
        seed: Of the work.
    """

    def __init__(self, seed: int) -> None:
        self._key = stream_key(seed, "gaze")
        self._micro = stream_key(seed, "gaze/micro")
        self._count = 0
        self._next = 0.5 + float(uniform(self._key, -1))
        self._averted = False
        self.recent: list[Fixation] = [Fixation(-1.0, 0.0, 0.0, 0.0)]

    def advance(self, until: float, speaking: Callable[[float], float]) -> None:
        """Draws all fixations that begin before ``until``.

        Args:
            until: Seconds.
            speaking: How much speech there is around a time, 0–1.
        """
        while self._next < until:
            self._fixate(self._next, speaking(self._next))

    def _draw(self, what: int) -> float:
        return float(uniform(self._key, self._count * 16 + what))

    def _fixate(self, time: float, speech: float) -> None:
        self._count += 1
        away = not self._averted and self._draw(0) < 0.40 - 0.27 * speech
        stretch = float(np.exp(0.45 * normal(self._key, self._count * 16 + 5)))
        if away:
            side = 1.0 if self._draw(1) < 0.5 else -1.0
            right = side * (4.5 + 6.5 * self._draw(2))
            down = -3.0 + 7.0 * self._draw(3)
            length = min(0.32 + 0.38 * self._draw(4) * stretch, 0.95)
        else:  # eyes and mouth of the viewer, about a metre away
            right = 1.5 * (2.0 * self._draw(2) - 1.0)
            down = -0.5 + 1.7 * self._draw(3)
            length = float(np.clip((0.75 + 0.75 * speech) * stretch, 0.35, 3.2))
        last = self.recent[-1]
        self.recent.append(Fixation(time, right, down, float(np.hypot(right - last.right, down - last.down))))
        self._averted = away
        self._next = time + length

    def forget(self, before: float) -> None:
        """Drops fixations that were left before ``before``."""
        while len(self.recent) > 2 and self.recent[1].start < before - 1.0:
            self.recent.pop(0)

    def shifts(self, times: Array) -> Array:
        """Size in degrees of the gaze shift that begins within 60 ms after each time [T]; 0 if none does."""
        found = np.zeros(len(times))
        for fixation in self.recent:
            near = (fixation.start >= times) & (fixation.start < times + 0.06)
            found = np.maximum(found, fixation.shift * near)
        return found

    def look(self, times: Array) -> Array:
        """Line of sight [T, 2] in the world: degrees right and down as seen by the viewer, 0 is at the viewer."""
        points = np.array([[f.right, f.down] for f in self.recent])
        line = np.repeat(points[:1], len(times), axis=0)
        for before, after, fixation in zip(points, points[1:], self.recent[1:], strict=False):
            length = 0.021 + 0.0022 * fixation.shift
            line += (after - before) * smoother((times - fixation.start) / length)[:, None]
        return line + self._tremor(times)

    def _tremor(self, times: Array) -> Array:
        """Micro-saccades of about a quarter of a degree, and slow drift in between."""
        slot = np.floor(times / _MICRO).astype(np.int64)
        moment = (slot + 0.15 + 0.7 * uniform(self._micro, slot)) * _MICRO
        moved = smooth((times - moment) / 0.025)
        tremor = np.empty((len(times), 2))
        for axis in range(2):
            key = stream_key(self._micro, f"axis{axis}")
            before, after = normal(key, slot), normal(key, slot + 1)
            jump = np.clip(before + (after - before) * moved, -2.0, 2.0)
            tremor[:, axis] = 0.22 * jump + 0.10 * spline_noise(key ^ 1, times, 0.35)
        return tremor


def in_head(line: Array, head: Array) -> Array:
    """Eye rotation [T, 2] that keeps the line of sight while the head turns: the vestibulo-ocular reflex.

    Args:
        line: [T, 2] degrees right, down in the world.
        head: [T, 3] yaw, pitch, roll in degrees; +yaw turns right, +pitch turns down.
    """
    roll = np.radians(head[:, 2])
    right, down = line[:, 0] - head[:, 0], line[:, 1] - head[:, 1]
    turned = np.column_stack([np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right])
    return np.asarray(_LIMIT * np.tanh(turned / _LIMIT))


def write_looks(coefficients: Array, gaze: Array) -> None:
    """Sets the eyeLook coefficients [T, 52] to match eye rotation [T, 2]: the viewer's right is the left eye's out."""
    right, left = np.clip(gaze[:, 0], 0, None) / _FULL_SIDE, np.clip(-gaze[:, 0], 0, None) / _FULL_SIDE
    down, up = np.clip(gaze[:, 1], 0, None) / _FULL_DOWN, np.clip(-gaze[:, 1], 0, None) / _FULL_UP
    for name, value in (
        ("eyeLookOutLeft", right), ("eyeLookInRight", right), ("eyeLookInLeft", left), ("eyeLookOutRight", left),
        ("eyeLookDownLeft", down), ("eyeLookDownRight", down), ("eyeLookUpLeft", up), ("eyeLookUpRight", up),
    ):  # fmt: skip
        coefficients[:, ARKIT_INDEX[name]] = np.clip(value, 0.0, 1.0)
