"""The inner loops: drawing triangles of photo coordinates, and laying the person over the background.

Compiled by numba with explicit signatures and an on-disk cache, so only the first process on a machine pays for it. All
release the GIL and write only to the arrays they are given.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from paksatalker.config.compiling import compiled


@compiled("UniTuple(f8, 2)(f8, f8, f8, f8)", fastmath=False)
def _span(slope: float, offset: float, low: float, high: float) -> tuple[float, float]:
    """Cuts the span of x to where ``slope · x + offset ≥ 0``, a hair wider, against cracks between triangles."""
    if slope > 1e-12:
        return max(low, -offset / slope - 1e-3), high
    if slope < -1e-12:
        return low, min(high, -offset / slope + 1e-3)
    return low, (high if offset >= -1e-6 else -1.0)


@compiled("void(f8[:, ::1], f8[:, ::1], i4[:, ::1], f4[:, ::1], f4[:, ::1], i8, i8)", fastmath=False)
def draw_triangles(
    target: npt.NDArray[np.float64],
    source: npt.NDArray[np.float64],
    triangles: npt.NDArray[np.int32],
    map_x: npt.NDArray[np.float32],
    map_y: npt.NDArray[np.float32],
    left: int,
    top: int,
) -> None:
    """Writes into the maps where each pixel covered by a triangle comes from.

    Args:
        target: [n, 2] vertices where they are drawn, canvas pixels.
        source: [n, 2] vertices in the photo, in the unit the maps are to hold.
        triangles: [m, 3], drawn in order.
        map_x: [h, w] source x of the window's pixels, written where covered.
        map_y: [h, w] source y.
        left: Canvas x of the window's first column.
        top: Canvas y of its first row.
    """
    height, width = map_x.shape
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        x0, y0 = target[a, 0] - left, target[a, 1] - top
        x1, y1 = target[b, 0] - left, target[b, 1] - top
        x2, y2 = target[c, 0] - left, target[c, 1] - top
        det = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if -1e-9 < det < 1e-9:
            continue
        first = max(0, int(math.ceil(min(y0, y1, y2) - 1e-3)))  # noqa: RUF046  (numba gives a float)
        last = min(height - 1, int(math.floor(max(y0, y1, y2) + 1e-3)))  # noqa: RUF046  (numba gives a float)
        if first > last:
            continue
        inverse = 1.0 / det
        ux, uy = (y2 - y0) * inverse, -(x2 - x0) * inverse
        vx, vy = -(y1 - y0) * inverse, (x1 - x0) * inverse
        ex, ey = source[b, 0] - source[a, 0], source[b, 1] - source[a, 1]
        fx, fy = source[c, 0] - source[a, 0], source[c, 1] - source[a, 1]
        xx, xy = ex * ux + fx * vx, ex * uy + fx * vy
        yx, yy = ey * ux + fy * vx, ey * uy + fy * vy
        for y in range(first, last + 1):
            dy = y - y0
            low, high = _span(ux, uy * dy - ux * x0, 0.0, width - 1.0)
            low, high = _span(vx, vy * dy - vx * x0, low, high)
            low, high = _span(-ux - vx, 1.0 - (uy + vy) * dy + (ux + vx) * x0, low, high)
            start, stop = int(math.ceil(low)), int(math.floor(high))  # noqa: RUF046  (numba's ceil gives a float)
            base_x = source[a, 0] + xy * dy - xx * x0
            base_y = source[a, 1] + yy * dy - yx * x0
            for x in range(start, stop + 1):
                map_x[y, x] = base_x + xx * x
                map_y[y, x] = base_y + yx * x


@compiled("void(u1[:, :, ::1], u1[:, :, ::1], i8, i8)", fastmath=False)
def blend_over(frame: npt.NDArray[np.uint8], layer: npt.NDArray[np.uint8], left: int, top: int) -> None:
    """Lays a straight-alpha RGBA window [h, w, 4] over the RGB frame [H, W, 3] at a position inside it, in place."""
    height, width = layer.shape[:2]
    for y in range(height):
        for x in range(width):
            alpha = numba.int32(layer[y, x, 3])
            if alpha == 255:
                for channel in range(3):
                    frame[top + y, left + x, channel] = layer[y, x, channel]
            elif alpha > 0:
                for channel in range(3):
                    below = numba.int32(frame[top + y, left + x, channel])
                    above = numba.int32(layer[y, x, channel])
                    frame[top + y, left + x, channel] = (above * alpha + below * (255 - alpha) + 127) // 255


@compiled("void(u1[:, :, ::1], f4[:, ::1], f4[:, ::1], f8, i8[::1])", fastmath=False)
def soften_folds(
    layer: npt.NDArray[np.uint8],
    map_x: npt.NDArray[np.float32],
    map_y: npt.NDArray[np.float32],
    jump: float,
    box: npt.NDArray[np.int64],
) -> None:
    """Smooths the stairs where one part of a layer covers another: a quarter of each neighbour across the border.

    Args:
        layer: [h, w, 4], changed in place.
        map_x: [h, w] where its pixels came from, x.
        map_y: [h, w] the same, y.
        jump: How far apart two neighbours must come from to count as a border, in the maps' unit.
        box: Left, top, right, bottom of the part to look at.
    """
    height, width = map_x.shape
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(width - 1, box[2]), min(height - 1, box[3])
    borders = np.empty((2048, 3), np.int64)
    count = 0
    for y in range(top, bottom):
        for x in range(left, right):
            x0, y0 = map_x[y, x], map_y[y, x]
            across = abs(map_x[y, x + 1] - x0) + abs(map_y[y, x + 1] - y0) > jump
            down = abs(map_x[y + 1, x] - x0) + abs(map_y[y + 1, x] - y0) > jump
            if (across or down) and count < borders.shape[0] - 1:
                if across:
                    borders[count] = y, x, 0
                    count += 1
                if down:
                    borders[count] = y, x, 1
                    count += 1
    changes = np.empty((count, 4), np.int64)
    for k in range(count):
        y, x, down = borders[k]
        for channel in range(4):
            there = numba.int64(layer[y + down, x + 1 - down, channel])
            changes[k, channel] = (there - numba.int64(layer[y, x, channel])) // 4
    for k in range(count):
        y, x, down = borders[k]
        v, u = y + down, x + 1 - down
        for channel in range(4):
            change = changes[k, channel]
            layer[y, x, channel] = min(255, max(0, numba.int64(layer[y, x, channel]) + change))
            layer[v, u, channel] = min(255, max(0, numba.int64(layer[v, u, channel]) - change))
