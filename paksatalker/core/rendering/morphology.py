"""What masks are grown and shrunk by."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt


def disc(radius: int) -> npt.NDArray[np.uint8]:
    """A structuring element for :func:`cv2.dilate` and its kin.

    Args:
        radius: Pixels, ≥ 0.

    Returns:
        uint8 [2 · radius + 1, 2 · radius + 1], 1 within the disc.
    """
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
