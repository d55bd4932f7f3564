"""GFPGAN v1.4, the "clean" architecture: a U-Net that steers a StyleGAN 2 generator.

X. Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior", CVPR 2021.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from paksatalker.models.gfpgan.stylegan import STYLE, Condition, StyleGenerator

#: Edge of the image, in and out, pixels.
IMAGE_SIZE = 512
_SLOPE = 0.2
#: Channels of the U-Net by resolution, finest first.
_CHANNELS = (32, 64, 128, 256, 256, 256, 256, 256)
_STYLES = 16


class ResBlock(nn.Module):
    """Two convolutions, the second after the size has changed, and the input brought to the same size added.

    Args:
        source: Channels in.
        target: Channels out.
        scale: 0.5 halves the image, 2 doubles it.
    """

    def __init__(self, source: int, target: int, scale: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(source, source, 3, padding=1)
        self.conv2 = nn.Conv2d(source, target, 3, padding=1)
        self.skip = nn.Conv2d(source, target, 1, bias=False)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, H, W] to [B, target, scale · H, scale · W]."""
        out = functional.leaky_relu(self.conv1(x), _SLOPE)
        out = functional.leaky_relu(self.conv2(self._resized(out)), _SLOPE)
        same: Tensor = self.skip(self._resized(x))
        return out + same

    def _resized(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)


def _condition(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1), nn.LeakyReLU(_SLOPE), nn.Conv2d(channels, channels, 3, padding=1)
    )


class GFPGAN(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        fine_to_coarse = list(itertools.pairwise(_CHANNELS))
        self.conv_body_first = nn.Conv2d(3, _CHANNELS[0], 1)
        self.conv_body_down = nn.ModuleList(ResBlock(fine, coarse, 0.5) for fine, coarse in fine_to_coarse)
        self.final_conv = nn.Conv2d(_CHANNELS[-1], _CHANNELS[-1], 3, padding=1)
        coarse_to_fine = fine_to_coarse[::-1]
        self.conv_body_up = nn.ModuleList(ResBlock(coarse, fine, 2.0) for fine, coarse in coarse_to_fine)
        widths = [fine for fine, _ in coarse_to_fine]
        self.toRGB = nn.ModuleList(nn.Conv2d(width, 3, 1) for width in widths)  # only training uses these
        self.final_linear = nn.Linear(_CHANNELS[-1] * 16, _STYLES * STYLE)
        self.stylegan_decoder = StyleGenerator()
        self.condition_scale = nn.ModuleList(_condition(width) for width in widths)
        self.condition_shift = nn.ModuleList(_condition(width) for width in widths)

    def forward(self, images: Tensor, *, noise: torch.Generator | None = None) -> Tensor:
        """Restores aligned faces.

        Args:
            images: RGB −1 to 1, float32 [B, 3, 512, 512].
            noise: Where fresh noise comes from; None takes the checkpoint's own, which gives the same every time.

        Returns:
            RGB about −1 to 1, not clipped, [B, 3, 512, 512].
        """
        x = functional.leaky_relu(self.conv_body_first(images), _SLOPE)
        seen: list[Tensor] = []
        for down in self.conv_body_down:
            x = down(x)
            seen.append(x)
        x = functional.leaky_relu(self.final_conv(x), _SLOPE)
        styles = self.final_linear(x.flatten(1)).view(len(x), _STYLES, STYLE)
        conditions: list[Condition] = []
        steps = zip(reversed(seen), self.conv_body_up, self.condition_scale, self.condition_shift, strict=True)
        for beside, up, scale, shift in steps:
            x = up(x + beside)
            conditions.append((scale(x), shift(x)))
        out: Tensor = self.stylegan_decoder(styles, conditions, noise=noise)
        return out
