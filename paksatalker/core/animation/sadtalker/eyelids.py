"""Blinks taken over from a reference video without touching the lips.

The expression network's last layer is linear, so closing the eyes always adds the same 64 coefficients, whatever the
mouth does: the blink direction. How much of it a reference frame holds more than the frames with open eyes is how far
its eyes are closed, in the very unit that the network takes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

#: Less than this is taken for the lips' share in the direction, and for noise.
_QUIET = 0.2


def eyelid_ratio(expressions: Array, direction: Array) -> Array:
    """How far the eyes are closed in the frames of a reference video.

    Args:
        expressions: Expression coefficients, float32 [T, 64].
        direction: What closing the eyes adds to them, [64].

    Returns:
        float32 [T], 0–1. Eyes are taken to be open in most frames.
    """
    direction = direction.astype(np.float64)
    length = float(direction @ direction)
    if not length:
        return np.zeros(len(expressions), np.float32)
    along = expressions.astype(np.float64) @ direction / length
    closed = np.clip(along - np.median(along), 0.0, 1.0)
    return np.asarray(np.clip((closed - _QUIET) / (1 - _QUIET), 0.0, 1.0), np.float32)
