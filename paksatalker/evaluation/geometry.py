"""Landmark indices, rigid and similarity alignment, and head angles.

Points are those of the face landmarker: [..., 478, 3] in pixels, x right, y down, z away from the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.topology import (
    LOWER_INNER,
    LOWER_ROWS,
    OUTER_EYE_CORNERS,
    STABLE,
    UPPER_INNER,
    UPPER_ROWS,
)

Array = npt.NDArray[np.float64]

#: All forty points of the inner and the outer lip contour.
LIPS: tuple[int, ...] = tuple(sorted({*UPPER_INNER, *LOWER_INNER, *UPPER_ROWS[-1], *LOWER_ROWS[-1]}))
#: Their distance is the unit of length.
EYE_CORNERS: tuple[int, int] = OUTER_EYE_CORNERS


@dataclass(frozen=True, slots=True)
class Similarity:
    """``p ↦ scale · rotation · p + translation``.

    Attributes:
        scale: One factor for all axes.
        rotation: Proper rotation [D, D].
        translation: [D].
    """

    scale: float
    rotation: Array
    translation: Array

    def apply(self, points: Array) -> Array:
        """Maps points [..., D]."""
        moved: Array = self.scale * (points @ self.rotation.T) + self.translation
        return moved


def umeyama(source: Array, target: Array, *, scale: bool = True) -> Similarity:
    """The similarity (or rigid motion) that brings ``source`` closest to ``target`` in least squares.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 13(4), 1991.

    Args:
        source: Points [N, D], N ≥ D, not all the same.
        target: The corresponding points [N, D].
        scale: Whether a common factor may be used; otherwise it is 1.

    Raises:
        ValueError: The shapes differ or the source is a single point.
    """
    if source.shape != target.shape:
        raise ValueError(f"point sets differ in shape: {source.shape} and {target.shape}")
    source_centre, target_centre = source.mean(axis=0), target.mean(axis=0)
    centred, aim = source - source_centre, target - target_centre
    spread = float((centred**2).sum())
    if spread == 0:
        raise ValueError("all source points coincide")
    left, singular, right = np.linalg.svd(aim.T @ centred)
    signs = np.ones(len(singular))
    signs[-1] = np.sign(np.linalg.det(left @ right))  # no reflections
    rotation = (left * signs) @ right
    factor = float((singular * signs).sum()) / spread if scale else 1.0
    return Similarity(factor, rotation, target_centre - factor * rotation @ source_centre)


def align(points: Array, target: Array, indices: tuple[int, ...] = STABLE, *, scale: bool = True) -> Array:
    """Moves every frame of ``points`` [T, V, D] onto ``target`` [V, D], fitted on ``indices``."""
    chosen = list(indices)
    return np.array([umeyama(frame[chosen], target[chosen], scale=scale).apply(frame) for frame in points])


def eye_distance(points: Array) -> Array:
    """Distance of the outer eye corners [...] of points [..., 478, 3], pixels."""
    a, b = EYE_CORNERS
    return np.asarray(np.linalg.norm(points[..., a, :] - points[..., b, :], axis=-1))


def head_angles(rotation: Array) -> Array:
    """Yaw, pitch and roll in degrees [..., 3] of head-to-image rotations [..., 3, 3].

    +yaw turns the face to the image's right, +pitch nods down, +roll tilts clockwise as seen by the viewer: the
    convention of :class:`~paksatalker.core.timeline.FaceTrack`, with ``R = Rz(roll) · Ry(yaw) · Rx(pitch)``.
    """
    yaw = np.arcsin(np.clip(rotation[..., 2, 0], -1, 1))
    pitch = np.arctan2(rotation[..., 2, 1], rotation[..., 2, 2])
    roll = np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])
    angles: Array = np.degrees(np.stack([yaw, pitch, roll], axis=-1))
    return angles


def rotation_matrix(angles: Array) -> Array:
    """Inverse of :func:`head_angles`: rotations [..., 3, 3] of yaw, pitch, roll in degrees [..., 3]."""
    yaw, pitch, roll = np.moveaxis(np.radians(angles), -1, 0)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    rows = [
        [cr * cy, -sr * cp - cr * sy * sp, sr * sp - cr * sy * cp],
        [sr * cy, cr * cp - sr * sy * sp, -cr * sp - sr * sy * cp],
        [sy, cy * sp, cy * cp],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
