"""The face landmarker: 478 points, head rotation and 52 expression scores of every face in an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paksatalker.models.mediapipe.native import Network, load, quiet_stderr

#: MediaPipe's camera looks along −z with y up; image axes have y down and z away.
_FLIP = np.diag([1.0, -1.0, -1.0])
_OUTER_EYE_CORNERS = (33, 263)


@dataclass(frozen=True, slots=True)
class FaceLandmarks:
    """One face in an image.

    Attributes:
        points: float64 [478, 3], pixels: x right, y down, z away from the viewer at the same scale. The last ten are
            the irises.
        rotation: float64 [3, 3], head to image axes (x right, y down, z away); identity for a frontal head.
        scores: Expression scores by MediaPipe's name (ARKit's names without ``tongueOut``, plus ``_neutral``), 0–1.
    """

    points: npt.NDArray[np.float64]
    rotation: npt.NDArray[np.float64]
    scores: dict[str, float]

    @property
    def eye_distance(self) -> float:
        """Distance of the outer eye corners in three dimensions, pixels: the unit of all evaluation measures."""
        a, b = self.points[list(_OUTER_EYE_CORNERS)]
        return float(np.linalg.norm(a - b))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the points, pixels."""
        left, top = self.points[:, :2].min(axis=0)
        right, bottom = self.points[:, :2].max(axis=0)
        return float(left), float(top), float(right), float(bottom)


class FaceLandmarker(Network):
    """Finds faces in single images. Not thread-safe; close it, or use it as a context manager.

    Args:
        model: Path of ``face_landmarker.task``.
        max_faces: How many faces are looked for.
        min_confidence: Detection threshold, 0–1.
    """

    def __init__(self, model: Path, max_faces: int = 1, min_confidence: float = 0.3) -> None:
        self._mp, base_options, vision = load()
        options = vision.FaceLandmarkerOptions(
            base_options=base_options(model_asset_path=str(model)),
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
            num_faces=max_faces,
            min_face_detection_confidence=min_confidence,
            min_face_presence_confidence=min_confidence,
        )
        with quiet_stderr():
            self._net = vision.FaceLandmarker.create_from_options(options)

    def detect(self, rgb: npt.NDArray[np.uint8]) -> list[FaceLandmarks]:
        """All faces in an image uint8 [H, W, 3] RGB, largest first; empty if there is none."""
        height, width = rgb.shape[:2]
        with quiet_stderr():
            result = self._net.detect(self._mp.Image(self._mp.ImageFormat.SRGB, np.ascontiguousarray(rgb)))
        faces = [
            FaceLandmarks(
                points=np.array([[p.x * width, p.y * height, p.z * width] for p in points]),
                rotation=_rotation(np.asarray(matrix)),
                scores={c.category_name: float(c.score) for c in scores},
            )
            for points, matrix, scores in zip(
                result.face_landmarks, result.facial_transformation_matrixes, result.face_blendshapes, strict=True
            )
        ]
        return sorted(faces, key=lambda face: -face.eye_distance)


def _rotation(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = matrix[:3, :3].astype(np.float64)
    left, _, right = np.linalg.svd(linear)  # nearest rotation: drops the uniform scale and rounding
    return np.asarray(_FLIP @ (left @ right) @ _FLIP)
