"""Fills holes of an image smoothly from what is known around them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]


def fill(image: Float, known: Float, smooth: float = 0.0) -> Float:
    """Push–pull interpolation (Gortler et al., The Lumigraph, 1996).

    Args:
        image: float32 [H, W, C].
        known: float32 [H, W] 0–1, confidence in each pixel.
        smooth: Gaussian blur of the filled part, pixels.

    Returns:
        [H, W, C]: the image where it is known, a smooth membrane elsewhere.
    """
    channels = image.shape[2]
    levels = [np.dstack([image * known[..., None], known]).astype(np.float32)]
    while min(levels[-1].shape[:2]) > 2:
        levels.append(cv2.pyrDown(levels[-1]))
    coarse = levels[-1]
    filled = coarse[..., :channels] / np.maximum(coarse[..., channels:], 1e-6)
    for level in reversed(levels[:-1]):
        up = cv2.pyrUp(filled, dstsize=(level.shape[1], level.shape[0])).reshape(*level.shape[:2], channels)
        filled = level[..., :channels] + (1 - level[..., channels:]) * up
    if smooth > 0:
        filled = cv2.GaussianBlur(filled, (0, 0), smooth).reshape(filled.shape)
    k = np.clip(known, 0, 1)[..., None]
    return np.asarray(image * k + filled * (1 - k), np.float32)
