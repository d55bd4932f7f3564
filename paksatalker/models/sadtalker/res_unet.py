"""A small U-Net with pre-activated residual blocks.

Z. Zhang et al., "Road Extraction by Deep Residual U-Net", IEEE GRSL 2018.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_WIDTHS = (32, 64, 128, 256)
#: Time is halved on the way down; the six numbers of a pose stay.
_HALVE = (2, 1)


class ResidualConv(nn.Module):
    """Norm, ReLU, convolution, twice; and the input, brought to the same shape, added.

    Args:
        source: Channels in.
        target: Channels out.
        stride: Of the first convolution, in time and pose.
    """

    def __init__(self, source: int, target: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.BatchNorm2d(source),
            nn.ReLU(),
            nn.Conv2d(source, target, 3, stride, padding=1),
            nn.BatchNorm2d(target),
            nn.ReLU(),
            nn.Conv2d(target, target, 3, padding=1),
        )
        self.conv_skip = nn.Sequential(nn.Conv2d(source, target, 3, stride, padding=1), nn.BatchNorm2d(target))

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, T, P] to [B, target, T / stride, P]."""
        out: Tensor = self.conv_block(x) + self.conv_skip(x)
        return out


class Upsample(nn.Module):
    """Doubles the time by a transposed convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, kernel_size=_HALVE, stride=_HALVE)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, P] to [B, C, 2 T, P]."""
        out: Tensor = self.upsample(x)
        return out


class ResUnet(nn.Module):
    """A sequence of poses to another of the same length, each number 0–1."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, last = _WIDTHS
        self.input_layer = nn.Sequential(
            nn.Conv2d(1, first, 3, padding=1), nn.BatchNorm2d(first), nn.ReLU(), nn.Conv2d(first, first, 3, padding=1)
        )
        self.input_skip = nn.Sequential(nn.Conv2d(1, first, 3, padding=1))
        self.residual_conv_1 = ResidualConv(first, second, _HALVE)
        self.residual_conv_2 = ResidualConv(second, third, _HALVE)
        self.bridge = ResidualConv(third, last, _HALVE)
        self.upsample_1 = Upsample(last)
        self.up_residual_conv1 = ResidualConv(last + third, third)
        self.upsample_2 = Upsample(third)
        self.up_residual_conv2 = ResidualConv(third + second, second)
        self.upsample_3 = Upsample(second)
        self.up_residual_conv3 = ResidualConv(second + first, first)
        self.output_layer = nn.Sequential(nn.Conv2d(first, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """[B, 1, T, P] to the same; T a multiple of 8."""
        first = self.input_layer(x) + self.input_skip(x)
        second = self.residual_conv_1(first)
        third = self.residual_conv_2(second)
        out = self.upsample_1(self.bridge(third))
        out = self.upsample_2(self.up_residual_conv1(torch.cat([out, third], dim=1)))
        out = self.upsample_3(self.up_residual_conv2(torch.cat([out, second], dim=1)))
        moves: Tensor = self.output_layer(self.up_residual_conv3(torch.cat([out, first], dim=1)))
        return moves
