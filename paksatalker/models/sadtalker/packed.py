"""Convolutions made ready for inference: weights laid out once in the order and type that the processor wants.

On a CPU they go through oneDNN with its prepacked weights, activation and a following sum or product included in the
convolution; elsewhere through PyTorch's own convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Combine = Literal["add", "mul"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how exactly to compute.

    Attributes:
        device: Where.
        dtype: Type of weights and activations.
    """

    device: torch.device
    dtype: torch.dtype

    @property
    def packs(self) -> bool:
        """Whether weights are packed for oneDNN."""
        return self.device.type == "cpu" and bool(torch._C._has_mkldnn)


def best_target(device: torch.device | str = "cpu") -> Target:
    """What is fastest without visible loss.

    On a GPU half precision; on a CPU bfloat16 where its instructions are there (they multiply twice as many numbers at
    a time, and without them conversion costs more than is won), else float32.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return Target(device, torch.float16)
    if device.type == "cpu" and _multiplies_bfloat16():
        return Target(device, torch.bfloat16)
    return Target(device, torch.float32)


def _multiplies_bfloat16() -> bool:
    capabilities = torch.backends.cpu.get_cpu_capability()
    return capabilities.startswith("AVX512") and bool(torch.cpu._is_avx512_bf16_supported())


class PackedConv:
    """A convolution of stride 1 with constant weights, over 2 or 3 dimensions.

    Args:
        weight: [out, in, *kernel], float32.
        bias: [out] or None.
        padding: Zeros on both sides, for each dimension.
        target: Where and how exactly to compute.
        size: Batch, channels, and extent of the input that it will mostly see.
        slope: Of a leaky ReLU on the result; 0 is a ReLU, None is nothing.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        *,
        padding: tuple[int, ...],
        target: Target,
        size: tuple[int, ...],
        slope: float | None = None,
    ) -> None:
        self._dims = weight.dim() - 2
        self._padding = list(padding)
        self._ones = [1] * self._dims
        self._slope = slope
        self._packs = target.packs
        weight = weight.detach().to(target.device, target.dtype)
        self._bias = None if bias is None else bias.detach().to(target.device, target.dtype)
        if self._packs:
            self._weight: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
                weight.contiguous(), self._padding, self._ones, self._ones, 1, list(size)
            )
        else:
            self._weight = weight.contiguous(memory_format=memory_format(self._dims))
        self._unary = "none" if slope is None else "relu" if slope == 0 else "leaky_relu"
        self._scalars = [slope] if self._unary == "leaky_relu" else []

    @classmethod
    def of(
        cls,
        conv: nn.Conv2d | nn.Conv3d,
        target: Target,
        size: tuple[int, ...],
        norm: nn.BatchNorm2d | nn.BatchNorm3d | None = None,
        slope: float | None = None,
    ) -> PackedConv:
        """A convolution of a network, with the batch norm that follows it."""
        weight, bias = folded(conv, norm)
        padding = tuple(int(p) for p in conv.padding)
        return cls(weight, bias, padding=padding, target=target, size=size, slope=slope)

    def __call__(self, x: Tensor, other: Tensor | None = None, combine: Combine = "add") -> Tensor:
        """The convolution of ``x``, combined with ``other`` if given, through the activation."""
        if not self._packs:
            return self._plain(x, other, combine)
        common = (self._weight, self._bias, self._padding, self._ones, self._ones, 1)
        out: Tensor
        if other is None:
            out = torch.ops.mkldnn._convolution_pointwise(x, *common, self._unary, self._scalars, "")
        else:
            out = torch.ops.mkldnn._convolution_pointwise.binary(
                x, other, *common, combine, 1.0 if combine == "add" else None, None, [], ""
            )
            if self._slope is not None:  # the operator knows no leaky ReLU behind a sum
                out = functional.leaky_relu_(out, self._slope)
        return out

    def _plain(self, x: Tensor, other: Tensor | None, combine: Combine) -> Tensor:
        convolve = functional.conv2d if self._dims == 2 else functional.conv3d
        out = convolve(x, self._weight, self._bias, padding=self._padding)
        if other is not None:
            out = out + other if combine == "add" else out * other
        return out if self._slope is None else functional.leaky_relu_(out, self._slope)


class UpsampledConv:
    """A 3 × 3 (× 3) convolution over a map whose pixels are repeated, computed on the map itself.

    Repeated pixels make neighbouring taps read the same value, so that those taps can be added beforehand. With
    factor 2 each of the 2 × 2 pixels that come from one has a kernel of 2 × 2: 4 / 9 of the work. With factor 4 the
    inner pixels have one tap and are all the same: 25 / 144 of it. Nothing is approximated.

    Args:
        weight: [out, in, 3, 3] or [out, in, 3, 3, 3] (the first dimension, depth, is not repeated).
        bias: [out].
        factor: 2 or 4.
        target: Where and how exactly to compute.
        size: Batch, channels, and extent of the input that it will mostly see.
        slope: See :class:`PackedConv`.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        factor: int,
        target: Target,
        size: tuple[int, ...],
        slope: float | None = None,
    ) -> None:
        self._factor = factor
        self._channels = weight.shape[0]
        self._depth = weight.dim() == 5
        self._parts: list[tuple[PackedConv, _Place, _Place]] = []
        for rows in _places(factor):
            for columns in _places(factor):
                merged = _merge(_merge(weight.detach(), rows.taps, -2), columns.taps, -1)
                padding = (rows.padding, columns.padding)
                conv = PackedConv(
                    merged,
                    bias,
                    padding=(1, *padding) if self._depth else padding,
                    target=target,
                    size=size,
                    slope=slope,
                )
                self._parts.append((conv, rows, columns))

    def __call__(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """[B, in, (D,) H, W] to [B, out, (D,) factor · H, factor · W], written to ``out`` if given."""
        height, width = x.shape[-2:]
        if out is None:
            shape = (len(x), self._channels, *x.shape[2:-2], height * self._factor, width * self._factor)
            out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=memory_format(x.dim() - 2))
        for conv, rows, columns in self._parts:
            part = conv(x).narrow(-2, rows.skip, height).narrow(-1, columns.skip, width)
            for row in rows.outputs:
                for column in columns.outputs:
                    out[..., row :: self._factor, column :: self._factor] = part
        return out


@dataclass(frozen=True, slots=True)
class _Place:
    """Pixels, of those that come from one, that have the same kernel along one dimension.

    Attributes:
        outputs: Which of them.
        taps: Which of the three taps each tap of theirs adds up.
        padding: Zeros on both sides of the map.
        skip: Leading outputs that are none of theirs.
    """

    outputs: tuple[int, ...]
    taps: tuple[tuple[int, ...], ...]
    padding: int
    skip: int


def _places(factor: int) -> tuple[_Place, ...]:
    first = _Place((0,), ((0,), (1, 2)), padding=1, skip=0)
    last = _Place((factor - 1,), ((0, 1), (2,)), padding=1, skip=1)
    inner = _Place(tuple(range(1, factor - 1)), ((0, 1, 2),), padding=0, skip=0)
    return (first, inner, last) if inner.outputs else (first, last)


def _merge(weight: Tensor, taps: tuple[tuple[int, ...], ...], dim: int) -> Tensor:
    return torch.stack([sum((weight.select(dim, i) for i in group), torch.zeros(())) for group in taps], dim)


def folded(
    conv: nn.Conv2d | nn.Conv3d, norm: nn.BatchNorm2d | nn.BatchNorm3d | None = None
) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of a convolution and the batch norm that follows it."""
    weight, bias = conv.weight.detach(), None if conv.bias is None else conv.bias.detach()
    if norm is None:
        return weight, bias
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a batch norm without running statistics cannot be folded")
    scale = norm.weight.detach() * torch.rsqrt(norm.running_var + norm.eps)
    shift = norm.bias.detach() - norm.running_mean * scale
    weight = weight * scale.view(-1, *[1] * (weight.dim() - 1))
    return weight, shift if bias is None else bias * scale + shift


def memory_format(dims: int) -> torch.memory_format:
    """Channels last: the order in which convolutions over ``dims`` dimensions are fastest."""
    return torch.channels_last if dims == 2 else torch.channels_last_3d
