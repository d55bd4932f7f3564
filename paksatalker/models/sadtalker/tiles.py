"""The inner loops of Winograd's convolution: pixels to tiles, products of tiles back to pixels.

F(4 × 4, 3 × 3) of Lavin and Gray ("Fast Algorithms for Convolutional Neural Networks", 2016), with the points 0, ±1, ±2
and infinity. Compiled by numba as the other inner loops are; channels lie last, so that they fill vector registers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paksatalker.config.compiling import compiled

_F32 = npt.NDArray[np.float32]

#: Pixels of the result along a side of a tile, and numbers that stand for them.
STEP = 4
POINTS = 6
#: What :func:`from_tiles` does with its last array.
NOTHING, ADD, MULTIPLY = 0, 1, 2
_BLOCK = 64  # channels at a time: what lies between the two passes stays in the first cache
_2, _4, _5, _8 = (np.float32(number) for number in (2, 4, 5, 8))


@compiled(inline=True)
def _along_six(  # noqa: PLR0917  (compiled functions take all by place)
    r0: _F32, r1: _F32, r2: _F32, r3: _F32, r4: _F32, r5: _F32,
    t0: _F32, t1: _F32, t2: _F32, t3: _F32, t4: _F32, t5: _F32,
) -> None:  # fmt: skip
    """Bᵀ along six pixels or numbers ``r``, [C] each, written to ``t``."""
    for c in range(len(r0)):
        a, b = r4[c] - _4 * r2[c], r3[c] - _4 * r1[c]
        d, e = r4[c] - r2[c], _2 * (r3[c] - r1[c])
        t0[c] = _4 * r0[c] - _5 * r2[c] + r4[c]
        t1[c], t2[c] = a + b, a - b
        t3[c], t4[c] = d + e, d - e
        t5[c] = _4 * r1[c] - _5 * r3[c] + r5[c]


@compiled("void(f4[:, :, ::1], f4[:, :, ::1], i8, i8)")
def to_tiles(image: _F32, tiles: _F32, first: int, across: int) -> None:
    """Transforms pixels, with a border of one, to tiles: Bᵀ d B.

    Args:
        image: [H + 2, W + 2, C].
        tiles: [n, 36, C], written: the tiles from number ``first`` on, row by row.
        first: See ``tiles``.
        across: Tiles in a row, W / 4.
    """
    channels = image.shape[2]
    half = np.empty((36, _BLOCK), np.float32)
    for k in range(tiles.shape[0]):
        y, x = 4 * ((first + k) // across), 4 * ((first + k) % across)
        for c0 in range(0, channels, _BLOCK):
            end = min(c0 + _BLOCK, channels)
            for j in range(6):
                _along_six(
                    image[y, x + j, c0:end], image[y + 1, x + j, c0:end], image[y + 2, x + j, c0:end],
                    image[y + 3, x + j, c0:end], image[y + 4, x + j, c0:end], image[y + 5, x + j, c0:end],
                    half[j], half[6 + j], half[12 + j], half[18 + j], half[24 + j], half[30 + j],
                )  # fmt: skip
            for i in range(0, 36, 6):
                _along_six(
                    half[i, : end - c0], half[i + 1], half[i + 2], half[i + 3], half[i + 4], half[i + 5],
                    tiles[k, i, c0:end], tiles[k, i + 1, c0:end], tiles[k, i + 2, c0:end],
                    tiles[k, i + 3, c0:end], tiles[k, i + 4, c0:end], tiles[k, i + 5, c0:end],
                )  # fmt: skip


@compiled("void(f4[::1], f4[::1], i8, f4)")
def _finish(made: _F32, given: _F32, combine: int, slope: float) -> None:
    """One pixel of :func:`from_tiles`, [C]: combined with what is given, through the activation."""
    if combine == ADD:
        for c in range(len(made)):
            made[c] += given[c]
    elif combine == MULTIPLY:
        for c in range(len(made)):
            made[c] *= given[c]
    if slope != 1:
        for c in range(len(made)):
            made[c] = max(made[c], np.float32(0)) + slope * min(made[c], np.float32(0))


@compiled("void(f4[:, :, ::1], f4[:, :, ::1], f4[::1], f4[:, :, ::1], i8, i8, i8, f4)")
def from_tiles(  # noqa: PLR0917  (compiled functions take all by place)
    tiles: _F32, out: _F32, bias: _F32, other: _F32, combine: int, first: int, across: int, slope: float
) -> None:
    """Transforms products of tiles back to pixels, Aᵀ m A, and finishes them.

    Args:
        tiles: [n, 36, C]: the tiles from number ``first`` on, row by row.
        out: [H, W, C], written.
        bias: [C], added.
        other: [H, W, C], added to that, or multiplied by it; any array where it is not used.
        combine: NOTHING, ADD or MULTIPLY.
        first: See ``tiles``.
        across: Tiles in a row, W / 4.
        slope: What values below zero are multiplied by in the end; 1 leaves them.
    """
    channels = out.shape[2]
    half = np.empty((24, _BLOCK), np.float32)
    for k in range(tiles.shape[0]):
        y, x = 4 * ((first + k) // across), 4 * ((first + k) % across)
        for c0 in range(0, channels, _BLOCK):
            width = min(_BLOCK, channels - c0)
            end = c0 + width
            for j in range(6):
                m0, m1, m2 = tiles[k, j, c0:end], tiles[k, 6 + j, c0:end], tiles[k, 12 + j, c0:end]
                m3, m4, m5 = tiles[k, 18 + j, c0:end], tiles[k, 24 + j, c0:end], tiles[k, 30 + j, c0:end]
                t0, t1, t2, t3 = half[j], half[6 + j], half[12 + j], half[18 + j]
                for c in range(width):
                    a, b, d, e = m1[c] + m2[c], m1[c] - m2[c], m3[c] + m4[c], m3[c] - m4[c]
                    t0[c], t1[c] = m0[c] + a + d, b + _2 * e
                    t2[c], t3[c] = a + _4 * d, b + _8 * e + m5[c]
            added = bias[c0:end]
            for i in range(4):
                r = 6 * i
                m0, m1, m2, m3, m4, m5 = half[r], half[r + 1], half[r + 2], half[r + 3], half[r + 4], half[r + 5]
                o0, o1 = out[y + i, x, c0:end], out[y + i, x + 1, c0:end]
                o2, o3 = out[y + i, x + 2, c0:end], out[y + i, x + 3, c0:end]
                for c in range(width):
                    a, b, d, e = m1[c] + m2[c], m1[c] - m2[c], m3[c] + m4[c], m3[c] - m4[c]
                    o0[c], o1[c] = m0[c] + a + d + added[c], b + _2 * e + added[c]
                    o2[c], o3[c] = a + _4 * d + added[c], b + _8 * e + m5[c] + added[c]
                for j in range(4):
                    _finish(out[y + i, x + j, c0:end], other[y + i, x + j, c0:end], combine, slope)
