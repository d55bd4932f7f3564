"""Brows that mark accents and questions, and the small life of a face at rest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.head import Beats
from paksatalker.core.animation.noise import bell, bump, chance, spline_noise, stream_key
from paksatalker.core.timeline import ARKIT_INDEX

Array = npt.NDArray[np.float64]

_RAISE = 0.36  # of browInnerUp on a strong accent
_STRONG = 0.5  # accents weaker than this leave the brows alone


class Brows:
    """Brow raises of one work.

    Args:
        seed: Of the work.
    """

    def __init__(self, seed: int) -> None:
        self._key = stream_key(seed, "brows")
        self._idle = stream_key(seed, "idle")

    def add(self, coefficients: Array, times: Array, beats: Beats, tempo: Array) -> None:
        """Adds raises to the brows of coefficients [T, 52] in place. ``tempo`` [T] scales them."""
        inner, outer = np.zeros(len(times)), np.zeros(len(times))
        for moment, strength in beats.accents:
            if strength < _STRONG or chance(self._key, moment) > 0.48:
                continue
            size = _RAISE * strength * (1.0 + 0.3 * bell(self._key ^ 1, moment))
            rise = size * bump(times, moment - 0.15, moment + 0.07, moment + 0.48)
            inner, outer = _joined(inner, rise), _joined(outer, 0.6 * rise)
        for end in beats.questions:
            rise = 0.40 * bump(times, end - 0.34, end + 0.02, end + 0.75)
            inner, outer = _joined(inner, rise), _joined(outer, rise)
        coefficients[:, ARKIT_INDEX["browInnerUp"]] += inner * tempo
        coefficients[:, ARKIT_INDEX["browOuterUpLeft"]] += outer * tempo * 1.06
        coefficients[:, ARKIT_INDEX["browOuterUpRight"]] += outer * tempo * 0.94

    def add_idle(self, coefficients: Array, times: Array, gate: Array) -> None:
        """Adds slow movements of lip corners, cheeks, lids and brows too small to part the lips, in place."""
        rest = 1.0 - 0.6 * gate
        for number, (name, size, spacing) in enumerate(
            (
                ("mouthSmileLeft", 0.022, 1.1), ("mouthSmileRight", 0.022, 1.1),
                ("cheekSquintLeft", 0.035, 1.3), ("cheekSquintRight", 0.035, 1.3),
                ("eyeSquintLeft", 0.030, 1.0), ("eyeSquintRight", 0.030, 1.0), ("browInnerUp", 0.035, 1.4),
            )
        ):  # fmt: skip
            shared = spline_noise(self._idle ^ (number // 2), times, spacing)
            own = spline_noise(self._idle ^ (64 + number), times, spacing)
            coefficients[:, ARKIT_INDEX[name]] += np.clip(size * (0.9 * shared + 0.44 * own), 0.0, 2 * size) * rest


def _joined(a: Array, b: Array) -> Array:
    """Both raises at once, smoothly and below 1."""
    return np.asarray(1.0 - (1.0 - a) * (1.0 - b))
