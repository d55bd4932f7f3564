"""Convolutions over time that keep the length: the stuff of the motion encoders and decoders.

Every layer has kernel 3 and zero padding, so an output frame depends on a fixed number of neighbours only:
:func:`reach` of them on each side. That is what makes streaming exact.
"""

from __future__ import annotations

from torch import Tensor, nn

_SLOPE = 0.2


def _conv(inputs: int, outputs: int) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, 3, padding=1)


class ResBlock(nn.Module):
    """Two convolutions with a shortcut round them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(_conv(channels, channels), nn.LeakyReLU(_SLOPE), _conv(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] to the same."""
        out: Tensor = x + self.model(x)
        return out


class ConvEncoder(nn.Module):
    """Motion to features of the same length: ``layers`` times convolution and residual block.

    Args:
        inputs: Numbers a frame.
        width: Features a frame.
        layers: How many times.
    """

    def __init__(self, inputs: int, width: int, layers: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for layer in range(layers):
            blocks += [_conv(width if layer else inputs, width), nn.LeakyReLU(_SLOPE), ResBlock(width)]
        self.main = nn.Sequential(*blocks)

    def forward(self, motion: Tensor) -> Tensor:
        """[B, T, inputs] to [B, T, width]."""
        out: Tensor = self.main(motion.transpose(1, 2))
        return out.transpose(1, 2)


class ConvDecoder(nn.Module):
    """Features to motion of the same length: two residual blocks, then ``layers`` convolutions and one more.

    Args:
        width: Features a frame.
        outputs: Numbers a frame.
        layers: How many convolutions stand before the last.
    """

    def __init__(self, width: int, outputs: int, layers: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = [ResBlock(width), ResBlock(width)]
        for layer in range(layers):
            blocks += [_conv(width, outputs if layer == layers - 1 else width), nn.LeakyReLU(_SLOPE)]
        self.main = nn.Sequential(*blocks, _conv(outputs, outputs))

    def forward(self, features: Tensor) -> Tensor:
        """[B, T, width] to [B, T, outputs]."""
        out: Tensor = self.main(features.transpose(1, 2))
        return out.transpose(1, 2)


def reach(module: nn.Module) -> int:
    """How many neighbours on each side an output frame depends on at most."""
    return sum(isinstance(part, nn.Conv1d) for part in module.modules())
