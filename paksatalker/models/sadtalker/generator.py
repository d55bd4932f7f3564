"""The generator: a photo and key points before and after become a frame.

The photo becomes a volume of features once; for each frame the dense motion moves the volume, a mask darkens what the
photo does not show, and the SPADE decoder draws the result.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from paksatalker.models.sadtalker.blocks import DownBlock2d, ResBlock3d, SameBlock2d
from paksatalker.models.sadtalker.dense_motion import DenseMotion, Motion
from paksatalker.models.sadtalker.spade import SpadeDecoder


@dataclass(frozen=True, slots=True)
class SourceFeatures:
    """The photo as the generator knows it; the same for every frame.

    Attributes:
        volume: [1, C, D, H, W].
        compressed: What the dense motion sees of it [1, c, D, H, W].
    """

    volume: Tensor
    compressed: Tensor


@dataclass(frozen=True, slots=True)
class Drawing:
    """Frames with what led to them.

    Attributes:
        image: RGB [B, 3, S, S], 0–1.
        motion: How the photo moved.
    """

    image: Tensor
    motion: Motion


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """Sizes of the network; the defaults are the official ones, for 256 and for 512 pixels.

    Attributes:
        width: Channels of the first layer.
        max_channels: Limit of the channels on the way down.
        halvings: Halvings of the photo's resolution on the way to the volume.
        volume_channels: Channels of the volume.
        depth: Its layers.
        res_blocks: Residual blocks on the volume.
        key_points: Number of key points.
        motion_width: Width of the dense motion's hourglass.
        motion_max_channels: Limit of its channels.
        motion_layers: Its layers.
        decoder_width: Width of the decoder.
        decoder_hidden: Hidden channels of its SPADE.
        decoder_blocks: Its blocks in the middle.
    """

    width: int = 64
    max_channels: int = 512
    halvings: int = 2
    volume_channels: int = 32
    depth: int = 16
    res_blocks: int = 6
    key_points: int = 15
    motion_width: int = 32
    motion_max_channels: int = 1024
    motion_layers: int = 5
    decoder_width: int = 64
    decoder_hidden: int = 128
    decoder_blocks: int = 6


class Generator(nn.Module):
    """Photo and key points to frames; the plain network, exact and with nothing rearranged.

    Args:
        config: Sizes; None takes the official ones.
    """

    def __init__(self, config: GeneratorConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or GeneratorConfig()
        channels = [min(c.max_channels, c.width * 2**level) for level in range(c.halvings + 1)]
        flat = c.volume_channels * c.depth
        self.first = SameBlock2d(3, channels[0])
        self.down_blocks = nn.ModuleList(DownBlock2d(a, b) for a, b in itertools.pairwise(channels))
        self.second = nn.Conv2d(channels[-1], flat, kernel_size=1)
        self.resblocks_3d = nn.Sequential()
        for index in range(c.res_blocks):
            self.resblocks_3d.add_module(f"3dr{index}", ResBlock3d(c.volume_channels))
        self.dense_motion_network = DenseMotion(
            c.volume_channels,
            c.depth,
            key_points=c.key_points,
            width=c.motion_width,
            max_channels=c.motion_max_channels,
            layers=c.motion_layers,
        )
        self.third = SameBlock2d(flat, channels[-1], slope=0.01)
        self.fourth = nn.Conv2d(channels[-1], channels[-1], kernel_size=1)
        self.decoder = SpadeDecoder(channels[-1], c.decoder_width, c.decoder_hidden, c.decoder_blocks)

    @property
    def source_device(self) -> torch.device:
        """Where photos are encoded."""
        return self.second.weight.device

    def encode(self, image: Tensor) -> SourceFeatures:
        """The features of a photo.

        Args:
            image: float32 [1, 3, S, S] RGB, 0–1; S is a multiple of 128. (A batch works as well.)
        """
        out = self.first(image)
        for block in self.down_blocks:
            out = block(out)
        out = self.second(out)
        batch, _, height, width = out.shape
        volume = self.resblocks_3d(out.view(batch, self.config.volume_channels, self.config.depth, height, width))
        return SourceFeatures(volume, self.dense_motion_network.compressed(volume))

    def move(self, source: SourceFeatures, motion: Motion) -> Tensor:
        """The photo's features as they lie in B frames [B, C, H, W]."""
        volume = source.volume.expand(motion.deformation.shape[0], -1, -1, -1, -1)
        moved = functional.grid_sample(volume, motion.deformation, align_corners=False)
        out: Tensor = self.fourth(self.third(moved.flatten(1, 2)))
        return out * motion.occlusion

    def draw(self, source: SourceFeatures, kp_driving: Tensor, kp_source: Tensor) -> Drawing:
        """Draws B frames.

        Args:
            source: The photo.
            kp_driving: Key points of the frames [B, K, 3].
            kp_source: Key points of the photo [1, K, 3] or [B, K, 3].
        """
        motion: Motion = self.dense_motion_network(source.compressed, kp_driving, kp_source)
        return Drawing(self.decoder(self.move(source, motion)), motion)

    def forward(self, image: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
        """Frames [B, 3, S, S] of a photo [1, 3, S, S] (or of B photos), as :meth:`encode` and :meth:`draw`."""
        return self.draw(self.encode(image), kp_driving, kp_source).image
