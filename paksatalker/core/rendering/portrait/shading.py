"""Light on a face that moves: cheeks, folds, lips and chin change their shade with expression and turn."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import shading_kernel as k
from paksatalker.core.rendering.portrait.face import Points, PosedFace, SourceFace
from paksatalker.core.rendering.portrait.folds import FoldPainter, Motion, build_folds
from paksatalker.core.rendering.portrait.geometry import rest_points
from paksatalker.core.rendering.portrait.palette import Palette, analyse
from paksatalker.core.rendering.portrait.relief import outward_triangles
from paksatalker.core.rendering.portrait.topology import EYES, OVAL

Float = npt.NDArray[np.float32]

_CELLS_PER_MM: Final = 0.8  # of the gain map: folds are wider than a cell, whatever the canvas
_MAX_RELIGHT: Final = 0.13
_MAX_FOLD: Final = 0.2


class Shading:
    """Multiplies the skin by soft gains: the mesh's normals under the photo's light, and folds.

    Args:
        face: The face as photographed.
        palette: The photo's colours; measured if not given.
        strength: 1 is natural; 0 switches the effect off.
    """

    def __init__(self, face: SourceFace, palette: Palette | None = None, strength: float = 1.0) -> None:
        self._face = face
        self._palette = palette or analyse(face)
        self._strength = strength
        self._rest: Points = rest_points(face)
        self._triangles = _far_first(self._rest)
        self._rest_light = self._lambert(self._rest)
        self._weight = _vertex_weights(self._rest, face)
        self._first, self._neighbours = _neighbours(len(self._rest))
        self._scale = _CELLS_PER_MM / face.mm
        low = self._rest[:, :2].min(axis=0)
        self._source = np.ascontiguousarray((self._rest[:, :2] - low) * self._scale + 2, np.float32)
        columns, rows = np.ceil(self._source.max(axis=0)).astype(int) + 3
        painter = FoldPainter(self._source.astype(np.float64), _CELLS_PER_MM, (int(rows), int(columns)))
        folds = build_folds(painter)
        inside = _inside_face(self._source, (int(rows), int(columns)))
        self._masks = np.ascontiguousarray(np.stack([fold.mask * inside for fold in folds]).reshape(len(folds), -1))
        self._amounts = [fold.amount for fold in folds]
        self._shape = (int(rows), int(columns))
        # Skin scatters red: shadows and lights change it less than blue.
        tint = np.array([0.60, 1.04, 1.08], np.float32)
        self._tint = (1 + (tint - 1) * self._palette.chroma).astype(np.float32)

    def apply(self, frame: npt.NDArray[np.uint8], posed: PosedFace) -> None:
        """Shades one frame in place.

        Args:
            frame: uint8 [H, W, 3] RGB, C-contiguous: the warped photo.
            posed: The face in this frame.
        """
        motion = Motion(np.einsum("ij,jk->ik", posed.unposed - self._rest, self._face.rotation) / self._face.mm)
        amounts = np.array([amount(motion) for amount in self._amounts], np.float32) * self._strength
        folds = np.empty(self._masks.shape[1], np.float32)
        k.combine_masks(folds, self._masks, amounts)
        folds = np.clip(folds, -_MAX_FOLD, _MAX_FOLD).reshape(self._shape)
        gain = self._relight(posed.points)
        low = posed.points[:468, :2].min(axis=0) - 2 / self._scale
        target = np.ascontiguousarray((posed.points[:, :2] - low) * self._scale, np.float32)
        columns, rows = np.ceil(target[:468].max(axis=0)).astype(int) + 3
        cells = np.zeros((int(rows), int(columns)), np.float32)
        k.rasterise_gain(cells, target, self._source, gain, folds, self._triangles)
        cells = cv2.blur(cells, (3, 3))
        step = 1 / self._scale
        end = np.minimum(np.ceil(low + np.array([columns, rows]) * step), frame.shape[1::-1]).astype(np.int64)
        start = np.maximum(np.floor(low), 0).astype(np.int64)
        if np.any(end <= start):
            return
        box = np.array([*start, *end], np.int64)
        k.apply_gain(frame, cells, float(low[0]), float(low[1]), float(step), box, self._tint)

    def _lambert(self, points: Points) -> npt.NDArray[np.float64]:
        facing = np.empty(len(points))
        k.vertex_facing(
            facing, np.ascontiguousarray(points, np.float64), self._triangles, np.ascontiguousarray(self._palette.light)
        )
        return np.maximum(1.0 + min(self._palette.contrast, 0.55) * (facing - 0.6), 0.25)

    def _relight(self, points: Points) -> Float:
        """Relative change of each vertex's light [478]."""
        change = (self._lambert(points) / self._rest_light - 1.0).astype(np.float32)
        k.smooth_vertices(change, self._first, self._neighbours, 3)
        gain = np.clip(0.8 * self._strength * change, -_MAX_RELIGHT, _MAX_RELIGHT) * self._weight
        return np.ascontiguousarray(gain, np.float32)


def _far_first(points: Points) -> npt.NDArray[np.int32]:
    triangles = outward_triangles()
    return np.ascontiguousarray(triangles[np.argsort(-points[triangles, 2].mean(axis=1))])


def _neighbours(count: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Each vertex's neighbours in the mesh: where its own begin [count + 1], and all of them in one list."""
    edges = {(int(t[a]), int(t[b])) for t in outward_triangles() for a in range(3) for b in range(3) if a != b}
    ordered = np.array(sorted(edges), np.int32)
    first = np.searchsorted(ordered[:, 0], np.arange(count + 1)).astype(np.int32)
    return first, np.ascontiguousarray(ordered[:, 1])


def _vertex_weights(points: Points, face: SourceFace) -> Float:
    """How far each vertex takes part [478]: not on the outline, nor on the lids, which are painted."""
    outline = points[list(OVAL), :2]
    distance = np.linalg.norm(points[:, None, :2] - outline[None], axis=2).min(axis=1) / face.mm
    lids = [i for eye in EYES for i in (*eye.upper, *eye.lower)]
    near = np.linalg.norm(points[:, None, :2] - points[None, lids, :2], axis=2).min(axis=1) / face.mm
    weight = np.clip((distance - 2.0) / 14.0, 0, 1) * np.clip((near - 1.0) / 7.0, 0, 1)
    return np.asarray(weight, np.float32)


def _inside_face(source: Float, shape: tuple[int, int]) -> Float:
    """1 inside the face, falling to 0 at its outline, [rows, columns]."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(source[list(OVAL)]).astype(np.int32)], 1)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / _CELLS_PER_MM
    return np.asarray(np.clip(distance / 10.0, 0, 1), np.float32)
