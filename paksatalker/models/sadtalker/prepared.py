"""The generator made ready for drawing many frames of one photo: the same function, rearranged to cost less.

What is exact: the photo's features are made once; batch norms and spectral norms are part of the weights; convolutions
over repeated pixels are computed on the pixels themselves; SPADE's normalisation happens before its input is repeated,
its "1 +" is part of a bias, and its shift in a shortcut is merged with the 1 × 1 convolution that follows. Not exact is
the type, where it has less than 32 bits; key points, grids, masks, statistics and Winograd's convolutions keep 32 bits.
Even in 32 bits sums are added in another order: where a proposal's weight lies at the floor below which it is left out,
a pixel may differ by some 1e-4. The plain network is the one to compare with.
"""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from paksatalker.config.allocator import large_blocks_kept
from paksatalker.models.sadtalker.blocks import DownBlock3d, UpBlock3d
from paksatalker.models.sadtalker.dense_motion import (
    DenseMotion,
    Hourglass,
    Motion,
    hourglass_input,
    mixed_motion,
    proposed_motion,
)
from paksatalker.models.sadtalker.generator import Drawing, Generator, SourceFeatures
from paksatalker.models.sadtalker.packed import PackedConv, Target, UpsampledConv, folded, memory_format
from paksatalker.models.sadtalker.spade import Spade, SpadeDecoder, SpadeResBlock, SpectralConv2d
from paksatalker.models.sadtalker.winograd import WinogradConv, fastest_conv

_SLOPE = 0.2
_DRAWING = ("decoder", "third", "fourth")  # what a generator has only for drawing
_EPS = 1e-5
Size = tuple[int, ...]


class PreparedGenerator:
    """Draws what :class:`Generator` draws.

    The generator is not needed afterwards, and not held: only :meth:`encode`'s few layers, which it lends.

    Args:
        generator: The network with its weights, in evaluation mode.
        target: Where and how exactly to compute.
        size: Side of the photo, pixels.
        batch: Frames that will mostly be drawn at a time.
    """

    def __init__(self, generator: Generator, target: Target, size: int = 256, batch: int = 1) -> None:
        side = size // 2**generator.config.halvings
        self.target = target
        self.config = generator.config
        self._generator = _encoding_part(generator)
        self._motion = _PreparedMotion(generator.dense_motion_network, target, (batch, side))
        flat = generator.config.volume_channels * generator.config.depth
        third, fourth = generator.third, generator.fourth
        weight, bias = folded(third.conv, third.norm)
        self._third = fastest_conv(weight, bias, target, (batch, flat, side, side), third.slope)
        self._fourth = PackedConv.of(fourth, target, (batch, fourth.in_channels, side, side))
        self._decoder = _PreparedDecoder(generator.decoder, target, (batch, fourth.out_channels, side, side))

    @property
    def source_device(self) -> torch.device:
        """Where photos are encoded."""
        return self._generator.source_device

    @torch.inference_mode()
    def encode(self, image: Tensor) -> SourceFeatures:
        """See :meth:`Generator.encode`; computed in 32 bits, on the generator's own device."""
        made = self._generator.encode(image)
        return SourceFeatures(
            *(t.to(self.target.device, self.target.dtype) for t in (made.volume, made.compressed)),
        )

    @torch.inference_mode()
    def draw(self, source: SourceFeatures, kp_driving: Tensor, kp_source: Tensor) -> Drawing:
        """See :meth:`Generator.draw`. The image is float32."""
        device = self.target.device
        with large_blocks_kept():
            image, motion = self.frames(source.volume, source.compressed, kp_driving.to(device), kp_source.to(device))
        return Drawing(image, motion)

    def frames(
        self, volume: Tensor, compressed: Tensor, kp_driving: Tensor, kp_source: Tensor
    ) -> tuple[Tensor, Motion]:
        """The work of :meth:`draw` on tensors that are where they should be.

        Args:
            volume: See :class:`SourceFeatures`: [1, C, D, H, W].
            compressed: The same: [1, c, D, H, W].
            kp_driving: Key points of the frames [B, K, 3].
            kp_source: Key points of the photo [1, K, 3] or [B, K, 3].

        Returns:
            RGB, float32 [B, 3, S, S], 0–1, and the motion.
        """
        motion, features = self._motion(compressed, kp_driving, kp_source)
        volume = volume.float().expand(len(features), -1, -1, -1, -1)
        moved = functional.grid_sample(volume, motion.deformation, align_corners=False).flatten(1, 2)
        guide = self._third(moved.to(self.target.dtype).contiguous(memory_format=torch.channels_last))
        guide = self._fourth(guide.to(self.target.dtype)) * motion.occlusion.to(self.target.dtype)
        return self._decoder(guide).float(), motion


def _encoding_part(generator: Generator) -> Generator:
    """A generator of the same layers that can only encode: the others' weights may go."""
    part, motion = copy(generator), copy(generator.dense_motion_network)
    motion._modules = {name: motion._modules[name] for name in ("compress", "norm")}
    part._modules = {name: module for name, module in part._modules.items() if name not in _DRAWING}
    part._modules["dense_motion_network"] = motion
    return part


class _PreparedHourglass:
    def __init__(self, hourglass: Hourglass, target: Target, size: Size) -> None:
        """``size``: batch, channels, depth, height, width of the input."""
        batch, channels, depth, height, width = size
        self._down: list[PackedConv] = []
        self._up: list[UpsampledConv] = []
        self._up_channels: list[int] = []
        skips = [channels]
        for block in hourglass.encoder.down_blocks:
            assert isinstance(block, DownBlock3d)
            place = (batch, block.conv.in_channels, depth, height, width)
            self._down.append(PackedConv.of(block.conv, target, place, block.norm, 0.0))
            height, width = height // 2, width // 2
            skips.append(block.conv.out_channels)
        for block in hourglass.decoder.up_blocks:
            assert isinstance(block, UpBlock3d)
            weight, bias = folded(block.conv, block.norm)
            assert bias is not None
            place = (batch, block.conv.in_channels, depth, height, width)
            self._up_channels.append(block.conv.out_channels)
            self._up.append(UpsampledConv(weight, bias, factor=2, target=target, size=place, slope=0.0))
            height, width = 2 * height, 2 * width
        last = hourglass.decoder
        out = (batch, hourglass.out_channels, *size[2:])
        self._last = PackedConv.of(last.conv, target, out, last.norm, 0.0)

    def __call__(self, x: Tensor) -> Tensor:
        levels = [x]
        for conv in self._down:
            levels.append(_halved(conv(levels[-1])))
        out = levels.pop()
        for up, channels in zip(self._up, self._up_channels, strict=True):
            skip = levels.pop()
            shape = (len(skip), channels + skip.shape[1], *skip.shape[2:])
            joined = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=memory_format(3))
            up(out, joined[:, :channels])
            joined[:, channels:] = skip
            out = joined
        return self._last(out)


class _PreparedMotion:
    def __init__(self, motion: DenseMotion, target: Target, size: tuple[int, int]) -> None:
        """``size``: batch, and side of the photo's features."""
        batch, side = size
        depth = motion.occlusion.in_channels // motion.hourglass.out_channels
        place = (batch, motion.hourglass.out_channels, depth, side, side)
        self._dtype = target.dtype
        first = motion.hourglass.encoder.down_blocks[0]
        assert isinstance(first, DownBlock3d)
        self._hourglass = _PreparedHourglass(motion.hourglass, target, (batch, first.conv.in_channels, *place[2:]))
        self._mask = PackedConv.of(motion.mask, target, place)
        self._occlusion = PackedConv.of(motion.occlusion, target, (batch, motion.occlusion.in_channels, side, side))

    def __call__(self, compressed: Tensor, kp_driving: Tensor, kp_source: Tensor) -> tuple[Motion, Tensor]:
        """Motion, and the features that it was read off."""
        proposals = proposed_motion(compressed.shape[2:], kp_driving, kp_source)
        seen = hourglass_input(compressed.float(), proposals, kp_driving, kp_source)
        features = self._hourglass(seen.to(self._dtype).contiguous(memory_format=torch.channels_last_3d))
        mask = functional.softmax(self._mask(features).float(), dim=1)
        flat = features.reshape(len(features), -1, *features.shape[3:]).contiguous(memory_format=torch.channels_last)
        occlusion = torch.sigmoid(self._occlusion(flat).float())
        return Motion(mask, mixed_motion(mask, proposals), occlusion), features


class _PreparedSpade:
    """SPADE and a leaky ReLU for an input that is normalised already and whose guide is repeated ``factor`` times."""

    def __init__(self, spade: Spade, factor: int, target: Target, size: Size, slope: float | None = _SLOPE) -> None:
        """``size``: batch, channels, height, width of the guide."""
        batch, _, height, width = size
        hidden = spade.mlp_gamma.in_channels
        place = (batch, hidden, height * factor, width * factor)
        self.hidden = _guide_conv(spade, factor, target, size)
        weight, bias = folded(spade.mlp_gamma)
        assert bias is not None
        self.gamma = fastest_conv(weight, bias + 1, target, place)
        self.beta = fastest_conv(*folded(spade.mlp_beta), target, place, slope)

    def __call__(self, normal: Tensor, guide: Tensor) -> Tensor:
        hidden = self.hidden(guide)
        return self.beta(hidden, self.gamma(hidden, normal, "mul"))


class _PreparedShortcut:
    """SPADE followed by a 1 × 1 convolution without bias: the shift goes through both at once."""

    def __init__(self, spade: Spade, conv: SpectralConv2d, factor: int, target: Target, size: Size) -> None:
        batch, _, height, width = size
        place = (batch, spade.mlp_gamma.in_channels, height * factor, width * factor)
        self._hidden = _guide_conv(spade, factor, target, size)
        weight, bias = folded(spade.mlp_gamma)
        assert bias is not None
        self._gamma = PackedConv(weight, bias + 1, padding=(1, 1), target=target, size=place)
        mixing = conv.weight().detach()
        wide = (batch, mixing.shape[1], *place[2:])
        self._conv = PackedConv(mixing, None, padding=(0, 0), target=target, size=wide)
        weight, bias = folded(spade.mlp_beta)
        assert bias is not None
        matrix = mixing.flatten(1)
        weight = torch.einsum("oc,cihw->oihw", matrix, weight)
        self._beta = PackedConv(weight, matrix @ bias, padding=(1, 1), target=target, size=place)

    def __call__(self, normal: Tensor, guide: Tensor) -> Tensor:
        hidden = self._hidden(guide)
        return self._beta(hidden, self._conv(self._gamma(hidden, normal, "mul")))


class _PreparedBlock:
    """A SPADE block."""

    def __init__(self, block: SpadeResBlock, factor: int, target: Target, size: Size, *, doubles: bool) -> None:
        """``factor``: repetition of the guide; ``doubles``: whether the input's pixels are doubled first."""
        self._doubles = doubles
        self._dtype = target.dtype
        batch, _, height, width = size
        extent = (height * factor, width * factor)
        self._norm_0 = _PreparedSpade(block.norm_0, factor, target, size)
        self._norm_1 = _PreparedSpade(block.norm_1, factor, target, size)
        self._conv_0, self._conv_1 = (
            fastest_conv(conv.weight().detach(), conv.bias, target, (batch, conv.weight_orig.shape[1], *extent))
            for conv in (block.conv_0, block.conv_1)
        )
        self._shortcut = (
            _PreparedShortcut(block.norm_s, block.conv_s, factor, target, size) if block.learns_shortcut else None
        )

    def __call__(self, x: Tensor, guide: Tensor) -> Tensor:
        normal = normalised(x).to(self._dtype)
        if self._doubles:
            normal = doubled(normal)
        out = self._conv_0(self._norm_0(normal, guide))
        if self._shortcut is not None:
            x = self._shortcut(normal, guide)
        elif self._doubles:
            x = doubled(x)
        out = self._norm_1(normalised(out).to(self._dtype), guide)
        return self._conv_1(out, x if isinstance(self._conv_1, WinogradConv) else x.to(self._dtype))


class _PreparedDecoder:
    def __init__(self, decoder: SpadeDecoder, target: Target, size: Size) -> None:
        """``size``: batch, channels, height, width of the features."""
        batch, _, height, width = size
        self._fc = fastest_conv(*folded(decoder.fc), target, size)
        self._blocks = []
        for index in range(decoder.middle):
            block = decoder.get_submodule(f"G_middle_{index}")
            assert isinstance(block, SpadeResBlock)
            self._blocks.append(_PreparedBlock(block, 1, target, size, doubles=False))
        self._blocks.append(_PreparedBlock(decoder.up_0, 2, target, size, doubles=True))
        self._blocks.append(_PreparedBlock(decoder.up_1, 4, target, size, doubles=True))
        place = (batch, decoder.conv_img.in_channels, 4 * height, 4 * width)
        self._image = PackedConv.of(decoder.conv_img, target, place)

    def __call__(self, guide: Tensor) -> Tensor:
        x = self._fc(guide)
        for block in self._blocks:
            x = block(x, guide)
        return torch.sigmoid(self._image(functional.leaky_relu_(x, _SLOPE).to(guide.dtype)))


def _guide_conv(spade: Spade, factor: int, target: Target, size: Size) -> PackedConv | UpsampledConv:
    conv = spade.mlp_shared[0]
    assert isinstance(conv, nn.Conv2d)
    if factor == 1:
        return PackedConv.of(conv, target, size, slope=0.0)
    weight, bias = folded(conv)
    assert bias is not None
    return UpsampledConv(weight, bias, factor=factor, target=target, size=size, slope=0.0)


def normalised(x: Tensor) -> Tensor:
    """Each channel of each image [B, C, H, W] with mean 0 and variance 1; the sums have 32 bits."""
    if x.device.type == "cpu":  # one image's batch norm is its instance norm, and several times as fast
        if len(x) > 1:
            return torch.cat([normalised(one[None]) for one in x])
        return functional.batch_norm(x, None, None, training=True, eps=_EPS)
    if x.dtype == torch.float32:
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    else:
        count = x.shape[2] * x.shape[3]
        mean = torch.sum(x, (2, 3), keepdim=True, dtype=torch.float32) / count
        squares = _sum_of_squares(x) / count
        variance = (squares - mean * mean).clamp_min(0)
    scale = torch.rsqrt(variance + _EPS)
    return torch.addcmul((-mean * scale).to(x.dtype), x, scale.to(x.dtype))


def _sum_of_squares(x: Tensor) -> Tensor:
    if x.dtype == torch.float16:  # a square above 65504 would be infinite
        norm: Tensor = torch.linalg.vector_norm(x, dim=(2, 3), keepdim=True, dtype=torch.float32)
        return norm.square()
    return torch.sum(x * x, (2, 3), keepdim=True, dtype=torch.float32)


def _halved(x: Tensor) -> Tensor:
    """Means of 2 × 2 pixels of every layer; PyTorch has no such mean over volumes in 16 bits on a CPU."""
    layers = functional.avg_pool2d(x.transpose(1, 2).flatten(0, 1), 2)
    return layers.view(len(x), x.shape[2], *layers.shape[1:]).transpose(1, 2)


def doubled(x: Tensor) -> Tensor:
    """Every pixel twice in both directions, [B, C, H, W] to [B, C, 2 H, 2 W]; fast where channels come last."""
    batch, channels, height, width = x.shape
    rows = x.permute(0, 2, 3, 1)[:, :, None, :, None].expand(batch, height, 2, width, 2, channels)
    return rows.reshape(batch, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)
