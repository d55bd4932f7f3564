"""A photo to what SadTalker works on: the face cut out of it.

The quad follows FFHQ: T. Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks",
CVPR 2019, appendix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.errors import NoFace

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]

#: Size that a face is thought to be needed at: a photo in which it is much larger is made smaller first.
OUTPUT_SIZE = 512
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_MOUTH_LEFT, _MOUTH_RIGHT = 48, 54
_LEAST_BORDER = 3


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: ``image[top:bottom, left:right]``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top

    def cut(self, image: Picture) -> Picture:
        """The part of an image in the box; a view."""
        return image[self.top : self.bottom, self.left : self.right]

    def moved(self, x: int, y: int) -> Box:
        """The same box further right and down."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """Where the face lies in a photo.

    Attributes:
        size: Width and height that the photo is brought to first; its own, but for very large faces.
        outer: The face with a border, in the resized photo.
        inner: The face within ``outer``.
        quad: The same, left, top, right and bottom before rounding, float64 [4].
    """

    size: tuple[int, int]
    outer: Box
    inner: Box
    quad: Array

    def box(self, *, extended: bool = False) -> Box:
        """What is animated, in the resized photo: the face, or (``ext`` modes) the face with its border."""
        box = self.outer if extended else self.inner.moved(self.outer.left, self.outer.top)
        return Box(box.left, box.top, min(box.right, self.size[0]), min(box.bottom, self.size[1]))

    def resize(self, image: Picture) -> Picture:
        """The photo at :attr:`size`."""
        return image if image.shape[1::-1] == self.size else cv2.resize(image, self.size)

    def cut(self, image: Picture, *, extended: bool = False) -> Picture:
        """The animated part of a photo [H, W, 3] of the original size."""
        return self.box(extended=extended).cut(self.resize(image))


def find_crop(points: npt.NDArray[Any], width: int, height: int, output_size: int = OUTPUT_SIZE) -> FaceCrop:
    """Where to cut the face out.

    As the original has it, the lower edge of the inner box is kept within the photo's *width*.

    Args:
        points: The face's 68 iBUG points, pixels, [68, 2].
        width: Of the photo.
        height: Of the photo.
        output_size: A face at least four times as large is made smaller by a whole number first.

    Raises:
        NoFace: The points lie beside the photo.
    """
    corners, size = _quad(np.asarray(points))
    shrink = math.floor(size / output_size * 0.5)
    if shrink > 1:  # from here on the photo is the smaller one
        width, height = round(width / shrink), round(height / shrink)
        corners, size = corners / shrink, size / shrink
    border = max(round(size * 0.1), _LEAST_BORDER)
    left, top = np.floor(corners.min(axis=0)).astype(int) - border
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + border
    outer = Box(max(int(left), 0), max(int(top), 0), min(int(right), width), min(int(bottom), height))
    if outer.width < width or outer.height < height:
        corners = corners - (outer.left, outer.top)
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners + 0.5
    quad = np.array(
        [max(min(ax, bx), 0), max(min(ay, dy), 0), min(max(cx, dx), width), min(max(by, cy), width)], np.float64
    )
    found = FaceCrop((width, height), outer, Box(*(int(edge) for edge in quad)), quad)
    if min(found.box().width, found.box().height, found.box(extended=True).width) < 1:
        raise NoFace(
            "no face can be cut out", "its points lie beside the photo", "Use a photo that shows all of the face"
        )
    return found


def _quad(points: npt.NDArray[Any]) -> tuple[Array, float]:
    """The corners of a square round the face, upright as the face is, [4, 2], and the square's edge.

    Points of 32 bits have means of 32 bits, as in the original.
    """
    left, right = points[_LEFT_EYE].mean(axis=0), points[_RIGHT_EYE].mean(axis=0)
    eyes, mouth = (left + right) / 2, (points[_MOUTH_LEFT] + points[_MOUTH_RIGHT]) / 2
    across, down = right - left, mouth - eyes
    x = across - down[::-1] * (-1, 1)
    x /= np.hypot(*x)
    x *= max(np.hypot(*across) * 2.0, np.hypot(*down) * 1.8)
    y = x[::-1] * (-1, 1)
    middle = eyes + 0.1 * down
    corners = np.stack([middle - x - y, middle - x + y, middle + x + y, middle + x - y])
    return corners, float(np.hypot(*x) * 2)
