"""Smooth curves through landmarks, and their heights in a frame that lies along a mouth or an eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Table = npt.NDArray[np.float32]


def catmull_rom(points: Array, steps: int = 6) -> Array:
    """An open uniform Catmull–Rom spline through points.

    Args:
        points: [n, d] with n ≥ 2; the curve passes through each.
        steps: Samples a segment.

    Returns:
        [(n − 1)·steps + 1, d].
    """
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    t = (np.arange(steps) / steps)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([curve.reshape(-1, points.shape[1]), points[-1:]])


@dataclass(frozen=True, slots=True)
class CurveFrame:
    """A 2-D frame whose x axis runs from one corner (of a mouth, an eye) to the other, y to the chin.

    Attributes:
        origin: [2] the first corner, pixels.
        axis: [2] unit vector towards the second corner.
        length: Distance of the corners, pixels.
    """

    origin: Array
    axis: Array
    length: float

    @classmethod
    def between(cls, first: Array, second: Array) -> CurveFrame:
        """The frame of two corners [≥2] in pixels (further coordinates are ignored)."""
        step = np.asarray(second[:2] - first[:2], np.float64)
        length = float(np.hypot(*step))
        axis = step / length if length > 1e-6 else np.array([1.0, 0.0])
        return cls(np.asarray(first[:2], np.float64), axis, length)

    def local(self, points: Array) -> Array:
        """Pixels [n, ≥2] → along and across the axis [n, 2]."""
        q = points[:, :2] - self.origin
        x, y = self.axis
        return np.stack([q[:, 0] * x + q[:, 1] * y, q[:, 1] * x - q[:, 0] * y], axis=1)

    def image(self, points: Array) -> Array:
        """The inverse of :meth:`local`."""
        x, y = self.axis
        turned = np.stack([points[:, 0] * x - points[:, 1] * y, points[:, 0] * y + points[:, 1] * x], axis=1)
        return np.asarray(self.origin + turned)


def heights(points: Array, at: Array, steps: int = 6) -> Array:
    """The height of the smooth curve through points at given abscissae.

    Args:
        points: [n, 2] in a :class:`CurveFrame`, from left to right. Points that step back (a far mouth corner in
            three-quarter view) are moved forward: the curve has one height everywhere.
        at: [k] abscissae; beyond the ends the end's height is kept.
        steps: Samples a segment.

    Returns:
        [k] heights.
    """
    curve = catmull_rom(points, steps)
    x = np.maximum.accumulate(curve[:, 0])
    return np.asarray(np.interp(at, x, curve[:, 1]))
