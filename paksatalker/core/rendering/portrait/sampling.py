"""Compiled helpers of the paint kernels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paksatalker.config.compiling import compiled

Floats = npt.NDArray[np.float32]


@compiled("float32(float32, float32, float32)")
def ramp(low: float, high: float, x: float) -> float:
    """Smooth step from 0 at ``low`` to 1 at ``high``."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@compiled("void(float32[:,:,::1], float32, float32, float32[::1])")
def bilinear(image: Floats, x: float, y: float, out: Floats) -> None:
    """Samples all channels; outside is zero."""
    height, width, channels = image.shape
    for c in range(channels):
        out[c] = 0.0
    if x < 0.0 or y < 0.0 or x > width - 1.001 or y > height - 1.001:
        return
    i, j = int(x), int(y)
    fx, fy = x - i, y - j
    for c in range(channels):
        top = image[j, i, c] * (1 - fx) + image[j, i + 1, c] * fx
        low = image[j + 1, i, c] * (1 - fx) + image[j + 1, i + 1, c] * fx
        out[c] = top * (1 - fy) + low * fy


@compiled("void(float32[:,:,::1], float32, float32, float32[::1])")
def bicubic(image: Floats, x: float, y: float, out: Floats) -> None:
    """Catmull–Rom sampling of all channels; outside is zero. As crisp as the photo, where bilinear would blur."""
    height, width, channels = image.shape
    for c in range(channels):
        out[c] = 0.0
    i, j = math.floor(x), math.floor(y)
    if i < 1 or j < 1 or i > width - 3 or j > height - 3:
        return
    fx, fy = x - i, y - j
    wx0, wx1 = fx * (-0.5 + fx * (1 - 0.5 * fx)), 1 + fx * fx * (-2.5 + 1.5 * fx)
    wx2, wx3 = fx * (0.5 + fx * (2 - 1.5 * fx)), fx * fx * (-0.5 + 0.5 * fx)
    for k in range(4):
        if k == 0:
            wy = fy * (-0.5 + fy * (1 - 0.5 * fy))
        elif k == 1:
            wy = 1 + fy * fy * (-2.5 + 1.5 * fy)
        elif k == 2:
            wy = fy * (0.5 + fy * (2 - 1.5 * fy))
        else:
            wy = fy * fy * (-0.5 + 0.5 * fy)
        row = j - 1 + k
        for c in range(channels):
            out[c] += wy * (
                wx0 * image[row, i - 1, c]
                + wx1 * image[row, i, c]
                + wx2 * image[row, i + 1, c]
                + wx3 * image[row, i + 2, c]
            )
