"""Randomness without state: every value is a function of a key and a counter.

A frame's motion then depends on seed, time and the speech around it alone, never on how many frames were made before,
so a work may be cut or streamed for hours and stays the same.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]

#: Mean over time of the squared weights of a cubic B-spline: makes :func:`spline_noise` unit variance.
_SPLINE_POWER = 151.0 / 315.0


def stream_key(seed: int, name: str) -> int:
    """A 64-bit key for one independent stream of values, e.g. ``stream_key(7, "head/yaw")``."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little")


def _mixed(key: int, counters: Counters) -> npt.NDArray[np.uint64]:
    """SplitMix64's output function (Steele, Lea & Flood 2014) of ``key + counter · golden ratio``."""
    with np.errstate(over="ignore"):
        x = np.uint64(key) + counters.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)))


def uniform(key: int, counters: npt.ArrayLike) -> Array:
    """Uniform values in (0, 1), one a counter: float64 of the counters' shape."""
    bits = _mixed(key, np.asarray(counters, np.int64)) >> np.uint64(11)
    return np.asarray((bits.astype(np.float64) + 0.5) / 2.0**53)


def normal(key: int, counters: npt.ArrayLike) -> Array:
    """Standard normal values, one a counter (Box–Muller): float64 of the counters' shape."""
    count = np.asarray(counters, np.int64)
    radius = np.sqrt(-2.0 * np.log(uniform(key, 2 * count)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(key, 2 * count + 1)))


def chance(key: int, moment: float) -> float:
    """One uniform value for an event, named by its time in milliseconds."""
    return float(uniform(key, round(moment * 1000.0)))


def bell(key: int, moment: float) -> float:
    """One standard normal value for an event, named by its time in milliseconds, kept within ±2."""
    return float(np.clip(normal(key, round(moment * 1000.0)), -2.0, 2.0))


def leaning(key: int) -> float:
    """One value for a whole work, −1 to 1 and mostly far from 0: which side of a face is the stronger, by how much."""
    return float(np.sin(key % 6283 / 1000.0))


def spline_noise(key: int, times: Array, spacing: float) -> Array:
    """Smooth noise of zero mean and unit variance with two continuous derivatives.

    A uniform cubic B-spline over independent normal values at knots ``spacing`` seconds apart. Most of its power lies
    below ``1 / (3 · spacing)`` Hz; the root mean square of its speed is ``1.18 / spacing`` a second.

    Args:
        key: From :func:`stream_key`.
        times: [N] seconds.
        spacing: Seconds between knots.

    Returns:
        float64 [N].
    """
    position = np.asarray(times, np.float64) / spacing
    knot = np.floor(position).astype(np.int64)
    f = position - knot
    weights = (
        (1.0 - f) ** 3 / 6.0,
        (3.0 * f**3 - 6.0 * f**2 + 4.0) / 6.0,
        (-3.0 * f**3 + 3.0 * f**2 + 3.0 * f + 1.0) / 6.0,
        f**3 / 6.0,
    )
    if not len(knot):
        return np.zeros(0)
    first = int(knot.min()) - 1
    values = normal(key, np.arange(first, int(knot.max()) + 3))
    total = sum(weight * values[knot - 1 + i - first] for i, weight in enumerate(weights))
    return np.asarray(total / np.sqrt(_SPLINE_POWER), np.float64)


def smooth(x: npt.ArrayLike) -> Array:
    """Ramp 0 → 1 over ``x`` 0 → 1 with continuous slope (smoothstep), flat outside; of any shape."""
    t = np.clip(x, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float64)


def smoother(x: npt.ArrayLike) -> Array:
    """Ramp 0 → 1 of minimum jerk (Flash & Hogan 1985): two continuous derivatives, flat outside; of any shape."""
    t = np.clip(x, 0.0, 1.0)
    return np.asarray(t * t * t * (10.0 - 15.0 * t + 6.0 * t * t), np.float64)


def bump(times: Array, start: float, peak: float, end: float) -> Array:
    """A single smooth rise and fall with height 1 at ``peak``, zero outside ``start``–``end``.

    Args:
        times: [N] seconds.
        start: Where it begins to rise, seconds.
        peak: Where it is highest, seconds.
        end: Where it has fallen, seconds.

    Returns:
        float64 [N], 0–1.
    """
    rise = smoother((times - start) / max(peak - start, 1e-6))
    fall = 1.0 - smoother((times - peak) / max(end - peak, 1e-6))
    return np.asarray(rise * fall)
