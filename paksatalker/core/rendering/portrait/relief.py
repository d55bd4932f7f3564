"""Surface normals of the landmark mesh."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.basis import load_basis
from paksatalker.core.rendering.portrait.face import Points


@lru_cache(maxsize=1)
def outward_triangles() -> npt.NDArray[np.int32]:
    """The face's triangles, int32 [852, 3], wound so that their normals point out of the head; read-only."""
    basis = load_basis()
    corners = basis.reference[basis.triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inside = basis.reference.mean(axis=0) + np.array([0.0, 0.0, 0.5])
    inward = ((corners.mean(axis=1) - inside) * normal).sum(axis=1) < 0
    triangles = basis.triangles.copy()
    triangles[inward] = triangles[inward][:, [0, 2, 1]]
    triangles.setflags(write=False)
    return triangles


def vertex_normals(points: Points) -> npt.NDArray[np.float64]:
    """Outward unit normals [478, 3] of landmarks [478, 3]; zero where no triangle touches (the irises)."""
    corners = points[outward_triangles()]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, outward_triangles()[:, k], face)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-9))
