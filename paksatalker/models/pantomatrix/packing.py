"""Linear layers whose weights lie as oneDNN multiplies them: over twice as fast on the few rows of a window."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from paksatalker.models.pantomatrix.transformer import Attention

_M = TypeVar("_M", bound=nn.Module)


class PackedLinear(nn.Module):
    """A linear layer for inference on a CPU; its weight is no longer in the state dict.

    Args:
        weight: [outputs, inputs].
        bias: [outputs].
        rows: How many rows it will mostly see; others work, too.
    """

    def __init__(self, weight: Tensor, bias: Tensor, rows: int) -> None:
        super().__init__()
        with torch.no_grad():
            self._weight: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), rows)
        self._bias = bias.detach().clone()

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
        return out


def can_pack() -> bool:
    """Whether this PyTorch has oneDNN."""
    return bool(torch._C._has_mkldnn) and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def pack(network: _M, rows: int) -> _M:
    """Packs all linear layers of a network, for good; returns it. Where that cannot be, it stays as it is.

    Args:
        network: Loaded, in evaluation mode, on the CPU.
        rows: How many rows its layers mostly see.
    """
    if not can_pack():
        return network
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, PackedLinear(child.weight, child.bias, rows))
        if isinstance(module, Attention):
            width = module.in_proj_weight.shape[1]
            parts = (slice(0, width), slice(width, None)) if module.crosses else (slice(None),)
            packed = (PackedLinear(module.in_proj_weight[part], module.in_proj_bias[part], rows) for part in parts)
            module.packed = nn.ModuleList(packed)
            module.in_proj_weight = nn.Parameter(torch.empty(0, width), requires_grad=False)
    return network
