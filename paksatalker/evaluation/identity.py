"""Does the person still look like the photo: landmark shape at rest against the photo's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.evaluation.eyes import aspect_ratio
from paksatalker.evaluation.geometry import Array, eye_distance, umeyama
from paksatalker.evaluation.lips import ATTACK, RELEASE
from paksatalker.evaluation.tracking import FaceMotion

#: The irises move with the gaze and are left out.
_SHAPE = 468


@dataclass(frozen=True, slots=True)
class ShapeDifference:
    """Landmark shape at rest against the photo's, eye distances.

    Attributes:
        mean: Mean distance of the 468 points after similarity alignment on all of them.
        largest: Largest of these distances.
        frames: How many frames at rest were averaged.
    """

    mean: float
    largest: float
    frames: int


def rest_frames(motion: FaceMotion, speech: tuple[float, float] | None = None) -> npt.NDArray[np.bool_]:
    """Frames [T] in which the face is at rest: before and after all speech, eyes open; else the first with a face.

    Short pauses inside the speech do not count: lips that stay closed between two sentences are an expression.

    Args:
        motion: The tracked video.
        speech: From the first sound to the last, seconds; None if it is not known.
    """
    rest = np.zeros(len(motion), bool)
    if speech is not None:
        rest = ((motion.times <= speech[0] - ATTACK) | (motion.times >= speech[1] + RELEASE)) & motion.ok
    ratio = aspect_ratio(motion)
    rest &= ratio > 0.85 * np.median(ratio)
    if not rest.any():
        rest[int(np.argmax(motion.ok))] = True
    return rest


def shape_difference(
    motion: FaceMotion, photo: FaceMotion, rest: npt.NDArray[np.bool_] | None = None
) -> ShapeDifference:
    """Compares the mean shape over the frames at rest with that of a photo.

    Args:
        motion: The tracked video.
        photo: The tracked photo, one frame.
        rest: Which frames are at rest [T]; the first frame when None.
    """
    target = photo.points[0, :_SHAPE].astype(np.float64)
    chosen = rest_frames(motion) if rest is None else rest
    shapes = [_aligned(frame[:_SHAPE].astype(np.float64), target) for frame in motion.points[chosen]]
    distance = np.linalg.norm(np.mean(shapes, axis=0) - target, axis=-1) / float(eye_distance(photo.points[0]))
    return ShapeDifference(float(distance.mean()), float(distance.max()), len(shapes))


def _aligned(points: Array, target: Array) -> Array:
    return umeyama(points, target).apply(points)
