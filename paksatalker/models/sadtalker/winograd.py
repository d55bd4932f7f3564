"""Winograd's convolution: 3 × 3 kernels at a quarter of the multiplications, in 32 bits, on a CPU.

A tile of 4 × 4 pixels with its border becomes 36 numbers a channel; the convolution is then a product of matrices for
each of the 36, which oneDNN does as one grouped convolution with packed weights. With 512 channels that takes a third
of the time of oneDNN's own convolution in 32 bits and two thirds of that in bfloat16; results differ by at most some
1e-4 of the values' size, a fortieth of what bfloat16 costs. Packed weights are four times as large.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paksatalker.models.sadtalker.packed import PackedConv, Target
from paksatalker.models.sadtalker.tiles import ADD, MULTIPLY, NOTHING, POINTS, STEP, from_tiles, to_tiles

#: Fewest channels, on both sides, with which transforming pays, for the type that is computed in otherwise.
_LEAST_CHANNELS = {torch.float32: 128, torch.bfloat16: 512}
_TILES = 256  # at a time: fewer are slower, and more take more memory
_SQUARE = POINTS * POINTS
_F32 = npt.NDArray[np.float32]


class WinogradConv:
    """A 3 × 3 convolution of stride 1 with a border of one zero; takes the place of a packed one.

    Args:
        weight: [out, in, 3, 3], float32.
        bias: [out] or None.
        extent: Height and width of the input that it will mostly see; multiples of 4.
        slope: Of a leaky ReLU on the result; 0 is a ReLU, None is nothing.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, extent: tuple[int, int], slope: float | None = None
    ) -> None:
        out, channels = weight.shape[:2]
        self._channels, self._out = channels, out
        self._slope = 1.0 if slope is None else slope
        self._bias = np.zeros(out, np.float32) if bias is None else np.array(bias.detach().float().numpy())
        grouped = transformed(weight.detach()).reshape(_SQUARE * out, channels, 1, 1)
        rows = min(_TILES, extent[0] * extent[1] // STEP**2)
        self._weight: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
            grouped, [0, 0], [1, 1], [1, 1], _SQUARE, [1, _SQUARE * channels, rows, 1]
        )

    def __call__(self, x: Tensor, other: Tensor | None = None, combine: Literal["add", "mul"] = "add") -> Tensor:
        """The convolution of ``x`` [B, in, H, W], combined with ``other`` if given, through the activation.

        Returns:
            float32 [B, out, H, W], channels last, whatever type ``x`` has.
        """
        batch, _, height, width = x.shape
        out = torch.empty((batch, height, width, self._out))
        rest = out if other is None else other.permute(0, 2, 3, 1).to(out.dtype).contiguous()
        how = NOTHING if other is None else ADD if combine == "add" else MULTIPLY
        padded = torch.zeros((batch, height + 2, width + 2, self._channels))
        padded[:, 1:-1, 1:-1] = x.permute(0, 2, 3, 1)
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # starts none that is not needed
            for index in range(batch):
                self._one(pool, padded[index].numpy(), out[index].numpy(), rest[index].numpy(), how)
        return out.permute(0, 3, 1, 2)

    def _one(self, pool: ThreadPoolExecutor, image: _F32, out: _F32, rest: _F32, how: int) -> None:
        across = out.shape[1] // STEP
        total = out.shape[0] // STEP * across
        tiles = torch.empty((min(_TILES, total), _SQUARE, self._channels))
        for first in range(0, total, _TILES):
            part = tiles[: min(_TILES, total - first)]
            seen = part.numpy()
            _shared(
                pool,
                lambda a, b, v=seen, f=first: to_tiles(image, v[a:b], f + a, across),  # type: ignore[misc]  # of defaults
                len(part),
            )
            made = self._products(part).numpy()
            _shared(
                pool,
                lambda a, b, m=made, f=first: from_tiles(  # type: ignore[misc]  # of defaults
                    m[a:b], out, self._bias, rest, how, f + a, across, self._slope
                ),
                len(part),
            )

    def _products(self, tiles: Tensor) -> Tensor:
        """[n, 36, in] to [n, 36, out]: a product of matrices for each of the 36."""
        count = len(tiles)
        lying = tiles.view(1, count, 1, -1).permute(0, 3, 1, 2)
        made: Tensor = torch.ops.mkldnn._convolution_pointwise(
            lying, self._weight, None, [0, 0], [1, 1], [1, 1], _SQUARE, "none", [], ""
        )
        return made.permute(0, 2, 3, 1).reshape(count, _SQUARE, self._out)


def transformed(weight: Tensor) -> Tensor:
    """Kernels [out, in, 3, 3] as tiles see them, G g Gᵀ: float32 [36, out, in]."""
    rows = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]
    g = torch.tensor(rows, dtype=torch.float64) / 24
    out, channels = weight.shape[:2]
    kernels = weight.double().reshape(out * channels, 9)
    return (torch.kron(g, g) @ kernels.T).float().view(_SQUARE, out, channels)


def fastest_conv(
    weight: Tensor, bias: Tensor | None, target: Target, size: tuple[int, ...], slope: float | None = None
) -> PackedConv | WinogradConv:
    """A 3 × 3 convolution with a border of one zero, as it is fastest here.

    Transforming pays where there are many channels on both sides, and more where the processor does not multiply
    bfloat16; where it has a unit for matrices of them (AMX), it does not pay.

    Args:
        weight: [out, in, 3, 3], float32.
        bias: [out] or None.
        target: Where and how exactly to compute; a Winograd convolution has 32 bits and more speed.
        size: Batch, channels, and extent of the input that it will mostly see.
        slope: See :class:`WinogradConv`.
    """
    least = _LEAST_CHANNELS.get(target.dtype)
    height, width = size[2:]
    if (
        least is None
        or not target.packs
        or (target.dtype == torch.bfloat16 and torch.cpu._is_amx_tile_supported())
        or min(weight.shape[:2]) < least
        or weight.shape[0] % 16
        or weight.shape[1] % 16
        or height % STEP
        or width % STEP
    ):
        return PackedConv(weight, bias, padding=(1, 1), target=target, size=size, slope=slope)
    return WinogradConv(weight, bias, (height, width), slope)


def _shared(pool: ThreadPoolExecutor, work: Callable[[int, int], None], count: int) -> None:
    """Does ``work`` from 0 to ``count``, on as many threads as PyTorch may use, this one among them."""
    threads = min(torch.get_num_threads(), count)
    bounds = [count * index // threads for index in range(threads + 1)]
    others = [pool.submit(work, a, b) for a, b in itertools.pairwise(bounds[1:])]
    work(0, bounds[1])
    for other in others:
        other.result()
