"""The face of a photo, still and in motion: what the parts of the portrait renderer hand to each other.

All coordinates are pixels of the canvas (the output frame): x right, y down, z away from the viewer, same scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES

Points = npt.NDArray[np.float64]

#: Adult outer-eye-corner distance in millimetres: turns anatomical sizes into pixels.
EYE_DISTANCE_MM = 92.0


@dataclass(frozen=True, slots=True)
class SourceFace:
    """The face as photographed. Never changes during a video.

    Attributes:
        image: uint8 [H, W, 3] RGB, the canvas with the person in it.
        points: float64 [478, 3] landmarks.
        rotation: float64 [3, 3] head to image axes.
        scores: float32 [52] the photo's own expression in ARKit order (``tongueOut`` 0).
    """

    image: npt.NDArray[np.uint8]
    points: Points
    rotation: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float32]

    @classmethod
    def of(
        cls,
        image: npt.NDArray[np.uint8],
        points: Points,
        rotation: npt.NDArray[np.float64],
        scores: Mapping[str, float],
    ) -> SourceFace:
        """A face from what a landmarker says: points in canvas pixels, scores by name (unknown names are ignored)."""
        ordered = np.array([scores.get(name, 0.0) for name in ARKIT_NAMES], np.float32)
        return cls(np.ascontiguousarray(image), np.asarray(points, np.float64), rotation, ordered)

    @property
    def eye_distance(self) -> float:
        """Outer eye corners, three-dimensional, pixels."""
        return float(np.linalg.norm(self.points[33] - self.points[263]))

    @property
    def mm(self) -> float:
        """Pixels a millimetre."""
        return self.eye_distance / EYE_DISTANCE_MM

    @property
    def height(self) -> float:
        """Forehead to chin in the image, pixels."""
        return float(np.linalg.norm((self.points[10] - self.points[152])[:2]))

    @property
    def width(self) -> float:
        """Cheek to cheek in the image, pixels."""
        return float(np.linalg.norm((self.points[234] - self.points[454])[:2]))


@dataclass(frozen=True, slots=True)
class HeadPose:
    """A rigid motion with scale about a pivot in the neck: ``p ↦ pivot + linear · (p − pivot) + translation``."""

    linear: npt.NDArray[np.float64]
    pivot: npt.NDArray[np.float64]
    translation: npt.NDArray[np.float64]

    def apply(self, points: Points) -> Points:
        """Moves points [..., 3]."""
        moved: Points = self.pivot + (points - self.pivot) @ self.linear.T + self.translation
        return moved


@dataclass(frozen=True, slots=True)
class FaceState:
    """One frame's controls: one row of a :class:`~paksatalker.core.timeline.FaceTrack`."""

    coefficients: npt.NDArray[np.float32]
    head_rotation: npt.NDArray[np.float32]
    head_translation: npt.NDArray[np.float32]
    gaze: npt.NDArray[np.float32]
    seal: float = 0.0
    tongue: float = 0.0
    activity: float = 0.0
    breath: float = 0.0

    def __getitem__(self, name: str) -> float:
        """A coefficient by its ARKit name."""
        return float(self.coefficients[ARKIT_INDEX[name]])


@dataclass(frozen=True, slots=True)
class PosedFace:
    """The face in one frame.

    Attributes:
        points: float64 [478, 3] where each landmark is drawn: expression, seal, lids and pose applied.
        unposed: The same before the head pose.
        pose: The head pose.
        jaw: [3] how far the chin moved from the photo's by expression, before the pose.
        state: The controls it was made from.
    """

    points: Points
    unposed: Points
    pose: HeadPose
    jaw: npt.NDArray[np.float64]
    state: FaceState
