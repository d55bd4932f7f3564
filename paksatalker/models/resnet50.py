"""ResNet-50 v1.5 without its classifier: the trunk of the face reconstruction and of the face detector.

K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; in v1.5 the 3 × 3 convolution has the stride.
"""

from __future__ import annotations

from torch import Tensor, nn

#: Channels of the last three stages, at 1/8, 1/16 and 1/32 of the resolution.
STAGE_CHANNELS = (512, 1024, 2048)
_EXPANSION = 4
_BLOCKS = (3, 4, 6, 3)


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolution round which the input goes."""

    def __init__(self, source: int, width: int, stride: int) -> None:
        super().__init__()
        target = width * _EXPANSION
        self.conv1 = nn.Conv2d(source, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, target, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(target)
        self.downsample: nn.Module | None = None
        if stride != 1 or source != target:
            self.downsample = nn.Sequential(nn.Conv2d(source, target, 1, stride, bias=False), nn.BatchNorm2d(target))

    def forward(self, x: Tensor) -> Tensor:
        """[N, source, H, W] to [N, 4 width, H / stride, W / stride]."""
        out = self.bn1(self.conv1(x)).relu_()
        out = self.bn2(self.conv2(out)).relu_()
        out = self.bn3(self.conv3(out))
        same: Tensor = x if self.downsample is None else self.downsample(x)
        added: Tensor = out + same
        return added.relu_()


def _stage(source: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    target = width * _EXPANSION
    return nn.Sequential(Bottleneck(source, width, stride), *(Bottleneck(target, width, 1) for _ in range(blocks - 1)))


class ResNet50(nn.Module):
    """Images to features of three scales."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.layer1 = _stage(64, 64, _BLOCKS[0], 1)
        self.layer2 = _stage(256, 128, _BLOCKS[1], 2)
        self.layer3 = _stage(512, 256, _BLOCKS[2], 2)
        self.layer4 = _stage(1024, 512, _BLOCKS[3], 2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, 3, H, W] to [N, 512, H/8, W/8], [N, 1024, H/16, W/16] and [N, 2048, H/32, W/32] (rounded up)."""
        x = self.layer1(self.maxpool(self.bn1(self.conv1(images)).relu_()))
        eighth = self.layer2(x)
        sixteenth = self.layer3(eighth)
        return eighth, sixteenth, self.layer4(sixteenth)
