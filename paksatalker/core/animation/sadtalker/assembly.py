"""What was generated and what the photo shows, put together to the coefficients that the renderer takes."""

from __future__ import annotations

import numpy as np

from paksatalker.core.animation.sadtalker.pose import Array
from paksatalker.core.tracks import CoefficientTrack

_POSE, _CROP = CoefficientTrack.POSE, CoefficientTrack.CROP


def assemble(
    generated: Array, source: Array, *, expression_scale: float = 1.0, still: bool = False, full: bool = False
) -> Array:
    """Coefficients of a video.

    Args:
        generated: Expression, angles and translation of each frame, float32 [T, 70].
        source: The photo's coefficients, float32 [70], or [73] with scale and shift of the crop.
        expression_scale: Strength of expression; 1 is as generated.
        still: Whether the head stays as it is in the photo.
        full: Whether scale and shift of the photo's crop follow, for the whole photo.

    Returns:
        float32 [T, 70], in ``full`` mode [T, 73].
    """
    made = generated.astype(np.float32)
    made[:, CoefficientTrack.EXPRESSION] *= np.float32(expression_scale)
    if still:
        made[:, _POSE] = source[_POSE]
    if full:
        made = np.concatenate([made, np.broadcast_to(source[_CROP], (len(made), 3))], axis=1)
    return made
