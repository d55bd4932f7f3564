"""The compiled inner loops of face shading: a coarse map of gains over the posed mesh, and its application."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from paksatalker.config.compiling import compiled
from paksatalker.core.rendering.portrait.sampling import Floats

Image = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]


@compiled("void(float32[:,::1], float32[:,::1], float32[:,::1], float32[::1], float32[:,::1], int32[:,::1])")
def rasterise_gain(
    out: Floats,
    target: Floats,
    source: Floats,
    gain: Floats,
    folds: Floats,
    triangles: Triangles,
) -> None:
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
        top, bottom = max(math.ceil(min(y0, y1, y2)), 0), min(math.floor(max(y0, y1, y2)), height - 1)
        left, right = max(math.ceil(min(x0, x1, x2)), 0), min(math.floor(max(x0, x1, x2)), width - 1)
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


@compiled("void(uint8[:,:,::1], float32[:,::1], float32, float32, float32, int64[::1], float32[::1])")
def apply_gain(
    frame: Image,
    gain: Floats,
    x0: float,
    y0: float,
    step: float,
    box: Ints,
    tint: Floats,
) -> None:
    """Multiplies pixels by one plus the gain, bilinear between cells.

    Args:
        frame: uint8 [H, W, 3], in place.
        gain: [h, w].
        x0: Pixel column of the first cell.
        y0: Pixel row of the first cell.
        step: Pixels between cells.
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


@compiled("void(float32[::1], float32[:,::1], float32[::1])")
def combine_masks(out: Floats, masks: Floats, amounts: Floats) -> None:
    """Weighted sum of masks [k, n] into ``out`` [n]; a matrix product would wake the threads of the BLAS."""
    out[:] = 0.0
    for k in range(masks.shape[0]):
        amount = amounts[k]
        if abs(amount) > 1e-4:
            for i in range(masks.shape[1]):
                out[i] += amount * masks[k, i]


@compiled("void(float64[::1], float64[:,::1], int32[:,::1], float64[::1])")
def vertex_facing(out: Doubles, points: Doubles, triangles: Triangles, light: Doubles) -> None:
    """Writes how much each vertex of a mesh faces a light, its normal times ``light``, to an array [n]."""
    normals = np.zeros_like(points)
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for vertex in (a, b, c):
            normals[vertex, 0] += nx
            normals[vertex, 1] += ny
            normals[vertex, 2] += nz
    for i in range(points.shape[0]):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        length = math.sqrt(x * x + y * y + z * z)
        out[i] = (x * light[0] + y * light[1] + z * light[2]) / max(length, 1e-9)


@compiled("void(float32[::1], int32[::1], int32[::1], int64)")
def smooth_vertices(values: Floats, first: Triangles, neighbours: Triangles, rounds: int) -> None:
    """Moves each value half-way to its neighbours' mean, several times, in place.

    Args:
        values: [n].
        first: [n + 1] where each vertex's neighbours begin in ``neighbours``.
        neighbours: Vertex numbers.
        rounds: How many times.
    """
    before = np.empty_like(values)
    for _ in range(rounds):
        before[:] = values
        for i in range(len(values)):
            count = first[i + 1] - first[i]
            if count > 0:
                total = np.float32(0.0)
                for k in range(first[i], first[i + 1]):
                    total += before[neighbours[k]]
                values[i] = 0.5 * before[i] + 0.5 * total / count
