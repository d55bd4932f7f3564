"""The head pose and expression estimator of face-vid2vid, which SadTalker's renderer was trained with.

T.-C. Wang et al., "One-Shot Free-View Neural Talking-Head Synthesis for Video Conferencing", CVPR 2021. SadTalker's
mapping network took its place: nothing in a video needs it. Older checkpoints hold it as ``he_estimator``.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional

from paksatalker.models.sadtalker.mapping import HeadMotion

_DEGREE_BINS = 66
_POINTS = 15


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolution round which the input goes.

    Args:
        channels: In and out.
        stride: Of the 3 × 3 convolution; where it is not 1 the input is brought down as well.
    """

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__()
        inner = channels // 4
        self.conv1 = nn.Conv2d(channels, inner, 1)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1)
        self.conv3 = nn.Conv2d(inner, channels, 1)
        self.norm1, self.norm2, self.norm3 = nn.BatchNorm2d(inner), nn.BatchNorm2d(inner), nn.BatchNorm2d(channels)
        self.skip: nn.Module | None = None
        self.norm4: nn.Module | None = None
        if stride != 1:
            self.skip = nn.Conv2d(channels, channels, 1, stride)
            self.norm4 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, H, W] to [N, channels, H / stride, W / stride]."""
        out = functional.relu(self.norm1(self.conv1(x)))
        out = functional.relu(self.norm2(self.conv2(out)))
        out = self.norm3(self.conv3(out))
        same = x if self.skip is None or self.norm4 is None else self.norm4(self.skip(x))
        return functional.relu(out + same)


def _blocks(number: int, channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict((f"b{number}_{index}", Bottleneck(channels)) for index in range(count)))


class HeadPoseEstimator(nn.Module):
    """The network: a wide ResNet with five heads."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 64, 7, 2, padding=3), nn.BatchNorm2d(64)
        self.conv2, self.norm2 = nn.Conv2d(64, 256, 1), nn.BatchNorm2d(256)
        self.block1 = _blocks(1, 256, 3)
        self.conv3, self.norm3 = nn.Conv2d(256, 512, 1), nn.BatchNorm2d(512)
        self.block2, self.block3 = Bottleneck(512, 2), _blocks(3, 512, 3)
        self.conv4, self.norm4 = nn.Conv2d(512, 1024, 1), nn.BatchNorm2d(1024)
        self.block4, self.block5 = Bottleneck(1024, 2), _blocks(5, 1024, 5)
        self.conv5, self.norm5 = nn.Conv2d(1024, 2048, 1), nn.BatchNorm2d(2048)
        self.block6, self.block7 = Bottleneck(2048, 2), _blocks(7, 2048, 2)
        self.fc_yaw, self.fc_pitch, self.fc_roll = (nn.Linear(2048, _DEGREE_BINS) for _ in range(3))
        self.fc_t, self.fc_exp = nn.Linear(2048, 3), nn.Linear(2048, 3 * _POINTS)

    def forward(self, images: Tensor) -> HeadMotion:
        """Faces, RGB 0–1, float32 [N, 3, 256, 256], to head pose and key point offsets."""
        x = functional.relu(self.norm1(self.conv1(images)))
        x = functional.max_pool2d(x, 3, 2, padding=1)
        x = self.block1(functional.relu(self.norm2(self.conv2(x))))
        x = self.block3(self.block2(functional.relu(self.norm3(self.conv3(x)))))
        x = self.block5(self.block4(functional.relu(self.norm4(self.conv4(x)))))
        x = self.block7(self.block6(functional.relu(self.norm5(self.conv5(x)))))
        x = x.mean(dim=(2, 3))
        # The checkpoint's names of these two are exchanged.
        yaw, roll = self.fc_roll(x), self.fc_yaw(x)
        return HeadMotion(yaw, self.fc_pitch(x), roll, self.fc_t(x), self.fc_exp(x))
