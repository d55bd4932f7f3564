"""Tells whether a face wears glasses: they are stiff, so the skin under them must not be bent."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.face import SourceFace

_STRIP = (48, 32)  # rows and columns of the upright patches that are looked at
_LOWER_LIDS = (145, 374)  # their middles

Vector = npt.NDArray[np.float64]


def glasses_likelihood(face: SourceFace) -> float:
    """0 (bare face) to 1 (glasses), from lines that cross the nose between the eyes and the cheeks under them.

    Bare skin is smooth there; a frame crosses it as a dark, bright or coloured bar. A bold bridge is enough; a thin
    or metal one counts with lower rims on both sides, which no wrinkle, nose or shadow has together.
    """
    left, right = face.points[topo.EYES[0].upper[-1], :2], face.points[topo.EYES[1].upper[-1], :2]
    apart = float(np.linalg.norm(right - left))
    across = (right - left) / apart
    down = np.array([-across[1], across[0]])
    centre, mm = (left + right) / 2, face.mm
    bridge = _bar(face, centre - 16 * mm * down, centre + 14 * mm * down, 0.22 * apart * across)
    lids = [face.points[i, :2] for i in _LOWER_LIDS]
    rims = min(_bar(face, lid + 7 * mm * down, lid + 27 * mm * down, 4 * mm * across) for lid in lids)
    together = float(np.sqrt(bridge * rims))
    return float(np.clip(max((bridge - 0.10) / 0.05, (together - 0.055) / 0.025), 0, 1))


def _bar(face: SourceFace, top: Vector, bottom: Vector, half: Vector) -> float:
    """The sharpest line across a patch: its difference from the rows around it, over the patch's mean level.

    Args:
        face: The face.
        top: Middle of the patch's upper edge.
        bottom: Middle of its lower edge.
        half: From its middle to its right edge.
    """
    rows, columns = _STRIP
    matrix = cv2.getAffineTransform(
        np.array([top - half, top + half, bottom - half], np.float32),
        np.array([[0, 0], [columns - 1, 0], [0, rows - 1]], np.float32),
    )
    patch = cv2.warpAffine(face.image, matrix, (columns, rows), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    profile = cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 1.0).mean(axis=1)
    slow = cv2.GaussianBlur(profile, (1, 0), sigmaX=0.1, sigmaY=5.0)
    line = np.abs(profile - slow).max(axis=1)[3:-3].max()
    return float(line) / max(30.0, float(profile.mean()))
