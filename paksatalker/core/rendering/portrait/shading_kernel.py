"""The compiled inner loops of face shading: a coarse map of gains over the posed mesh, and its application."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(
    "void(float32[:,::1], float32[:,::1], float32[:,::1], float32[::1], float32[:,::1], int32[:,::1])",
    cache=True, nogil=True, fastmath=True,
)  # fmt: skip
def rasterise_gain(out, target, source, gain, folds, triangles):
    """Draws vertex gains plus the photo's fold map onto a grid; later triangles cover earlier ones.

    Args:
        out: float32 [h, w] written in place.
        target: [n, 2] vertices on this grid.
        source: [n, 2] vertices on the fold map's grid.
        gain: [n] of each vertex.
        folds: [fh, fw].
        triangles: int32 [m, 3].
    """
    height, width = out.shape
    fold_rows, fold_columns = folds.shape
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        x0, y0, x1, y1, x2, y2 = target[a, 0], target[a, 1], target[b, 0], target[b, 1], target[c, 0], target[c, 1]
        det = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(det) < 1e-6:
            continue
        inverse = 1.0 / det
        top, bottom = max(int(math.ceil(min(y0, y1, y2))), 0), min(int(math.floor(max(y0, y1, y2))), height - 1)
        left, right = max(int(math.ceil(min(x0, x1, x2))), 0), min(int(math.floor(max(x0, x1, x2))), width - 1)
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                u = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) * inverse
                v = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) * inverse
                w = 1.0 - u - v
                if u < -1e-4 or v < -1e-4 or w < -1e-4:
                    continue
                sx = w * source[a, 0] + u * source[b, 0] + v * source[c, 0]
                sy = w * source[a, 1] + u * source[b, 1] + v * source[c, 1]
                sx, sy = min(max(sx, 0.0), fold_columns - 1.001), min(max(sy, 0.0), fold_rows - 1.001)
                i, j = int(sx), int(sy)
                fx, fy = sx - i, sy - j
                fold = (folds[j, i] * (1 - fx) + folds[j, i + 1] * fx) * (1 - fy)
                fold += (folds[j + 1, i] * (1 - fx) + folds[j + 1, i + 1] * fx) * fy
                out[y, x] = w * gain[a] + u * gain[b] + v * gain[c] + fold


@njit(
    "void(uint8[:,:,::1], float32[:,::1], float32, float32, float32, int64[::1], float32[::1])",
    cache=True, nogil=True, fastmath=True,
)  # fmt: skip
def apply_gain(frame, gain, x0, y0, step, box, tint):
    """Multiplies pixels by one plus the gain, bilinear between cells.

    Args:
        frame: uint8 [H, W, 3], in place.
        gain: [h, w]; cell (0, 0) lies at pixel (x0, y0), cells are ``step`` pixels apart.
        box: x0, y0, x1, y1 of the pixels touched.
        tint: [3] how strongly each channel takes part.
    """
    rows, columns = gain.shape
    inverse = 1.0 / step
    for y in range(box[1], box[3]):
        gy = min(max((y - y0) * inverse, 0.0), rows - 1.001)
        j = int(gy)
        fy = np.float32(gy - j)
        for x in range(box[0], box[2]):
            gx = min(max((x - x0) * inverse, 0.0), columns - 1.001)
            i = int(gx)
            fx = np.float32(gx - i)
            g = (gain[j, i] * (1 - fx) + gain[j, i + 1] * fx) * (1 - fy)
            g += (gain[j + 1, i] * (1 - fx) + gain[j + 1, i + 1] * fx) * fy
            if abs(g) < 1e-3:
                continue
            for c in range(3):
                value = frame[y, x, c] * (1 + g * tint[c]) + np.float32(0.5)
                frame[y, x, c] = np.uint8(min(max(value, np.float32(0.0)), np.float32(255.0)))
