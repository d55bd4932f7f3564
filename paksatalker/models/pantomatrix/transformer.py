"""Transformer layers, post-normalised, with the parameter names of :class:`torch.nn.TransformerDecoderLayer`.

Ours take [B, T, C], make no attention weights that nobody asks for, and can be packed for a processor.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head attention with one stacked projection for query, key and value.

    Args:
        width: Features a step.
        heads: How many look at once.
        crosses: Whether it looks at a memory instead of itself.
    """

    def __init__(self, width: int, heads: int, *, crosses: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.crosses = crosses
        #: Made by :func:`~paksatalker.models.pantomatrix.packing.pack`: all in one, or the query and the other two.
        self.packed: nn.ModuleList | None = None
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        """Lets every step of ``x`` [B, T, C] look at all of ``memory`` [B, S, C] (at itself, where there is none)."""
        if memory is None:
            query, key, value = self._project(x, slice(None), 0).chunk(3, dim=-1)
        else:
            width = x.shape[-1]
            query = self._project(x, slice(0, width), 0)
            key, value = self._project(memory, slice(width, None), 1).chunk(2, dim=-1)
        query, key, value = (part.view(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in (query, key, value))
        out = functional.scaled_dot_product_attention(query, key, value)
        projected: Tensor = self.out_proj(out.transpose(1, 2).flatten(-2))
        return projected

    def _project(self, x: Tensor, rows: slice, packed: int) -> Tensor:
        if self.packed is None:
            return functional.linear(x, self.in_proj_weight[rows], self.in_proj_bias[rows])
        projected: Tensor = self.packed[packed](x)
        return projected


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward net."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.linear1 = nn.Linear(width, inner)
        self.linear2 = nn.Linear(inner, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to the same."""
        x = self.norm1(x + self.self_attn(x))
        out: Tensor = self.norm2(x + self.linear2(functional.relu(self.linear1(x))))
        return out


class DecoderLayer(nn.Module):
    """Self-attention, attention to a memory, and a feed-forward net."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.multihead_attn = Attention(width, heads, crosses=True)
        self.linear1 = nn.Linear(width, inner)
        self.linear2 = nn.Linear(inner, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """``x`` [B, T, C] and ``memory`` [B, S, C] to [B, T, C]."""
        x = self.norm1(x + self.self_attn(x))
        x = self.norm2(x + self.multihead_attn(x, memory))
        out: Tensor = self.norm3(x + self.linear2(functional.relu(self.linear1(x))))
        return out


class Encoder(nn.Module):
    """Encoder layers one after another."""

    def __init__(self, layers: int, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(width, heads, inner) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to the same."""
        for layer in self.layers:
            x = layer(x)
        return x


class Decoder(nn.Module):
    """Decoder layers one after another, all with the same memory."""

    def __init__(self, layers: int, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(width, heads, inner) for _ in range(layers))

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """``x`` [B, T, C] and ``memory`` [B, S, C] to [B, T, C]."""
        for layer in self.layers:
            x = layer(x, memory)
        return x


class PeriodicPositions(nn.Module):
    """Sines and cosines of the position, starting anew after each period (FaceFormer, Fan et al., CVPR 2022).

    Args:
        width: Features a step.
        period: Steps.
        repeats: How often the table repeats the period.
    """

    pe: Tensor

    def __init__(self, width: int, period: int, repeats: int = 2) -> None:
        super().__init__()
        step = torch.arange(period, dtype=torch.float)[:, None]
        rate = torch.exp(torch.arange(0, width, 2).float() * (-torch.log(torch.tensor(10000.0)) / width))
        table = torch.zeros(period, width)
        table[:, 0::2] = torch.sin(step * rate)
        table[:, 1::2] = torch.cos(step * rate)
        self.register_buffer("pe", table[None].repeat(1, repeats, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] with the table added."""
        return x + self.pe[:, : x.shape[1]]


class MLP(nn.Module):
    """Linear layers with leaky ReLU 0.1 between them, named ``fc1``, ``fc2``."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.depth = len(widths) - 1
        for number, (inputs, outputs) in enumerate(pairwise(widths), 1):
            self.add_module(f"fc{number}", nn.Linear(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """[..., first width] to [..., last width]."""
        for number in range(1, self.depth + 1):
            x = self.get_submodule(f"fc{number}")(x if number == 1 else functional.leaky_relu(x, 0.1))
        return x
