"""RetinaFace with ResNet-50: faces in an image, each with a box, a score and five points.

J. Deng et al., "RetinaFace: Single-shot Multi-level Face Localisation in the Wild", CVPR 2020.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from paksatalker.models.resnet50 import STAGE_CHANNELS, ResNet50

Array = npt.NDArray[np.float32]

#: What SadTalker asks for.
SCORE_THRESHOLD = 0.97
NMS_THRESHOLD = 0.4
#: Mean of the training images, subtracted from the channels in the order that they come.
MEAN = (104.0, 117.0, 123.0)
_WIDTH = 256
#: Pixels between anchors, and the anchors' edges, at the three scales.
_STRIDES = (8, 16, 32)
_ANCHORS = ((16, 32), (64, 128), (256, 512))
_POINTS = 5
#: How strongly the network's numbers move centres and change sizes.
_CENTRE_VARIANCE, _SIZE_VARIANCE = 0.1, 0.2


@dataclass(frozen=True, slots=True)
class Detections:
    """Faces, best first.

    Attributes:
        boxes: Left, top, right, bottom in pixels, float32 [N, 4]; they may reach beyond the image.
        scores: [N], 0–1.
        points: Eyes, nose and corners of the mouth, left in the image first, pixels, [N, 5, 2].
    """

    boxes: Array
    scores: Array
    points: Array

    def __len__(self) -> int:
        return len(self.boxes)


def _conv(source: int, target: int, kernel: int, *, relu: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(source, target, kernel, padding=kernel // 2, bias=False)]
    layers.append(nn.BatchNorm2d(target))
    return nn.Sequential(*layers, nn.ReLU()) if relu else nn.Sequential(*layers)


class FeaturePyramid(nn.Module):
    """Brings three scales to one width and hands what is seen coarsely on to the finer ones."""

    def __init__(self) -> None:
        super().__init__()
        self.output1, self.output2, self.output3 = (_conv(channels, _WIDTH, 1) for channels in STAGE_CHANNELS)
        self.merge1 = _conv(_WIDTH, _WIDTH, 3)
        self.merge2 = _conv(_WIDTH, _WIDTH, 3)

    def forward(self, features: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Features as :class:`ResNet50` gives them to three of 256 channels, of the same sizes."""
        fine, middle, coarse = (
            layer(x) for layer, x in zip((self.output1, self.output2, self.output3), features, strict=True)
        )
        middle = self.merge2(middle + functional.interpolate(coarse, size=middle.shape[2:], mode="nearest"))
        fine = self.merge1(fine + functional.interpolate(middle, size=fine.shape[2:], mode="nearest"))
        return fine, middle, coarse


class ContextModule(nn.Module):
    """Looks at 3 × 3, 5 × 5 and 7 × 7 neighbourhoods, the larger ones as rows of 3 × 3."""

    def __init__(self) -> None:
        super().__init__()
        half, quarter = _WIDTH // 2, _WIDTH // 4
        self.conv3X3 = _conv(_WIDTH, half, 3, relu=False)
        self.conv5X5_1 = _conv(_WIDTH, quarter, 3)
        self.conv5X5_2 = _conv(quarter, quarter, 3, relu=False)
        self.conv7X7_2 = _conv(quarter, quarter, 3)
        self.conv7x7_3 = _conv(quarter, quarter, 3, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 256, H, W] to the same."""
        wider = self.conv5X5_1(x)
        widest = self.conv7x7_3(self.conv7X7_2(wider))
        return torch.cat([self.conv3X3(x), self.conv5X5_2(wider), widest], dim=1).relu()


class Head(nn.Module):
    """Numbers for the two anchors of every place."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.conv1x1 = nn.Conv2d(_WIDTH, 2 * numbers, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 256, H, W] to [N, 2 H W, numbers], row by row."""
        out: Tensor = self.conv1x1(x)
        return out.permute(0, 2, 3, 1).reshape(len(x), -1, self.numbers)


class RetinaFace(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.body = ResNet50()
        self.fpn = FeaturePyramid()
        self.ssh1, self.ssh2, self.ssh3 = ContextModule(), ContextModule(), ContextModule()
        self.ClassHead = nn.ModuleList(Head(2) for _ in _STRIDES)
        self.BboxHead = nn.ModuleList(Head(4) for _ in _STRIDES)
        self.LandmarkHead = nn.ModuleList(Head(2 * _POINTS) for _ in _STRIDES)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What it says of every anchor.

        Args:
            images: Less the mean, float32 [N, 3, H, W] of any size.

        Returns:
            Boxes [N, A, 4], probabilities of no face and a face [N, A, 2], and points [N, A, 10], boxes and points
            relative to the anchors of :func:`anchors`.
        """
        levels = self.fpn(self.body(images))
        seen = [module(x) for module, x in zip((self.ssh1, self.ssh2, self.ssh3), levels, strict=True)]
        boxes, classes, points = (
            torch.cat([head(x) for head, x in zip(heads, seen, strict=True)], dim=1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        )
        return boxes, classes.softmax(dim=-1), points

    @torch.inference_mode()
    def detect(
        self, image: npt.NDArray[np.uint8], score: float = SCORE_THRESHOLD, overlap: float = NMS_THRESHOLD
    ) -> Detections:
        """Finds faces.

        Args:
            image: uint8 [H, W, 3], channels as the weights want them (SadTalker passes RGB when it crops and BGR when
                it measures; both work).
            score: Least probability of a face.
            overlap: Of two boxes that overlap more than this (intersection over union), the better one stays.
        """
        height, width = image.shape[:2]
        device = self.body.conv1.weight.device
        pixels = torch.from_numpy(np.ascontiguousarray(image)).to(device, torch.float32) - torch.tensor(
            MEAN, device=device
        )
        raw_boxes, classes, raw_points = self(pixels.permute(2, 0, 1)[None])
        priors = anchors(height, width).to(device)
        scale = torch.tensor([width, height], dtype=torch.float32, device=device)
        boxes = (decode_boxes(raw_boxes[0], priors).view(-1, 2, 2) * scale).view(-1, 4)
        points = decode_points(raw_points[0], priors).view(-1, _POINTS, 2) * scale
        good = classes[0, :, 1] > score
        chosen_boxes, scores = boxes[good].cpu().numpy(), classes[0, good, 1].cpu().numpy()
        kept = suppress(chosen_boxes, scores, overlap)
        return Detections(chosen_boxes[kept], scores[kept], points[good].cpu().numpy()[kept])


def anchors(height: int, width: int) -> Tensor:
    """Centre and size of every anchor, as fractions of the image: float32 [A, 4], x y w h."""
    rows = []
    for stride, edges in zip(_STRIDES, _ANCHORS, strict=True):
        steps = itertools.product(range(math.ceil(height / stride)), range(math.ceil(width / stride)), edges)
        rows += [
            ((column + 0.5) * stride / width, (row + 0.5) * stride / height, edge / width, edge / height)
            for row, column, edge in steps
        ]
    return torch.tensor(rows, dtype=torch.float32)


def decode_boxes(raw: Tensor, priors: Tensor) -> Tensor:
    """Boxes [A, 4], left top right bottom, as fractions of the image."""
    centre = priors[:, :2] + raw[:, :2] * _CENTRE_VARIANCE * priors[:, 2:]
    size = priors[:, 2:] * torch.exp(raw[:, 2:] * _SIZE_VARIANCE)
    corner = centre - size / 2
    return torch.cat([corner, size + corner], dim=1)


def decode_points(raw: Tensor, priors: Tensor) -> Tensor:
    """Points [A, 10], x and y by turns, as fractions of the image."""
    points = priors[:, None, :2] + raw.view(-1, _POINTS, 2) * _CENTRE_VARIANCE * priors[:, None, 2:]
    return points.flatten(1)


def suppress(boxes: Array, scores: Array, overlap: float) -> npt.NDArray[np.int64]:
    """Of boxes that show the same face keeps the best; returns which, best first. A box has both its edges' pixels."""
    left, top, right, bottom = boxes.reshape(-1, 4).T
    area = (right - left + 1) * (bottom - top + 1)
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        wide = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest]) + 1
        high = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest]) + 1
        shared = np.maximum(0, wide) * np.maximum(0, high)
        order = rest[shared / (area[best] + area[rest] - shared) <= overlap]
    return np.array(kept, dtype=np.int64)
