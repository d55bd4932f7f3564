"""What the key point detector and the generator are built of: convolution blocks and coordinate grids."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class SameBlock2d(nn.Module):
    """Convolution 3 × 3, batch norm, rectifier at unchanged resolution.

    Args:
        source: Channels in.
        target: Channels out.
        slope: Slope below zero: 0 is ReLU.
    """

    def __init__(self, source: int, target: int, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(source, target, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(target)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, H, W] to [B, target, H, W]."""
        return functional.leaky_relu(self.norm(self.conv(x)), self.slope)


class DownBlock2d(nn.Module):
    """Convolution 3 × 3, batch norm, ReLU, then the mean of 2 × 2 pixels."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(source, target, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(target)

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, H, W] to [B, target, H / 2, W / 2]."""
        return functional.avg_pool2d(functional.relu(self.norm(self.conv(x))), 2)


class DownBlock3d(nn.Module):
    """Convolution 3 × 3 × 3, batch norm, ReLU, then the mean of 2 × 2 pixels; depth stays."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(source, target, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm3d(target)

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, D, H, W] to [B, target, D, H / 2, W / 2]."""
        return functional.avg_pool3d(functional.relu(self.norm(self.conv(x))), (1, 2, 2))


class UpBlock3d(nn.Module):
    """Every pixel doubled in height and width, convolution 3 × 3 × 3, batch norm, ReLU; depth stays."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(source, target, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm3d(target)

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, D, H, W] to [B, target, D, 2 H, 2 W]."""
        large = functional.interpolate(x, scale_factor=(1, 2, 2), mode="nearest")
        return functional.relu(self.norm(self.conv(large)))


class ResBlock3d(nn.Module):
    """Twice batch norm, ReLU, convolution 3 × 3 × 3; the input is added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, kernel_size=3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, kernel_size=3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, D, H, W], both sides."""
        out = self.conv1(functional.relu(self.norm1(x)))
        total: Tensor = x + self.conv2(functional.relu(self.norm2(out)))
        return total


def coordinate_grid(shape: Sequence[int], like: Tensor) -> Tensor:
    """The position of every cell of a volume, −1 at the first and 1 at the last of each axis.

    Args:
        shape: Depth, height, width.
        like: Gives type and device.

    Returns:
        [D, H, W, 3]: x, y, z.
    """
    depth, height, width = (2 * (torch.arange(n, dtype=like.dtype, device=like.device) / (n - 1)) - 1 for n in shape)
    z, y, x = torch.meshgrid(depth, height, width, indexing="ij")
    return torch.stack([x, y, z], dim=-1)
