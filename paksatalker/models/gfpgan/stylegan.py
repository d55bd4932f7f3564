"""The generator of StyleGAN 2 whose features can be changed from outside, with plain convolutions only.

T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020; the spatial conditions are those
of X. Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior", CVPR 2021.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Numbers of a style.
STYLE = 512
#: Channels by resolution, for channel multiplier 2.
CHANNELS = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64}
_SLOPE = 0.2
_GAIN = math.sqrt(2)
_STYLE_LAYERS = 8
_EPSILON = 1e-8

#: Scale and shift, each [B, C / 2, H, W], of the second half of a layer's channels.
Condition = tuple[Tensor, Tensor]


class NormStyle(nn.Module):
    """Brings a style to unit mean square."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, 512] to the same."""
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + _EPSILON)


class ModulatedConv(nn.Module):
    """A convolution whose input channels are weighted by a style.

    Args:
        source: Channels in.
        target: Channels out.
        kernel: Edge of the kernel, pixels.
        demodulate: Whether each output channel is brought back to unit variance.
        double: Whether the image is doubled (bilinearly) before.
    """

    def __init__(self, source: int, target: int, kernel: int, *, demodulate: bool = True, double: bool = False) -> None:
        super().__init__()
        self.modulation = nn.Linear(STYLE, source)
        self.weight = nn.Parameter(torch.randn(1, target, source, kernel, kernel) / math.sqrt(source * kernel**2))
        self.demodulate = demodulate
        self.doubles = double

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Images [B, source, H, W] and styles [B, 512] to [B, target, H', W']."""
        batch, source = x.shape[:2]
        weight = self.weight * self.modulation(style).view(batch, 1, source, 1, 1)
        if self.demodulate:
            weight = weight * torch.rsqrt(weight.square().sum(dim=(2, 3, 4), keepdim=True) + _EPSILON)
        if self.doubles:
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        grouped = x.reshape(1, batch * source, *x.shape[2:])
        kernels = weight.flatten(0, 1)
        out = functional.conv2d(grouped, kernels, padding=weight.shape[-1] // 2, groups=batch)
        return out.view(batch, -1, *out.shape[2:])


class StyleConv(nn.Module):
    """Styled convolution, noise, bias, leaky ReLU."""

    def __init__(self, source: int, target: int, *, double: bool = False) -> None:
        super().__init__()
        self.modulated_conv = ModulatedConv(source, target, 3, double=double)
        self.weight = nn.Parameter(torch.zeros(1))
        self.bias = nn.Parameter(torch.zeros(1, target, 1, 1))

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """[B, source, H, W], [B, 512] and noise [1 or B, 1, H', W'] to [B, target, H', W']."""
        out = self.modulated_conv(x, style) * _GAIN + self.weight * noise + self.bias
        return functional.leaky_relu(out, _SLOPE)


class ToRGB(nn.Module):
    """Features to colours, added to those of the resolution below."""

    def __init__(self, source: int) -> None:
        super().__init__()
        self.modulated_conv = ModulatedConv(source, 3, 1, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x: Tensor, style: Tensor, below: Tensor | None = None) -> Tensor:
        """[B, source, H, W], [B, 512] and [B, 3, H / 2, W / 2] to [B, 3, H, W]."""
        out: Tensor = self.modulated_conv(x, style) + self.bias
        if below is not None:
            out = out + functional.interpolate(below, scale_factor=2, mode="bilinear", align_corners=False)
        return out


class ConstantInput(nn.Module):
    """The learned 4 × 4 picture that every image grows from."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, CHANNELS[4], 4, 4))


class StyleGenerator(nn.Module):
    """Styles to an image of 512 × 512."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [NormStyle()]
        for _ in range(_STYLE_LAYERS):
            layers += [nn.Linear(STYLE, STYLE), nn.LeakyReLU(_SLOPE)]
        self.style_mlp = nn.Sequential(*layers)
        self.constant_input = ConstantInput()
        self.style_conv1 = StyleConv(CHANNELS[4], CHANNELS[4])
        self.to_rgb1 = ToRGB(CHANNELS[4])
        self.style_convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        self.noises = nn.Module()
        self.noises.register_buffer("noise0", torch.randn(1, 1, 4, 4))
        channels = CHANNELS[4]
        for index, (size, target) in enumerate(list(CHANNELS.items())[1:]):
            for layer in (2 * index + 1, 2 * index + 2):
                self.noises.register_buffer(f"noise{layer}", torch.randn(1, 1, size, size))
            self.style_convs.extend([StyleConv(channels, target, double=True), StyleConv(target, target)])
            self.to_rgbs.append(ToRGB(target))
            channels = target

    def forward(
        self, styles: Tensor, conditions: Sequence[Condition], *, noise: torch.Generator | None = None
    ) -> Tensor:
        """An image from a style for each layer.

        Args:
            styles: [B, 16, 512], used as they are (the mapping network is not asked).
            conditions: Scale and shift for each resolution from 8 to 512.
            noise: Where fresh noise comes from; None takes the checkpoint's own.

        Returns:
            [B, 3, 512, 512].
        """
        batch = len(styles)
        x = self.constant_input.weight.expand(batch, -1, -1, -1)
        x = self.style_conv1(x, styles[:, 0], self._noise(0, batch, noise))
        image: Tensor = self.to_rgb1(x, styles[:, 1])
        for index, (condition, to_rgb) in enumerate(zip(conditions, self.to_rgbs, strict=True)):
            layer = 2 * index + 1
            x = self.style_convs[layer - 1](x, styles[:, layer], self._noise(layer, batch, noise))
            x = _conditioned(x, condition)
            x = self.style_convs[layer](x, styles[:, layer + 1], self._noise(layer + 1, batch, noise))
            image = to_rgb(x, styles[:, layer + 2], image)
        return image

    def _noise(self, layer: int, batch: int, generator: torch.Generator | None) -> Tensor:
        stored = self.noises.get_buffer(f"noise{layer}")
        if generator is None:
            return stored
        fresh = torch.randn(batch, *stored.shape[1:], generator=generator, device=generator.device)
        return fresh.to(stored)


def _conditioned(x: Tensor, condition: Condition) -> Tensor:
    """The first half of the channels stays, the second is scaled and shifted."""
    scale, shift = condition
    same, changed = x.chunk(2, dim=1)
    return torch.cat([same, changed * scale + shift], dim=1)
