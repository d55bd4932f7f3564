"""Tells whether a face wears glasses: they are stiff, so the skin under them must not be bent."""

from __future__ import annotations

import cv2
import numpy as np

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.face import SourceFace

_STRIP = (48, 32)  # rows and columns of the upright patch over the bridge of the nose


def glasses_likelihood(face: SourceFace) -> float:
    """0 (bare face) to 1 (glasses), from the frame's bridge: a sharp line across the nose between the eyes.

    A bare bridge is smooth along the nose; a frame crosses it as a thin dark, bright or coloured bar. The sharpest
    change of the rows' mean colour is compared with what skin shows.
    """
    left, right = face.points[topo.EYES[0].upper[-1], :2], face.points[topo.EYES[1].upper[-1], :2]
    across = (right - left) / np.linalg.norm(right - left)
    down = np.array([-across[1], across[0]])
    half = 0.22 * float(np.linalg.norm(right - left))
    centre = (left + right) / 2
    rows, columns = _STRIP
    up, below = 16 * face.mm, 14 * face.mm
    top, bottom = centre - down * up, centre + down * below
    corners = [top - across * half, top + across * half, bottom - across * half]
    matrix = cv2.getAffineTransform(
        np.array(corners, np.float32), np.array([[0, 0], [columns - 1, 0], [0, rows - 1]], np.float32)
    )
    patch = cv2.warpAffine(face.image, matrix, (columns, rows), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    profile = cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 1.0).mean(axis=1)
    slow = cv2.GaussianBlur(profile, (1, 0), sigmaX=0.1, sigmaY=5.0)
    bar = np.abs(profile - slow).max(axis=1)[3:-3].max()
    contrast = float(bar) / max(30.0, float(profile.mean()))
    return float(np.clip((contrast - 0.06) / 0.05, 0, 1))
