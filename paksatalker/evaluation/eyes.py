"""Blinks: how often, how long, how completely the lids close.

The eye aspect ratio is that of Soukupová and Čech, "Real-time eye blink detection using facial landmarks", 2016: mean
height of the lid opening over its width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import percentile_filter

from paksatalker.evaluation.geometry import Array
from paksatalker.evaluation.tracking import FaceMotion

#: Outer corner, two upper points, inner corner, two lower points; the person's right eye first.
_EYES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))
#: A dip deeper than this share of the open eye is a blink.
_DEPTH = 0.45
#: Longer closures are eyes kept shut.
_LONGEST = 0.6


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink.

    Attributes:
        time: When the lids are closest, seconds.
        duration: From half closed to half open again, seconds.
        completeness: How much of the lid opening disappears, 0–1; about .7 and more looks shut.
    """

    time: float
    duration: float
    completeness: float


@dataclass(frozen=True, slots=True)
class Blinks:
    """The blinks of a video and its length in seconds."""

    blinks: tuple[Blink, ...]
    seconds: float

    @property
    def per_minute(self) -> float:
        """Blinks a minute; people talking on camera blink about 20–30 times."""
        return 60 * len(self.blinks) / self.seconds

    @property
    def duration(self) -> float | None:
        """Median duration, seconds; None without blinks."""
        return float(np.median([b.duration for b in self.blinks])) if self.blinks else None

    @property
    def completeness(self) -> float | None:
        """Median completeness; None without blinks."""
        return float(np.median([b.completeness for b in self.blinks])) if self.blinks else None


def aspect_ratio(motion: FaceMotion) -> Array:
    """Lid opening over eye width [T], mean of both eyes; an open eye has about .25–.4."""
    points = motion.points.astype(np.float64)
    ratios = []
    for corner_a, upper_a, upper_b, corner_b, lower_b, lower_a in _EYES:
        height = _distance(points, upper_a, lower_a) + _distance(points, upper_b, lower_b)
        ratios.append(height / (2 * _distance(points, corner_a, corner_b)))
    return np.asarray(np.mean(ratios, axis=0))


def _distance(points: Array, a: int, b: int) -> Array:
    return np.asarray(np.linalg.norm(points[:, a] - points[:, b], axis=-1))


def blinks(motion: FaceMotion) -> Blinks:
    """Finds blinks as short dips of the lid opening below its level around them."""
    ratio = aspect_ratio(motion)
    window = max(3, int(3.0 * motion.fps) | 1)
    level = np.asarray(percentile_filter(ratio, 80, size=window, mode="nearest"))
    closed = 1 - ratio / np.maximum(level, 1e-6)
    found = []
    for start, end in _runs(closed > _DEPTH / 2):
        depth = float(closed[start:end].max())
        if depth < _DEPTH:
            continue
        duration = _width(closed, start + int(closed[start:end].argmax()), depth / 2) / motion.fps
        if duration <= _LONGEST:
            found.append(Blink(float(motion.times[start + int(closed[start:end].argmax())]), duration, depth))
    return Blinks(tuple(found), motion.duration)


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _width(signal: Array, peak: int, level: float) -> float:
    """Samples between the crossings of ``level`` around a peak, interpolated."""

    def crossing(step: int) -> float:
        i = peak
        while 0 <= i + step < len(signal) and signal[i + step] > level:
            i += step
        if not 0 <= i + step < len(signal):
            return abs(i - peak)
        inside, outside = float(signal[i]), float(signal[i + step])
        return abs(i - peak) + (inside - level) / (inside - outside)

    return crossing(-1) + crossing(1)
