"""The photo as SadTalker needs it: the face that is animated, what is measured in it, and where it goes afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.sadtalker.paste import Box
from paksatalker.core.rendering.sadtalker.preprocess import find_crop
from paksatalker.core.rendering.scene import Scene
from paksatalker.errors import FaceTooSmall, InvalidOption
from paksatalker.models.mediapipe.ibug import ibug_68
from paksatalker.models.sadtalker.alignment import Alignment, align

Image = npt.NDArray[np.uint8]

_LEAST = 32


@dataclass(frozen=True, slots=True)
class FaceSource:
    """A photo made ready.

    Attributes:
        picture: The whole picture, uint8 [H, W, 3] RGB.
        box: The part of it that is animated: left, top, right, bottom.
        face: That part, squashed to a square, uint8 [S, S, 3].
        points: The face's 68 points in ``face``, pixels, float64 [68, 2].
        aligned: The face as it is measured.
        size: Width and height of the frames, both even.
    """

    picture: Image
    box: Box
    face: Image
    points: npt.NDArray[np.float64]
    aligned: Alignment
    size: tuple[int, int]


def read_face(scene: Scene, preprocess: str, size: int) -> FaceSource:
    """Makes a photo ready.

    Args:
        scene: The photo, framed.
        preprocess: One of :data:`~paksatalker.core.options.PREPROCESS`.
        size: Side of the square that the networks draw, pixels.

    Raises:
        InvalidOption: The background is to be transparent: the networks draw it together with the face.
        NoFace: The face lies at the border so that nothing is left to cut out.
        FaceTooSmall: It has too few pixels.
    """
    picture = _with_background(scene)
    height, width = picture.shape[:2]
    points = ibug_68(scene.canvas.face_points(scene.portrait))
    box: Box = (0, 0, width, height)
    if preprocess != "resize":
        crop = find_crop(points, width, height)
        found = crop.box(extended=preprocess.startswith("ext"))
        across, down = width / crop.size[0], height / crop.size[1]
        box = (
            round(found.left * across),
            round(found.top * down),
            min(width, round(found.right * across)),
            min(height, round(found.bottom * down)),
        )
    left, top, right, bottom = box
    if min(right - left, bottom - top) < _LEAST:
        raise FaceTooSmall(
            "the face is too small", f"it has {right - left} × {bottom - top} pixels", "Give a larger --size or photo"
        )
    cut = picture[top:bottom, left:right]
    method = cv2.INTER_AREA if size < min(cut.shape[:2]) else cv2.INTER_CUBIC
    face = np.asarray(cv2.resize(cut, (size, size), interpolation=method), np.uint8)
    inside = (points - (left, top)) * (size / (right - left), size / (bottom - top))
    keeps = preprocess in ("full", "extfull", "resize")
    frame = (width, height) if keeps else _frame_size(right - left, bottom - top, min(width, height))
    return FaceSource(picture, box, face, inside, align(face, inside), frame)


def _frame_size(width: int, height: int, short: int) -> tuple[int, int]:
    """Even sides of the shape of the crop."""
    scale = short / min(width, height)
    return (2 * max(1, round(width * scale / 2)), 2 * max(1, round(height * scale / 2)))


def _with_background(scene: Scene) -> Image:
    if isinstance(scene.background, str):
        raise InvalidOption(
            "the renderer 'sadtalker' cannot make transparent frames",
            "its networks draw the background together with the face",
            "Choose another --background, or --renderer portrait",
        )
    if scene.background is None:
        return scene.canvas.image
    weight = scene.mask[:, :, None]
    mixed = scene.canvas.image * weight + scene.background * (1 - weight)
    return np.asarray(mixed + 0.5, np.uint8)
