"""The SPADE decoder: features that have been moved become an image.

SPADE (Park et al., 2019, "Semantic Image Synthesis with Spatially-Adaptive Normalization") normalises each channel
over the image, then scales and shifts every pixel of it by what it reads in a guide; here those features are the guide.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SLOPE = 0.2


class SpectralConv2d(nn.Module):
    """A convolution whose weight is divided by its largest singular value.

    ``weight_u`` and ``weight_v`` are the singular vectors that training has found; nothing is iterated here.

    Args:
        source: Channels in.
        target: Channels out.
        kernel: Side of the kernel, odd.
        bias: Whether a bias is added.
    """

    bias: Tensor | None
    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, source: int, target: int, kernel: int = 3, *, bias: bool = True) -> None:
        super().__init__()
        self.padding = kernel // 2
        self.weight_orig = nn.Parameter(torch.empty(target, source, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight_orig, a=5**0.5)
        if bias:
            self.bias = nn.Parameter(torch.zeros(target))
        else:
            self.register_parameter("bias", None)
        left, _, right = torch.svd_lowrank(self.weight_orig.detach().flatten(1), q=1)
        self.register_buffer("weight_u", left[:, 0].clone())
        self.register_buffer("weight_v", right[:, 0].clone())

    def weight(self) -> Tensor:
        """The weight that is used [target, source, kernel, kernel]: divided by σ = uᵀ W v."""
        matrix = self.weight_orig.flatten(1)
        return self.weight_orig / torch.dot(self.weight_u, torch.mv(matrix, self.weight_v))

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, H, W] to [B, target, H, W]."""
        return functional.conv2d(x, self.weight(), self.bias, padding=self.padding)


class Spade(nn.Module):
    """Normalisation that is steered by a guide.

    Args:
        channels: Channels that are normalised.
        guide: Channels of the guide.
        hidden: Channels in between.
    """

    def __init__(self, channels: int, guide: int, hidden: int = 128) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(guide, hidden, kernel_size=3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, kernel_size=3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """[B, channels, H, W] steered by [B, guide, h, w], whose pixels are repeated to H × W."""
        hidden = self.mlp_shared(functional.interpolate(guide, size=x.shape[2:], mode="nearest"))
        normal = functional.instance_norm(x)
        steered: Tensor = normal * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
        return steered


class SpadeResBlock(nn.Module):
    """Twice SPADE, leaky ReLU, convolution; the input is added, through a convolution where channels change.

    Args:
        source: Channels in.
        target: Channels out.
        guide: Channels of the guide.
        hidden: See :class:`Spade`.
    """

    def __init__(self, source: int, target: int, guide: int, hidden: int = 128) -> None:
        super().__init__()
        between = min(source, target)
        self.conv_0 = SpectralConv2d(source, between)
        self.conv_1 = SpectralConv2d(between, target)
        self.norm_0 = Spade(source, guide, hidden)
        self.norm_1 = Spade(between, guide, hidden)
        self.learns_shortcut = source != target
        if self.learns_shortcut:
            self.conv_s = SpectralConv2d(source, target, kernel=1, bias=False)
            self.norm_s = Spade(source, guide, hidden)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """[B, source, H, W] to [B, target, H, W]."""
        shortcut = self.conv_s(self.norm_s(x, guide)) if self.learns_shortcut else x
        out = self.conv_0(functional.leaky_relu(self.norm_0(x, guide), _SLOPE))
        out = self.conv_1(functional.leaky_relu(self.norm_1(out, guide), _SLOPE))
        total: Tensor = shortcut + out
        return total


class SpadeDecoder(nn.Module):
    """Moved features to an image four times as large.

    Args:
        guide: Channels of the features.
        width: Channels of the last layer; 8 times as many in the middle.
        hidden: See :class:`Spade`.
        middle: Blocks at the features' own resolution.
    """

    def __init__(self, guide: int = 256, width: int = 64, hidden: int = 128, middle: int = 6) -> None:
        super().__init__()
        self.middle = middle
        self.fc = nn.Conv2d(guide, 8 * width, kernel_size=3, padding=1)
        for index in range(middle):
            self.add_module(f"G_middle_{index}", SpadeResBlock(8 * width, 8 * width, guide, hidden))
        self.up_0 = SpadeResBlock(8 * width, 4 * width, guide, hidden)
        self.up_1 = SpadeResBlock(4 * width, width, guide, hidden)
        self.conv_img = nn.Conv2d(width, 3, kernel_size=3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """[B, guide, H, W] to RGB [B, 3, 4 H, 4 W], 0–1."""
        x: Tensor = self.fc(features)
        for index in range(self.middle):
            x = self.get_submodule(f"G_middle_{index}")(x, features)
        x = self.up_0(functional.interpolate(x, scale_factor=2, mode="nearest"), features)
        x = self.up_1(functional.interpolate(x, scale_factor=2, mode="nearest"), features)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, _SLOPE)))
