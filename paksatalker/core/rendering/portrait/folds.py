"""Folds and hollows that a face makes when it moves: soft masks over the photo and how strongly each one shows.

A mask is negative where the face darkens and positive where it catches light; its amount comes from how far landmarks
moved (mm), so that it follows whatever moved them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from paksatalker.core.rendering.portrait.curves import catmull_rom

Float = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

#: Mirror images: (the image's left, the image's right).
_NASOLABIAL: Final = ((129, 203, 206, 216, 212, 202), (358, 423, 426, 436, 432, 422))
_APPLE: Final = ((205, 50), (425, 280))
_HOLLOW: Final = ((207, 187, 213), (427, 411, 433))
_CORNER: Final = (61, 291)
_DIMPLE: Final = ((57, 212), (287, 432))
_OUTER_EYE: Final = ((33, 130, 35), (263, 359, 265))
_UNDER_EYE: Final = ((226, 31, 228, 229, 230, 231), (446, 261, 448, 449, 450, 451))
_INNER_BROW: Final = (55, 285)
_SNEER: Final = ((193, 245, 188, 174), (417, 465, 412, 399))
_FOREHEAD: Final = ((103, 67, 109, 10, 338, 297, 332), (104, 69, 108, 151, 337, 299, 333))
_LABIOMENTAL: Final = (204, 194, 201, 200, 421, 418, 424)


@dataclass(frozen=True, slots=True)
class Motion:
    """Landmark displacements [478, 3] from the photo in the head's frame, mm: x right, y down, z away."""

    moved: Array

    def up(self, *indices: int) -> float:
        """Mean movement upwards."""
        return -float(self.moved[list(indices), 1].mean())

    def right(self, index: int) -> float:
        """Movement to the image's right."""
        return float(self.moved[index, 0])

    def forward(self, *indices: int) -> float:
        """Mean movement towards the viewer."""
        return -float(self.moved[list(indices), 2].mean())

    def smile(self, side: int) -> float:
        """0 at rest, about 1 for a broad smile, negative when a smile in the photo goes."""
        corner, outward = _CORNER[side], (-1, 1)[side]
        raised = self.up(corner) - 0.5 * self.up(0)  # not the jaw or a nod of the whole mouth
        return float(np.clip((0.75 * raised + 0.55 * outward * self.right(corner)) / 8.0, -0.5, 1.2))

    def jaw(self) -> float:
        """0 at rest, 1 for a wide open jaw (30 mm), negative if it closes."""
        return float(np.clip(-self.up(152, 199, 200) / 30.0, -0.4, 1.2))

    def rounding(self) -> float:
        """0 at rest, about 1 for a kiss."""
        narrower = self.right(61) - self.right(291)
        return float(np.clip(narrower / 14.0 + self.forward(0, 17) / 12.0, -0.3, 1.2))

    def squint(self, side: int) -> float:
        """How far the lower lid is pushed up, about 1 for a strong squint."""
        lower = (230, 450)[side]  # below the lid, which blinks lift too
        return float(np.clip(self.up(lower) / 3.0, -0.3, 1.2))

    def brows(self) -> float:
        """Raised by about 8 mm: 1; lowered: negative."""
        return float(np.clip(self.up(105, 334, 66, 296, 107, 336) / 8.0, -1.0, 1.3))

    def frown(self) -> float:
        """Inner brow ends lowered and drawn together: about 1."""
        together = (self.right(55) - self.right(285)) / 2
        return float(np.clip(-self.up(*_INNER_BROW) / 5.0 + together / 4.0, 0.0, 1.2))


@dataclass(frozen=True, slots=True)
class Fold:
    """One mask.

    Attributes:
        mask: float32 [h, w], about −1 to 1.
        amount: From the frame's motion, relative change of luminance at the mask's ±1.
    """

    mask: Float
    amount: Callable[[Motion], float]


class FoldPainter:
    """Draws masks on a grid over the photo.

    Args:
        points: [478, 2] the photo's landmarks in grid cells.
        mm: Cells a millimetre.
        shape: Rows and columns.
    """

    def __init__(self, points: Array, mm: float, shape: tuple[int, int]) -> None:
        self.points = points
        self.mm = mm
        rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
        self.cells = np.stack([columns, rows], axis=-1).astype(np.float64)

    def stroke(self, line: Array, width: float, ridge: float = 0.0, offset: float = 4.0) -> Float:
        """A dark line along a curve, fading to its ends, with a lit bulge on its left side (seen along the curve).

        Args:
            line: [n, 2] in cells.
            width: Standard deviation of the line, mm.
            ridge: Height of the bulge relative to the line's depth; negative: on the right side.
            offset: Distance of the bulge from the line, mm.

        Returns:
            float32 [h, w] of the grid, about −1 to 1.
        """
        curve = catmull_rom(line, 6)
        distance, nearest = cKDTree(curve).query(self.cells)
        distance = distance / self.mm
        fade = np.sin(np.pi * np.clip(np.arange(len(curve)) / (len(curve) - 1), 0.02, 0.98)) ** 0.7
        mask = -np.exp(-((distance / width) ** 2) / 2)
        if ridge:
            tangent = np.gradient(curve, axis=0)[nearest]
            away = self.cells - curve[nearest]
            left = np.sign(tangent[..., 1] * away[..., 0] - tangent[..., 0] * away[..., 1]) * np.sign(ridge)
            mask += abs(ridge) * np.exp(-(((distance * left - offset) / (0.6 * offset)) ** 2))
        return np.asarray(mask * fade[nearest], np.float32)

    def blob(self, centre: Array, radii: tuple[float, float], sign: float = 1.0) -> Float:
        """A soft spot.

        Args:
            centre: [2] in cells.
            radii: Across and down, mm (standard deviations).
            sign: Its height; negative: dark.

        Returns:
            float32 [h, w] of the grid.
        """
        delta = (self.cells - centre) / self.mm / np.asarray(radii)
        return np.asarray(sign * np.exp(-(delta**2).sum(axis=-1) / 2), np.float32)

    def at(self, indices: Sequence[int]) -> Array:
        """Landmarks [n, 2] in cells."""
        return self.points[list(indices)]


def build_folds(painter: FoldPainter) -> list[Fold]:
    """All folds of a face, their masks [h, w] of the painter's grid."""
    folds: list[Fold] = []
    for side in (0, 1):
        folds += _cheek_folds(painter, side) + _eye_folds(painter, side)
    return folds + _middle_folds(painter)


def _cheek_folds(painter: FoldPainter, side: int) -> list[Fold]:
    towards_cheek = (-1.0, 1.0)[side]
    line = painter.at(_NASOLABIAL[side])
    nasolabial = painter.stroke(line, 2.8, ridge=0.3 * towards_cheek, offset=4.5)
    apple = painter.blob(painter.at(_APPLE[side]).mean(axis=0), (11.0, 8.0))
    hollow = painter.blob(painter.at(_HOLLOW[side]).mean(axis=0), (7.0, 13.0), -1.0)
    dimple = painter.blob(painter.at(_DIMPLE[side]).mean(axis=0), (2.6, 4.2), -1.0)
    return [
        Fold(
            nasolabial,
            lambda m: 0.055 * max(m.smile(side), 0.3 * m.smile(side)) + 0.02 * max(m.jaw(), 0.0),
        ),
        Fold(apple, lambda m: 0.055 * m.smile(side)),
        Fold(hollow, lambda m: 0.07 * m.jaw() + 0.05 * m.rounding()),
        Fold(dimple, lambda m: 0.06 * m.smile(side) - 0.02 * m.rounding()),
    ]


def _eye_folds(painter: FoldPainter, side: int) -> list[Fold]:
    outward = (-1.0, 1.0)[side]
    corner = painter.at(_OUTER_EYE[side])[1]
    feet = np.zeros(painter.cells.shape[:2], np.float32)
    for angle in (-0.42, 0.02, 0.45):
        direction = np.array([outward * np.cos(angle), np.sin(angle)])
        bend = np.array([0.0, np.sin(angle) * 0.8])
        line = np.stack(
            [corner + (direction * s + bend * (s / 14.0) ** 2) * painter.mm for s in (3.0, 7.0, 11.0, 15.0)]
        )
        feet += 0.75 * painter.stroke(line, 0.9)
    under = painter.stroke(painter.at(_UNDER_EYE[side]), 1.5)
    sneer = painter.stroke(painter.at(_SNEER[side]), 1.3)
    nostril = (129, 358)[side]
    return [
        Fold(feet, lambda m: 0.055 * max(m.squint(side), 0.0) + 0.06 * max(m.smile(side), 0.0)),
        Fold(under, lambda m: 0.06 * m.squint(side) + 0.05 * m.smile(side)),
        Fold(sneer, lambda m: 0.10 * float(np.clip(m.up(nostril) / 4.0, 0.0, 1.2))),
    ]


def _middle_folds(painter: FoldPainter) -> list[Fold]:
    top, low = painter.at(_FOREHEAD[0]), painter.at(_FOREHEAD[1])
    lines = np.zeros(painter.cells.shape[:2], np.float32)
    for share, strength in ((0.45, 0.7), (0.75, 1.0), (1.02, 0.7)):
        lines += strength * painter.stroke(top + share * (low - top), 1.1, ridge=0.35, offset=3.0)
    glabella = np.zeros_like(lines)
    down = painter.points[168] - painter.points[9]
    for brow in _INNER_BROW:
        start = 0.6 * painter.points[brow] + 0.4 * painter.points[9]
        line = np.stack([start - 0.45 * down + 0.0, start - 0.1 * down, start + 0.25 * down, start + 0.5 * down])
        glabella += painter.stroke(line, 1.1)
    chin = painter.stroke(painter.at(_LABIOMENTAL), 2.6, ridge=-0.5, offset=6.0)
    below_lip = painter.blob(painter.at((18, 200)).mean(axis=0), (9.0, 3.2), -1.0)
    return [
        Fold(lines, lambda m: 0.075 * max(m.brows(), 0.0)),
        Fold(glabella, lambda m: 0.12 * m.frown()),
        Fold(chin, lambda m: 0.05 * max(m.rounding(), 0.0) - 0.06 * m.jaw()),
        Fold(below_lip, lambda m: 0.08 * m.rounding() - 0.05 * m.jaw()),
    ]
