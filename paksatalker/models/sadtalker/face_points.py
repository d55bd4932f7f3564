"""The original's way to a face's 68 points: RetinaFace finds the face, FAN its points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paksatalker.models.sadtalker.fan import FAN, to_ibug68
from paksatalker.models.sadtalker.retinaface import RetinaFace

Array = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]


class FacePoints:
    """Finds the 68 iBUG points of the face that the detector is surest of.

    Args:
        detector: With its weights.
        pointer: With its weights.
    """

    def __init__(self, detector: RetinaFace, pointer: FAN) -> None:
        self._detector = detector
        self._pointer = pointer

    def find(self, image: Picture, *, swap: bool) -> Array | None:
        """The points of a face.

        Args:
            image: RGB uint8 [H, W, 3].
            swap: Whether the detector gets BGR, which it was trained on. The original does not when it cuts the face
                out of the photo, and does when it measures the face.

        Returns:
            float32 [68, 2], x and y in pixels; None where there is no face.
        """
        found = self._detector.detect(image[..., ::-1] if swap else image)
        if not len(found):
            return None
        height, width = image.shape[:2]
        edges = found.boxes[0].astype(int)
        left, top = np.maximum(edges[:2], 0)
        right, bottom = np.minimum(edges[2:], (width, height))
        if right - left < 1 or bottom - top < 1:
            return None
        points = to_ibug68(self._pointer.landmarks(image[top:bottom, left:right]))
        return points + np.array([left, top], np.float32)
