"""FAN: 98 points of a face by four stacked hourglasses that know where in the image they look.

X. Wang et al., "Adaptive Wing Loss for Robust Face Alignment via Heatmap Regression", ICCV 2019; trained on WFLW.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

Array = npt.NDArray[np.float64]

#: Points that it finds, and the one map more that shows the face's contours.
POINTS = 98
_MAPS = POINTS + 1
#: Edges of the image that it sees and of the maps that it makes, pixels.
IMAGE_SIZE, MAP_SIZE = 256, 64
_WIDTH = 256
_DEPTH = 4
_STACKS = 4
#: Where the contour map is stronger than this, the place in the image is told once more.
_CONTOUR = 0.05

_BROWS = ((33, 33), (34, 41), (35, 40), (36, 39), (37, 38), (42, 50), (43, 49), (44, 48), (45, 47), (46, 46))
_OTHERS = (*range(51, 60), 60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75, *range(76, 96))
#: Which of WFLW's 98 points the 68 of the iBUG scheme are, each the middle of two: jaw (every second), brows (between
#: the edges), nose, eyes (without the middle of the lids), mouth.
IBUG_68: tuple[tuple[int, int], ...] = (*((i, i) for i in range(0, 33, 2)), *_BROWS, *((i, i) for i in _OTHERS))


class PlaceConv(nn.Module):
    """A convolution that is also told where in the image it is: row, column and distance from the middle.

    Args:
        source: Channels in, without the places.
        target: Channels out.
        kernel: Edge of the kernel.
        stride: Pixels from one output to the next.
        contours: Whether row and column are told once more along the contours.
    """

    def __init__(self, source: int, target: int, kernel: int, stride: int = 1, *, contours: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(source + (5 if contours else 3), target, kernel, stride, padding=kernel // 2)

    def forward(self, x: Tensor, contours: Tensor | None = None) -> Tensor:
        """[N, source, H, W], and the contour map [N, 1, H, W] where it takes one, to [N, target, H', W']."""
        height, width = x.shape[2:]
        rows, columns = (torch.arange(n, device=x.device, dtype=x.dtype) / (n - 1) * 2 - 1 for n in (height, width))
        row, column = torch.meshgrid(rows, columns, indexing="ij")
        distance = (row**2 + column**2).sqrt()
        place = torch.stack([row, column, distance / distance.max()])[None].expand(len(x), -1, -1, -1)
        parts = [x, place]
        if contours is not None:
            parts.append(torch.where(contours > _CONTOUR, place[:, :2], torch.zeros_like(place[:, :2])))
        out: Tensor = self.conv(torch.cat(parts, dim=1))
        return out


class DenseBlock(nn.Module):
    """Three pre-activated convolutions whose outputs stand side by side, and the input added."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        half, quarter = target // 2, target // 4
        self.bn1 = nn.BatchNorm2d(source)
        self.conv1 = nn.Conv2d(source, half, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, quarter, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(quarter)
        self.conv3 = nn.Conv2d(quarter, quarter, 3, padding=1, bias=False)
        self.downsample: nn.Module | None = None
        if source != target:
            self.downsample = nn.Sequential(nn.BatchNorm2d(source), nn.ReLU(), nn.Conv2d(source, target, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """[N, source, H, W] to [N, target, H, W]."""
        first = self.conv1(self.bn1(x).relu_())
        second = self.conv2(self.bn2(first).relu_())
        third = self.conv3(self.bn3(second).relu_())
        same: Tensor = x if self.downsample is None else self.downsample(x)
        return torch.cat([first, second, third], dim=1) + same


class Hourglass(nn.Module):
    """Down four scales and up again, each scale kept beside."""

    def __init__(self, *, contours: bool) -> None:
        super().__init__()
        self.coordconv = PlaceConv(_WIDTH, _WIDTH, 1, contours=contours)
        for level in range(_DEPTH, 0, -1):
            self.add_module(f"b1_{level}", DenseBlock(_WIDTH, _WIDTH))
            self.add_module(f"b2_{level}", DenseBlock(_WIDTH, _WIDTH))
            self.add_module(f"b3_{level}", DenseBlock(_WIDTH, _WIDTH))
        self.b2_plus_1 = DenseBlock(_WIDTH, _WIDTH)

    def forward(self, x: Tensor, contours: Tensor | None = None) -> Tensor:
        """[N, 256, 64, 64] to the same."""
        return self._descend(_DEPTH, self.coordconv(x, contours))

    def _descend(self, level: int, x: Tensor) -> Tensor:
        low = self.get_submodule(f"b2_{level}")(functional.avg_pool2d(x, 2))
        low = self._descend(level - 1, low) if level > 1 else self.b2_plus_1(low)
        low = functional.interpolate(self.get_submodule(f"b3_{level}")(low), scale_factor=2.0, mode="nearest")
        kept: Tensor = self.get_submodule(f"b1_{level}")(x)
        return kept + low


class FAN(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = PlaceConv(3, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = DenseBlock(64, 128)
        self.conv3 = DenseBlock(128, 128)
        self.conv4 = DenseBlock(128, _WIDTH)
        for stack in range(_STACKS):
            self.add_module(f"m{stack}", Hourglass(contours=stack > 0))
            self.add_module(f"top_m_{stack}", DenseBlock(_WIDTH, _WIDTH))
            self.add_module(f"conv_last{stack}", nn.Conv2d(_WIDTH, _WIDTH, 1))
            self.add_module(f"bn_end{stack}", nn.BatchNorm2d(_WIDTH))
            self.add_module(f"l{stack}", nn.Conv2d(_WIDTH, _MAPS, 1))
            if stack < _STACKS - 1:
                self.add_module(f"bl{stack}", nn.Conv2d(_WIDTH, _WIDTH, 1))
                self.add_module(f"al{stack}", nn.Conv2d(_MAPS, _WIDTH, 1))

    def forward(self, images: Tensor) -> list[Tensor]:
        """The maps of every stack.

        Args:
            images: Faces, BGR 0–1, float32 [N, 3, 256, 256].

        Returns:
            Four of [N, 99, 64, 64]: a map for each point and one for the contours; the last stack's are the best.
        """
        x = functional.avg_pool2d(self.conv2(self.bn1(self.conv1(images)).relu()), 2)
        x = self.conv4(self.conv3(x))
        maps: list[Tensor] = []
        for stack in range(_STACKS):
            contours = maps[-1][:, -1:].clamp(0, 1) if maps else None
            seen = self._part("top_m_", stack)(self._part("m", stack)(x, contours))
            seen = self._part("bn_end", stack)(self._part("conv_last", stack)(seen)).relu()
            maps.append(self._part("l", stack)(seen))
            if stack < _STACKS - 1:
                x = x + self._part("bl", stack)(seen) + self._part("al", stack)(maps[-1])
        return maps

    def _part(self, name: str, stack: int) -> nn.Module:
        return self.get_submodule(f"{name}{stack}")

    @torch.inference_mode()
    def landmarks(self, face: npt.NDArray[np.uint8]) -> Array:
        """The 98 points of a face.

        Args:
            face: RGB uint8 [H, W, 3], cut out by its box.

        Returns:
            float64 [98, 2], x and y in pixels of ``face``.
        """
        height, width = face.shape[:2]
        small = cv2.resize(face, (IMAGE_SIZE, IMAGE_SIZE))
        pixels = torch.from_numpy(np.ascontiguousarray(small[..., ::-1])).permute(2, 0, 1)[None]
        device = self.conv1.conv.weight.device
        maps = self(pixels.to(device, torch.float32) / 255)[-1][0, :POINTS].cpu().numpy()
        scaled: Array = peaks(maps) * np.array([width, height]) / MAP_SIZE
        return scaled


def peaks(maps: npt.NDArray[np.float32]) -> Array:
    """Where each map is strongest, a quarter pixel towards the stronger neighbour.

    As the original has it, neighbours are those in memory: beside the edge lies the row before or after; and once any
    map peaks at the upper or lower edge, all maps compare with their first or last pixel instead.

    Args:
        maps: float32 [N, H, W].

    Returns:
        x and y of the pixel's centre, float64 [N, 2].
    """
    count, _, width = maps.shape
    flat = maps.reshape(count, -1)
    every, last = np.arange(count), flat.shape[1] - 1
    peak = flat.argmax(axis=1)
    right, left = flat[every, np.minimum(peak + 1, last)], flat[every, peak - 1]
    below = flat[:, last] if (peak + width > last).any() else flat[every, peak + width]
    above = flat[:, 0] if (peak - width <= 0).any() else flat[every, peak - width]
    lean = 0.25 * np.sign(np.stack([right - left, below - above], axis=1))
    place: Array = np.stack([peak % width, peak // width], axis=1) + lean + 0.5
    return place


def to_ibug68(points: Array) -> npt.NDArray[np.float32]:
    """Of 98 points [98, 2] the 68 of the iBUG scheme, float32 [68, 2]; a brow is the middle of its two edges."""
    upper, lower = np.array(IBUG_68).T
    middle: npt.NDArray[np.float32] = ((points[upper] + points[lower]) / 2).astype(np.float32)
    return middle
