"""Breathing: quiet at rest, locked to the phrases while speaking (a quick breath in, a slow one out)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.noise import smoother, spline_noise, stream_key, uniform

Array = npt.NDArray[np.float64]

_RATE = 0.25  # breaths a second at rest
_INHALE = 0.36  # seconds before a phrase
_EXHALE = 3.2  # seconds a breath lasts while speaking
_GAP = 0.35  # seconds of silence that a breath takes


def breathe(phrases: Sequence[tuple[float, float]], times: Array, seed: int) -> Array:
    """Chest and shoulders at ``times`` [T], −1 exhaled to 1 inhaled.

    Args:
        phrases: Stretches of speech in order, from at least one before ``times``.
        times: Seconds.
        seed: Of the work.
    """
    key = stream_key(seed, "breath")
    phase = 2.0 * np.pi * (_RATE * times + float(uniform(key, -1))) + 0.5 * spline_noise(key, times, 2.0)
    rest = 0.55 * np.sin(phase)
    spoken, amount = np.zeros(len(times)), np.zeros(len(times))
    before = -np.inf
    for start, end in phrases:
        if start - before >= _GAP:
            drawn = smoother((times - start + _INHALE) / _INHALE)
            spent = np.exp(-np.clip(times - start, 0.0, None) / _EXHALE)
            leave = 1.0 - smoother((times - start - 2.0 * _EXHALE) / 2.0)
            pulse = drawn * leave
            spoken = spoken * (1.0 - pulse) + pulse * (1.4 * spent - 0.6)
            amount = np.maximum(amount, pulse)
        before = end
    return np.asarray(np.tanh(rest * (1.0 - 0.75 * amount) + spoken))
