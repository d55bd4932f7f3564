"""A photo to what SadTalker works on: the face cut out of it, and the face aligned for measuring.

The quad follows FFHQ (T. Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks",
CVPR 2019, appendix); the alignment is a weak perspective by least squares ("POS", D. DeMenthon and L. Davis,
"Model-Based Object Pose in 25 Lines of Code", IJCV 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from paksatalker.errors import FaceTooSmall, NoFace

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]

#: Size that a face is thought to be needed at: a photo in which it is much larger is made smaller first.
OUTPUT_SIZE = 512
#: Edge of the aligned face, pixels.
ALIGNED_SIZE = 224
#: How large a face is in it: pixels for a unit of :data:`FACE_POINTS`.
_ALIGNED_SCALE = 102.0
#: Eyes, nose and corners of the mouth, left in the image first, on the mean face of the 3-D model, x right, y up.
FACE_POINTS: Array = np.array(
    [
        (-0.31148657, 0.29036078, 0.13377953),
        (0.30979887, 0.28972036, 0.13179526),
        (0.0032535, -0.04617932, 0.55244243),
        (-0.25216928, -0.38133916, 0.22405732),
        (0.2484662, -0.38128236, 0.22235769),
    ]
)
FACE_POINTS.flags.writeable = False

_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_MOUTH_LEFT, _MOUTH_RIGHT = 48, 54
_NOSE_TIP = 30
_LEAST_BORDER = 3
#: The largest image that is made to cut the aligned face out of, and what a face is at least, pixels.
_MOST_PIXELS, _SMALLEST = 1 << 26, 1e-6


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


def find_crop(points: Array, width: int, height: int, output_size: int = OUTPUT_SIZE) -> FaceCrop:
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
    corners, size = _quad(np.asarray(points, np.float64))
    shrink = math.floor(size / output_size * 0.5)
    resized = (width, height)
    if shrink > 1:
        resized = (round(width / shrink), round(height / shrink))
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
    found = FaceCrop(resized, outer, Box(*(int(edge) for edge in quad)), quad)
    if min(found.box().width, found.box().height, found.box(extended=True).width) < 1:
        raise NoFace(
            "no face can be cut out", "its points lie beside the photo", "Use a photo that shows all of the face"
        )
    return found


def _quad(points: Array) -> tuple[Array, float]:
    """The corners of a square round the face, upright as the face is, [4, 2], and the square's edge."""
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


@dataclass(frozen=True, slots=True)
class Alignment:
    """A face brought to the place and size at which it is measured.

    Attributes:
        image: RGB uint8 [224, 224, 3].
        scale: Pixels of ``image`` for a pixel of the original.
        shift: Where the middle of the face model lies in the original, pixels from the left and from *below*.
        points: The face's points in ``image``, y up, [68, 2].
    """

    image: Picture
    scale: float
    shift: tuple[float, float]
    points: Array

    @property
    def crop(self) -> npt.NDArray[np.float32]:
        """The three coefficients that ``full`` mode adds: scale and shift, float32 [3]."""
        return np.array([self.scale, *self.shift], np.float32)


def align(image: Picture, points: Array) -> Alignment:
    """Cuts a face out for measuring.

    Args:
        image: RGB uint8 [H, W, 3].
        points: The face's 68 iBUG points, pixels, y down, [68, 2].

    Raises:
        FaceTooSmall: Its points lie so close together that the image would have to be enlarged enormously.
    """
    upright = np.stack([points[:, 0], len(image) - 1 - points[:, 1]], axis=1)
    return align_upright(image, upright)


def align_upright(image: Picture, points: Array) -> Alignment:
    """The same with points whose y goes up from the lowest row."""
    height, width = image.shape[:2]
    shift, scale = weak_perspective(five_points(points))
    scale = _ALIGNED_SCALE / max(scale, _SMALLEST)
    wide, high = int(width * scale), int(height * scale)
    if not 0 < wide * high <= _MOST_PIXELS:
        raise FaceTooSmall("the face cannot be measured", "its points lie too close together", "Use a larger face")
    x = int(wide / 2 - ALIGNED_SIZE / 2 + (shift[0] - width / 2) * scale)
    y = int(high / 2 - ALIGNED_SIZE / 2 + (height / 2 - shift[1]) * scale)
    # Pillow's bicubic takes more pixels into account the smaller the result, which OpenCV's does not.
    small = Image.fromarray(image).resize((wide, high), Image.Resampling.BICUBIC)
    cut = small.crop((x, y, x + ALIGNED_SIZE, y + ALIGNED_SIZE))
    moved = (points - shift + (width / 2, height / 2)) * scale
    moved = moved - (wide / 2 - ALIGNED_SIZE / 2, high / 2 - ALIGNED_SIZE / 2)
    return Alignment(np.asarray(cut), float(scale), (float(shift[0]), float(shift[1])), moved)


def five_points(points: Array) -> Array:
    """Of 68 points the five that :data:`FACE_POINTS` are, [5, 2]; an eye is the middle of its corners."""
    eyes = [(points[36] + points[39]) / 2, (points[42] + points[45]) / 2]
    return np.stack([*eyes, points[_NOSE_TIP], points[_MOUTH_LEFT], points[_MOUTH_RIGHT]]).astype(np.float64)


def weak_perspective(points: Array, model: Array = FACE_POINTS) -> tuple[Array, float]:
    """Where and how large a model is seen, by least squares.

    Args:
        points: Its points in the image, [N, 2].
        model: The same points on the model, [N, 3].

    Returns:
        Where its origin lies in the image [2], and pixels for a unit of the model.
    """
    known = np.concatenate([model, np.ones((len(model), 1))], axis=1)
    solution, *_ = np.linalg.lstsq(known, points, rcond=None)
    scale = np.linalg.norm(solution[:3], axis=0).mean()
    return solution[3], float(scale)
