"""A face brought to the place and size at which the reconstruction network measures it.

The alignment is a weak perspective by least squares ("POS", D. DeMenthon and L. Davis, "Model-Based Object Pose in 25
Lines of Code", IJCV 1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from paksatalker.errors import FaceTooSmall

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]

#: Edge of the aligned face, pixels.
ALIGNED_SIZE = 224
#: How large a face is in it: pixels for a unit of :data:`FACE_POINTS`.
_ALIGNED_SCALE = 102.0
#: Eyes, nose and corners of the mouth, left in the image first, on the mean face of the 3-D model, x right, y up.
#: Numbers of 32 bits, as the original has them: with 64 a face lies 1e-6 pixels off, more in a larger image.
FACE_POINTS: Array = np.array(
    [
        (-0.31148657, 0.29036078, 0.13377953),
        (0.30979887, 0.28972036, 0.13179526),
        (0.0032534988, -0.046179324, 0.55244243),
        (-0.25216928, -0.38133916, 0.22405732),
        (0.2484662, -0.38128236, 0.22235769),
    ],
    np.float32,
).astype(np.float64)
FACE_POINTS.flags.writeable = False
_MOUTH_LEFT, _MOUTH_RIGHT = 48, 54
_NOSE_TIP = 30
#: The largest image that is made to cut the aligned face out of, and what a face is at least, pixels.
_MOST_PIXELS, _SMALLEST = 1 << 26, 1e-6


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
