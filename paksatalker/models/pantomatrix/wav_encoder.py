"""The audio encoder: a raw waveform to 256 features a frame of motion."""

from __future__ import annotations

from torch import Tensor, nn

_KERNEL = 15
_SLOPE = 0.01
#: In and out channels, stride, padding and whether the shortcut is a convolution, block by block.
_BLOCKS = (
    (1, 64, 5, 1600, True),
    (64, 64, 6, 0, True),
    (64, 64, 1, 7, False),
    (64, 128, 6, 0, True),
    (128, 128, 1, 7, False),
    (128, 256, 3, 0, True),
)
#: Waveform samples for one step of the output.
HOP = 540


class BasicBlock(nn.Module):
    """Two convolutions with batch normalisation and a shortcut round them, as in ResNet but over time."""

    def __init__(self, inputs: int, outputs: int, stride: int, padding: int, *, projects: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, outputs, _KERNEL, stride, padding)
        self.bn1 = nn.BatchNorm1d(outputs)
        self.conv2 = nn.Conv1d(outputs, outputs, _KERNEL, padding=_KERNEL // 2)
        self.bn2 = nn.BatchNorm1d(outputs)
        self.act = nn.LeakyReLU(_SLOPE)
        self.downsample: nn.Module | None = None
        if projects:
            shortcut = nn.Conv1d(inputs, outputs, _KERNEL, stride, padding)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm1d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, N] to [B, outputs, (N + 2·padding − 15) // stride + 1]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.act(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        out: Tensor = self.act(x + shortcut)
        return out


class WavEncoder(nn.Module):
    """Waveform at 16 kHz to features, one every 540 samples (a frame of motion has 533⅓; padding makes it even)."""

    def __init__(self) -> None:
        super().__init__()
        self.feat_extractor = nn.Sequential(*(BasicBlock(*block[:4], projects=block[4]) for block in _BLOCKS))

    def forward(self, samples: Tensor) -> Tensor:
        """[B, N] samples, −1 to 1, to [B, T, 256]; T is :func:`steps` of N."""
        features: Tensor = self.feat_extractor(samples[:, None])
        return features.transpose(1, 2)


def steps(samples: int) -> int:
    """How many features the encoder makes of so many samples."""
    for _, _, stride, padding, _ in _BLOCKS:
        samples = (samples + 2 * padding - _KERNEL) // stride + 1
    return samples
