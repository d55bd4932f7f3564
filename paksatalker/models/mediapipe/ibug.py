"""The 68 points of iBUG 300-W out of the 478 that the landmarker finds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Index among MediaPipe's points for each of the 68 of iBUG 300-W: jaw, brows, nose, eyes, lips, in its order.
IBUG_68: tuple[int, ...] = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301,
    168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip


def ibug_68(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[478, 2 or more] to [68, 2]: x and y, pixels; left and right as seen by the viewer, as both schemes have them."""
    return np.asarray(points[list(IBUG_68), :2], np.float64)
