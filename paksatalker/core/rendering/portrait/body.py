"""How much of the head's motion each part of the picture takes over, and what breathes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.face import SourceFace
from paksatalker.core.rendering.portrait.geometry import smoothstep

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeadAxes:
    """Coordinates along the head: how high above the chin and how far aside, in face heights and face widths."""

    chin: Floats
    up: Floats
    height: float
    width: float

    @classmethod
    def of(cls, face: SourceFace) -> HeadAxes:
        """The axes of a photographed head."""
        chin = face.points[topo.CHIN, :2]
        up = face.points[topo.FOREHEAD, :2] - chin
        return cls(chin, up / np.linalg.norm(up), face.height, face.width)

    def above_chin(self, points: Floats) -> Floats:
        """Height of points [n, 2] above the chin, in face heights; negative below."""
        return np.asarray((points - self.chin) @ self.up / self.height)

    def aside(self, points: Floats) -> Floats:
        """Distance of points [n, 2] from the head's axis, in face widths."""
        return np.asarray(np.abs((points - self.chin) @ np.array([self.up[1], -self.up[0]])) / self.width)


def head_weight(axes: HeadAxes, points: Floats, size: tuple[int, int]) -> Floats:
    """Share of the head's motion, 0–1 [n]: 1 on the head with its hair, falling to 0 down the neck and on shoulders.

    Args:
        axes: Of the head.
        points: [n, 2] canvas pixels.
        size: Width and height of the canvas; a body that the frame cuts off stays with the frame.
    """
    above, aside = axes.above_chin(points), axes.aside(points)
    below = np.clip(-above / 0.25, 0, 1)
    neck = (1 - smoothstep(-above / 0.60)) * (1 - below * smoothstep((aside - 0.38) / 0.55))
    head = 1 - smoothstep((aside - 1.1) / 0.7)
    cut = np.minimum.reduce([points[:, 0], size[0] - points[:, 0], size[1] - points[:, 1]]) / (0.35 * axes.height)
    pinned = 1 - smoothstep(below) * (1 - smoothstep(np.clip(cut, 0, 1)))
    return np.asarray(neck * head * pinned)


def breath_offset(axes: HeadAxes, points: Floats) -> Floats:
    """Offset [n, 2] at a full breath in, pixels: shoulders rise and widen a little, the head rides on them."""
    above, aside = axes.above_chin(points), axes.aside(points)
    chest = smoothstep((-above - 0.1) / 0.5) * (1 - smoothstep((-above - 1.0) / 1.6))
    shoulders = 0.5 + 0.5 * smoothstep((aside - 0.3) / 0.6)
    rise = 0.009 * axes.height * chest * shoulders
    side = np.sign((points - axes.chin) @ np.array([-axes.up[1], axes.up[0]]))
    spread = 0.003 * axes.height * chest * smoothstep((aside - 0.2) / 0.8) * side
    return np.asarray(rise[:, None] * np.array([0.0, -1.0]) + spread[:, None] * np.array([1.0, 0.0]))


def head_freedom(axes: HeadAxes, alpha: npt.NDArray[np.float32]) -> float:
    """Share of the head's motion that the framing allows, 0.85–1.

    Where the frame cuts the head off, motion brings in what the photo does not have; it is made up by mirroring, which
    holds for small motion only.
    """
    height, width = alpha.shape
    rows, columns = np.arange(height, dtype=float), np.arange(width, dtype=float)
    edges = [
        (np.column_stack([columns, np.zeros(width)]), alpha[0]),
        (np.column_stack([np.zeros(height), rows]), alpha[:, 0]),
        (np.column_stack([np.full(height, width - 1.0), rows]), alpha[:, -1]),
    ]
    touching = sum(int(((axes.above_chin(points) > 0) & (edge > 0.5)).sum()) for points, edge in edges)
    return float(1 - 0.15 * smoothstep(np.array(touching / axes.width / 1.5)))
