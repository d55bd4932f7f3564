"""KPDetector: 15 key points in space for a face, and how head motion moves them.

Coordinates run from −1 to 1 over the image (x to the right, y down) and over 16 layers of depth (z).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from paksatalker.models.sadtalker.blocks import DownBlock2d, UpBlock3d, coordinate_grid
from paksatalker.models.sadtalker.mapping import HeadMotion, degrees

#: Sharpness of the heat maps.
_TEMPERATURE = 0.1
#: The original's value of π; the weights were trained with it.
_PI = 3.14


class GaussianDownsample(nn.Module):
    """Blurs each channel with a Gaussian and takes every ``factor``-th pixel.

    The standard deviation is (factor − 1) / 2 pixels, the kernel reaches four of them to each side: 13 × 13 for a
    factor of 4.
    """

    weight: Tensor

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        sigma = (factor - 1) / 2
        self._reach = round(4 * sigma)
        offsets = torch.arange(-self._reach, self._reach + 1, dtype=torch.float32)
        profile = torch.exp(-(offsets**2) / (2 * sigma**2))
        kernel = torch.outer(profile, profile)
        self.register_buffer("weight", (kernel / kernel.sum()).expand(channels, 1, -1, -1).clone())

    def forward(self, image: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H / factor, W / factor]."""
        return functional.conv2d(
            image, self.weight, stride=self.factor, padding=self._reach, groups=self.weight.shape[0]
        )


class KeyPointFeatures(nn.Module):
    """The network below the key points: an image becomes a volume of features.

    Args:
        width: Channels of the first layer; each of the five doubles them.
        max_channels: Their limit.
        layers: Halvings of the resolution, undone by as many doublings.
        flat_channels: Channels between the two halves; they are cut into ``depth`` layers.
        depth: Layers of the volume.
    """

    def __init__(
        self, width: int = 32, max_channels: int = 1024, layers: int = 5, flat_channels: int = 16384, depth: int = 16
    ) -> None:
        super().__init__()
        channels = [3, *(min(max_channels, width * 2 ** (index + 1)) for index in range(layers))]
        self.depth = depth
        self.down_blocks = nn.Sequential()
        for index in range(layers):
            self.down_blocks.add_module(f"down{index}", DownBlock2d(channels[index], channels[index + 1]))
        self.conv = nn.Conv2d(channels[-1], flat_channels, kernel_size=1)
        self.up_blocks = nn.Sequential()
        source = flat_channels // depth
        for index in range(layers):
            target = min(max_channels, width * 2 ** (layers - 1 - index))
            self.up_blocks.add_module(f"up{index}", UpBlock3d(source, target))
            source = target
        self.out_channels = source

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] to [B, C, depth, H, W]; H and W are multiples of 32."""
        flat = self.conv(self.down_blocks(image))
        batch, _, height, width = flat.shape
        volume: Tensor = self.up_blocks(flat.view(batch, -1, self.depth, height, width))
        return volume


class KPDetector(nn.Module):
    """Finds the key points of a face in a neutral pose and expression, whatever those in the image are.

    Args:
        key_points: How many.
        features: The network below them.
    """

    def __init__(self, key_points: int = 15, features: KeyPointFeatures | None = None) -> None:
        super().__init__()
        self.predictor = features or KeyPointFeatures()
        self.kp = nn.Conv3d(self.predictor.out_channels, key_points, kernel_size=3, padding=1)
        self.down = GaussianDownsample(channels=3, factor=4)

    def forward(self, image: Tensor) -> Tensor:
        """Key points of each image.

        Args:
            image: float32 [B, 3, S, S] RGB, 0–1; S is a multiple of 128.

        Returns:
            float32 [B, key_points, 3] x, y, z.
        """
        volume = self.kp(self.predictor(self.down(image)))
        heat = functional.softmax(volume.flatten(2) / _TEMPERATURE, dim=2)
        grid = coordinate_grid(volume.shape[2:], volume).view(-1, 3)
        return (heat[..., None] * grid).sum(dim=2)  # a matrix product rounds 40 times as much here


def rotation_matrix(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """Rx(pitch) · Ry(yaw) · Rz(roll).

    Args:
        yaw: [B], degrees.
        pitch: [B], degrees.
        roll: [B], degrees.

    Returns:
        [B, 3, 3].
    """
    cos_y, sin_y, cos_p, sin_p, cos_r, sin_r = (
        function(angle / 180 * _PI) for angle in (yaw, pitch, roll) for function in (torch.cos, torch.sin)
    )
    one, zero = torch.ones_like(yaw), torch.zeros_like(yaw)

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, dim=1).view(-1, 3, 3)

    about_x = matrix(one, zero, zero, zero, cos_p, -sin_p, zero, sin_p, cos_p)
    about_y = matrix(cos_y, zero, sin_y, zero, one, zero, -sin_y, zero, cos_y)
    about_z = matrix(cos_r, -sin_r, zero, sin_r, cos_r, zero, zero, zero, one)
    return about_x @ about_y @ about_z


def transform_keypoints(
    canonical: Tensor,
    motion: HeadMotion,
    *,
    yaw: Tensor | None = None,
    pitch: Tensor | None = None,
    roll: Tensor | None = None,
) -> Tensor:
    """The key points of a face that moves: rotated, shifted up or down, and offset by the expression.

    Args:
        canonical: Key points of the photo [B, K, 3] (or [1, K, 3] for all).
        motion: Head motion of B frames.
        yaw: [B] degrees that replace the network's; None keeps those.
        pitch: The same for pitch.
        roll: The same for roll.

    Returns:
        [B, K, 3].
    """
    rotation = rotation_matrix(
        degrees(motion.yaw) if yaw is None else yaw,
        degrees(motion.pitch) if pitch is None else pitch,
        degrees(motion.roll) if roll is None else roll,
    )
    vertical = motion.translation * motion.translation.new_tensor([0.0, 1.0, 0.0])  # the only shift that is used
    offsets = motion.expression.view(-1, canonical.shape[1], 3)
    return canonical @ rotation.transpose(1, 2) + vertical[:, None] + offsets
