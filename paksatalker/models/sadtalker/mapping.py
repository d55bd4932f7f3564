"""MappingNet: from a window of face coefficients to head pose and expression of the key points.

The network reads 27 frames of coefficients around the one that is drawn and gives three angles as distributions over 66
bins of 3 degrees, a translation, and an offset for each of the 15 key points.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Frames the network looks at around the one that is drawn: 13 before, itself, 13 after.
WINDOW = 27
#: Coefficients a frame in the modes crop, extcrop and resize.
CROP_COEFFICIENTS = 70
#: Coefficients a frame in the modes full and extfull: scale and position of the face in the crop come on top.
FULL_COEFFICIENTS = 73

_ANGLE_BINS = 66


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """What the head of one frame does, as the network says it.

    Attributes:
        yaw: Scores of the 66 bins of 3 degrees from −99 degrees on [B, 66], not normalised.
        pitch: The same for pitch.
        roll: The same for roll.
        translation: [B, 3], in units of the key points (the image spans −1 to 1).
        expression: Offsets of the 15 key points, x, y, z of the first, then of the second … [B, 45].
    """

    yaw: Tensor
    pitch: Tensor
    roll: Tensor
    translation: Tensor
    expression: Tensor


class _DilatedConv(nn.Sequential):
    """LeakyReLU and a convolution over every third frame: takes 3 frames off each end."""

    def __init__(self, channels: int) -> None:
        super().__init__(nn.LeakyReLU(0.1), nn.Conv1d(channels, channels, kernel_size=3, dilation=3))


class MappingNet(nn.Module):
    """Coefficients to head motion.

    Args:
        coefficients: Coefficients a frame: :data:`CROP_COEFFICIENTS` or :data:`FULL_COEFFICIENTS`.
        channels: Width of the network.
        layers: Residual layers.
        key_points: Number of key points.
    """

    def __init__(
        self, coefficients: int = CROP_COEFFICIENTS, channels: int = 1024, layers: int = 3, key_points: int = 15
    ) -> None:
        super().__init__()
        self.layers = layers
        self.first = nn.Sequential(nn.Conv1d(coefficients, channels, kernel_size=7))
        for index in range(layers):
            self.add_module(f"encoder{index}", _DilatedConv(channels))
        self.fc_roll = nn.Linear(channels, _ANGLE_BINS)
        self.fc_pitch = nn.Linear(channels, _ANGLE_BINS)
        self.fc_yaw = nn.Linear(channels, _ANGLE_BINS)
        self.fc_t = nn.Linear(channels, 3)
        self.fc_exp = nn.Linear(channels, 3 * key_points)

    def forward(self, window: Tensor) -> HeadMotion:
        """Head motion of the middle frame of each window.

        Args:
            window: float32 [B, coefficients, 27].
        """
        hidden: Tensor = self.first(window)
        for index in range(self.layers):
            hidden = self.get_submodule(f"encoder{index}")(hidden) + hidden[:, :, 3:-3]
        pooled = hidden.mean(dim=2)
        return HeadMotion(
            yaw=self.fc_yaw(pooled),
            pitch=self.fc_pitch(pooled),
            roll=self.fc_roll(pooled),
            translation=self.fc_t(pooled),
            expression=self.fc_exp(pooled),
        )


def degrees(scores: Tensor) -> Tensor:
    """The expected angle [B], degrees, of a distribution given by its scores [B, 66]."""
    bins = torch.arange(_ANGLE_BINS, dtype=scores.dtype, device=scores.device)
    return (functional.softmax(scores, dim=1) * bins).sum(dim=1) * 3 - 99
