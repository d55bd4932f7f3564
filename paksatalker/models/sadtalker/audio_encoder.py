"""The sound encoder that SadTalker's two audio networks have, each with weights of its own."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

#: Numbers that a frame's sound becomes.
WIDTH = 512


class _Step(NamedTuple):
    """One block: channels in and out, kernel, stride, padding, and whether its input is added to its output."""

    source: int
    target: int
    kernel: int = 3
    stride: int | tuple[int, int] = 1
    padding: int = 1
    residual: bool = False


#: From 80 × 16 to 1 × 1, bands and time.
_STEPS = (
    _Step(1, 32),
    _Step(32, 32, residual=True),
    _Step(32, 32, residual=True),
    _Step(32, 64, stride=(3, 1)),
    _Step(64, 64, residual=True),
    _Step(64, 64, residual=True),
    _Step(64, 128, stride=3),
    _Step(128, 128, residual=True),
    _Step(128, 128, residual=True),
    _Step(128, 256, stride=(3, 2)),
    _Step(256, 256, residual=True),
    _Step(256, WIDTH, padding=0),
    _Step(WIDTH, WIDTH, kernel=1, padding=0),
)


class ConvBlock(nn.Module):
    """Convolution, batch norm, its own input again where the step says so, ReLU."""

    def __init__(self, step: _Step) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(step.source, step.target, step.kernel, step.stride, step.padding), nn.BatchNorm2d(step.target)
        )
        self.residual = step.residual

    def forward(self, x: Tensor) -> Tensor:
        """[N, source, H, W] to [N, target, H', W']."""
        out: Tensor = self.conv_block(x)
        return (out + x if self.residual else out).relu()


def audio_encoder() -> nn.Sequential:
    """The encoder: log-mel windows float32 [N, 1, 80, 16], −4 to 4, to [N, 512, 1, 1]."""
    return nn.Sequential(*(ConvBlock(step) for step in _STEPS))
