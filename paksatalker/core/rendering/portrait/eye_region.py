"""One eye's landmarks from the image's left to its right, its curves and its crop: shared by eyeballs and eyelids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.curves import CurveFrame, heights
from paksatalker.core.rendering.portrait.face import Points, SourceFace
from paksatalker.core.rendering.portrait.topology import EyeIndices

Float = npt.NDArray[np.float32]
SAMPLES = 49


@dataclass(frozen=True, slots=True)
class EyeRegion:
    """Index lists ordered from the image's left to its right.

    Points are landmarks [478, ≥2], pixels, unless a method says otherwise.

    Attributes:
        upper: Upper lid's edge with both corners.
        lower: Lower lid's edge with both corners.
        ring: Fold of the upper lid.
        outer_ring: Between fold and brow.
        iris: Centre of the iris; its rim follows.
        outward: +1 if the outer corner is at the right end, −1 if at the left.
    """

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    ring: tuple[int, ...]
    outer_ring: tuple[int, ...]
    iris: int
    outward: int

    @classmethod
    def of(cls, eye: EyeIndices, points: Points) -> EyeRegion:
        """Orders an eye's lists by where its corners lie in the photo."""
        step = -1 if points[eye.upper[0], 0] > points[eye.upper[-1], 0] else 1
        return cls(eye.upper[::step], eye.lower[::step], eye.ring[::step], eye.outer_ring[::step], eye.iris, -step)

    def frame(self, points: Points) -> CurveFrame:
        """The frame along the eye's corners."""
        return CurveFrame.between(points[self.upper[0]], points[self.upper[-1]])

    def curve(self, frame: CurveFrame, points: Points, row: tuple[int, ...]) -> Float:
        """Heights, float32 [SAMPLES], of a row of landmarks from corner to corner, pixels."""
        at = np.linspace(0.0, frame.length, SAMPLES)
        return heights(frame.local(points[list(row)]), at).astype(np.float32)

    def fold(self, frame: CurveFrame, points: Points) -> Float:
        """Heights, float32 [SAMPLES], of the line where the skin of the closing lid begins: a little above its fold."""
        between = points[list(self.ring)] + 0.45 * (points[list(self.outer_ring)] - points[list(self.ring)])
        at = np.linspace(0.0, frame.length, SAMPLES)
        return heights(frame.local(between), at).astype(np.float32)

    def aperture(self, points: Points) -> float:
        """Mean distance of the lids over the middle five pairs, pixels."""
        pairs = points[list(self.lower[2:-2]), :2] - points[list(self.upper[2:-2]), :2]
        return float(np.linalg.norm(pairs, axis=1).mean())

    def closure(self, rest: Points, unposed: Points) -> float:
        """1 when closed, 0 as in the photo, negative when wider open."""
        before = self.aperture(rest)
        return 0.0 if before < 1e-3 else float(1.0 - self.aperture(unposed) / before)

    def crop(self, face: SourceFace, margin_mm: float) -> tuple[Float, npt.NDArray[np.float64]]:
        """The photo around the eye; the border is replicated past the photo.

        Args:
            face: Of the photo.
            margin_mm: How far it reaches beyond the eye's landmarks.

        Returns:
            float32 [h, w, 3], 0–255, and where its first pixel lies in the photo: float64 [2], x and y.
        """
        rows = [*self.upper, *self.lower, *self.ring]
        pad = max(4, round(margin_mm * face.mm))
        low = np.floor(face.points[rows, :2].min(axis=0)).astype(int) - pad
        high = np.ceil(face.points[rows, :2].max(axis=0)).astype(int) + pad
        height, width = face.image.shape[:2]
        x = np.clip(np.arange(low[0], high[0]), 0, width - 1)
        y = np.clip(np.arange(low[1], high[1]), 0, height - 1)
        return face.image[np.ix_(y, x)].astype(np.float32), low.astype(np.float64)


def clipped_box(points: Points, pad: float, shape: tuple[int, ...]) -> npt.NDArray[np.int64] | None:
    """The pixels that points span, inside an image.

    Args:
        points: [n, ≥2] pixels, n ≥ 1.
        pad: Added on all sides, pixels.
        shape: Of the image: height, width, and what else there is.

    Returns:
        int64 [4]: x0, y0, and one past the last, x1, y1; None if there are none.
    """
    low = np.maximum(np.floor(points[:, :2].min(axis=0) - pad), 0).astype(np.int64)
    high = np.minimum(np.ceil(points[:, :2].max(axis=0) + pad) + 1, shape[1::-1]).astype(np.int64)
    return None if np.any(high <= low) else np.array([*low, *high], np.int64)
