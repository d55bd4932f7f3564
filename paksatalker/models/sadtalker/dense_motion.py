"""Dense motion: from 15 key points before and after to where every cell of the photo's feature volume comes from.

Each key point proposes that everything moves as it does; a 16th proposal is that nothing moves. A network sees the
photo under each proposal and gives each cell a mixture of them, and for each pixel how much of it the photo shows.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from paksatalker.models.sadtalker.blocks import DownBlock3d, UpBlock3d, coordinate_grid

#: Variance of a key point's heat map, in squared units of the coordinates.
_HEAT_VARIANCE = 0.01
#: A proposal with less weight than this does not move a cell.
_MASK_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Motion:
    """How the photo's features move for one frame.

    Attributes:
        mask: Weight of each proposal [B, 16, D, H, W]; they sum to 1. The first is that nothing moves.
        deformation: Where each cell comes from [B, D, H, W, 3]: x, y, z.
        occlusion: How much of each pixel the photo shows [B, 1, H, W], 0–1.
    """

    mask: Tensor
    deformation: Tensor
    occlusion: Tensor


class _Encoder(nn.Module):
    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(DownBlock3d(a, b) for a, b in itertools.pairwise(channels))

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class _Decoder(nn.Module):
    def __init__(self, channels: list[int], first_up: int) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList()
        source = channels[-1]
        for skip, target in zip(channels[-2::-1], [*channels[-2:0:-1], first_up], strict=True):
            self.up_blocks.append(UpBlock3d(source, target))
            source = target + skip
        self.conv = nn.Conv3d(source, source, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm3d(source)
        self.out_channels = source

    def forward(self, levels: list[Tensor]) -> Tensor:
        out = levels[-1]
        for block, skip in zip(self.up_blocks, levels[-2::-1], strict=True):
            out = torch.cat([block(out), skip], dim=1)
        return functional.relu(self.norm(self.conv(out)))


class Hourglass(nn.Module):
    """A U-Net over a volume: ``layers`` halvings of height and width and as many doublings, with skips.

    Args:
        source: Channels in.
        width: Channels of the last doubling; each layer further in has twice as many.
        max_channels: Their limit.
        layers: Halvings.
    """

    def __init__(self, source: int, width: int = 32, max_channels: int = 1024, layers: int = 5) -> None:
        super().__init__()
        channels = [source, *(min(max_channels, width * 2 ** (index + 1)) for index in range(layers))]
        self.encoder = _Encoder(channels)
        self.decoder = _Decoder(channels, min(max_channels, width))
        self.out_channels = self.decoder.out_channels

    def forward(self, x: Tensor) -> Tensor:
        """[B, source, D, H, W] to [B, width + source, D, H, W]."""
        out: Tensor = self.decoder(self.encoder(x))
        return out


class DenseMotion(nn.Module):
    """Key points to motion.

    Args:
        channels: Channels of the photo's feature volume.
        depth: Its layers.
        key_points: Number of key points.
        compress: Channels that the network sees of the volume.
        width: See :class:`Hourglass`.
        max_channels: See :class:`Hourglass`.
        layers: See :class:`Hourglass`.
    """

    def __init__(
        self,
        channels: int = 32,
        depth: int = 16,
        *,
        key_points: int = 15,
        compress: int = 4,
        width: int = 32,
        max_channels: int = 1024,
        layers: int = 5,
    ) -> None:
        super().__init__()
        self.hourglass = Hourglass((key_points + 1) * (compress + 1), width, max_channels, layers)
        self.mask = nn.Conv3d(self.hourglass.out_channels, key_points + 1, kernel_size=7, padding=3)
        self.compress = nn.Conv3d(channels, compress, kernel_size=1)
        self.norm = nn.BatchNorm3d(compress)
        self.occlusion = nn.Conv2d(self.hourglass.out_channels * depth, 1, kernel_size=7, padding=3)

    def compressed(self, volume: Tensor) -> Tensor:
        """What the network sees of the photo [B, compress, D, H, W]: the same for every frame."""
        return functional.relu(self.norm(self.compress(volume)))

    def forward(self, compressed: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Motion:
        """Motion from the photo to each of B frames.

        Args:
            compressed: See :meth:`compressed`; [B, compress, D, H, W] or [1, …] for all frames.
            kp_driving: Key points of the frames [B, K, 3].
            kp_source: Key points of the photo [B, K, 3] or [1, K, 3].
        """
        proposals = proposed_motion(compressed.shape[2:], kp_driving, kp_source)
        features = self.hourglass(hourglass_input(compressed, proposals, kp_driving, kp_source))
        mask = functional.softmax(self.mask(features), dim=1)
        batch, _, _, height, width = features.shape
        occlusion = torch.sigmoid(self.occlusion(features.reshape(batch, -1, height, width)))
        return Motion(mask, mixed_motion(mask, proposals), occlusion)


def proposed_motion(shape: torch.Size, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """Where each cell comes from under each proposal [B, K + 1, D, H, W, 3]; ``shape`` is D, H, W."""
    grid = coordinate_grid(shape, kp_driving)[None, None]
    moved = grid - kp_driving[:, :, None, None, None] + kp_source[:, :, None, None, None]
    return torch.cat([grid + torch.zeros_like(moved[:, :1]), moved], dim=1)


def heat_maps(shape: torch.Size, key_points: Tensor) -> Tensor:
    """A Gaussian about each key point [B, K, D, H, W]; 1 at its centre."""
    distance = coordinate_grid(shape, key_points) - key_points[:, :, None, None, None]
    return torch.exp(-0.5 * (distance**2).sum(dim=-1) / _HEAT_VARIANCE)


def hourglass_input(compressed: Tensor, proposals: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """Under each proposal: the difference of the key point's heat maps, then the moved features.

    Returns:
        [B, (K + 1) · (1 + compress), D, H, W].
    """
    batch, count, *shape, _ = proposals.shape
    heat = heat_maps(torch.Size(shape), kp_driving) - heat_maps(torch.Size(shape), kp_source)
    heat = functional.pad(heat, (0, 0, 0, 0, 0, 0, 1, 0))  # no heat for the proposal that nothing moves
    copies = compressed[:, None].expand(batch, count, *compressed.shape[1:]).flatten(0, 1)
    # the original samples with align_corners=False although the grid ends at the borders; its weights know
    moved = functional.grid_sample(copies, proposals.flatten(0, 1), align_corners=False)
    return torch.cat([heat[:, :, None], moved.view(batch, count, -1, *shape)], dim=2).flatten(1, 2)


def mixed_motion(mask: Tensor, proposals: Tensor) -> Tensor:
    """The mixture of the proposals [B, D, H, W, 3], those of hardly any weight left out."""
    weight = torch.where(mask < _MASK_FLOOR, torch.zeros_like(mask), mask)
    return (proposals * weight[..., None]).sum(dim=1)
