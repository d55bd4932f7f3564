"""Where a piece of sound can be heard: for ending phones that a model stretches over a pause."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paksatalker.core.timeline import FloatArray

STEP = 0.005
"""Seconds between two values."""


def audible(samples: FloatArray, rate: int, below_db: float = 40.0) -> npt.NDArray[np.bool_]:
    """Whether the sound is within ``below_db`` of the piece's loud parts, every 5 ms (level over 10 ms).

    Args:
        samples: A piece of speech [N].
        rate: Hz.
        below_db: How far below the 95th percentile of the levels.
    """
    hop = round(STEP * rate)
    count = len(samples) // hop
    power = np.zeros(count + 1)
    power[:count] = np.square(samples[: count * hop].reshape(count, hop)).mean(1)
    level = 10 * np.log10((power[:-1] + power[1:]) / 2 + 1e-12)
    return np.asarray(level > np.percentile(level, 95) - below_db) if count else np.zeros(0, np.bool_)


def last_audible(mask: npt.NDArray[np.bool_], start: float, end: float, shortest: float = 0.03) -> float:
    """Where a phone that may die away before ``end`` is last heard, at least ``shortest`` after its start.

    Args:
        mask: From :func:`audible`.
        start: Seconds from the start of the piece.
        end: Seconds from the start of the piece.
        shortest: Seconds.
    """
    heard = np.flatnonzero(mask[round(start / STEP) : round(end / STEP)])
    return min(end, start + max(shortest, (int(heard[-1]) + 1) * STEP if len(heard) else 0.0))


def first_audible(mask: npt.NDArray[np.bool_], start: float, end: float, shortest: float = 0.03) -> float:
    """Where a phone that may begin in silence is first heard, at least ``shortest`` before its end; see above."""
    heard = np.flatnonzero(mask[round(start / STEP) : round(end / STEP)])
    return max(start, min(end - shortest, start + int(heard[0]) * STEP)) if len(heard) else start
