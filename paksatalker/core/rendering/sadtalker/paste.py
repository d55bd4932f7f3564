"""Frames of a face crop back into the whole picture, without a visible seam.

Two things hide the seam. The difference of brightness and colour along the border is carried into the crop as a soap
film would span it (the membrane that Poisson cloning adds, Pérez et al. 2003; Farbman et al. 2009): solved once, on a
coarse grid, so that a frame costs a small matrix product. What is left is faded out over the crop's rim.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]

_GRID = 24
_FADE = 0.09  # width of the rim, of the crop's shorter side
_RIM = 3  # pixels at the border that are compared


class FacePaste:
    """Puts face frames into one picture.

    Args:
        picture: uint8 [H, W, 3] RGB.
        box: Left, top, right, bottom of the crop in the picture, pixels. Where it touches the picture's border there is
            no seam.

    Raises:
        ValueError: The box does not lie in the picture, or is smaller than 8 × 8.
    """

    def __init__(self, picture: Image, box: Box) -> None:
        left, top, right, bottom = box
        height, width = picture.shape[:2]
        if not (0 <= left < right <= width and 0 <= top < bottom <= height) or min(right - left, bottom - top) < 8:
            raise ValueError(f"the box {box} does not lie in a picture of {width} × {height}")
        self._picture = picture
        self._box = box
        self._size = (right - left, bottom - top)
        open_sides = (left > 0, top > 0, right < width, bottom < height)
        self._under = picture[top:bottom, left:right].astype(np.float32)
        self._weight = _fading(self._size, open_sides)[:, :, None]
        self._film, self._rim = _membrane(_GRID, open_sides)
        self._wanted = _border(self._under, _GRID)[self._rim]

    def __call__(self, face: Image) -> Image:
        """The picture with a face frame uint8 [h, w, 3] in the place of the crop."""
        shrinks = face.shape[1] > self._size[0]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        fitted = np.asarray(cv2.resize(face, self._size, interpolation=method), np.float32)
        if len(self._rim):
            missing = self._wanted - _border(fitted, _GRID)[self._rim]
            film = (self._film @ missing).reshape(_GRID, _GRID, 3).astype(np.float32)
            fitted += cv2.resize(film, self._size, interpolation=cv2.INTER_LINEAR)
        fitted -= self._under
        fitted *= self._weight
        fitted += self._under
        frame = self._picture.copy()
        left, top, right, bottom = self._box
        np.clip(fitted, 0, 255, out=fitted)
        frame[top:bottom, left:right] = cv2.convertScaleAbs(fitted)
        return frame


def _fading(size: tuple[int, int], open_sides: tuple[bool, bool, bool, bool]) -> npt.NDArray[np.float32]:
    """Weight of the face [h, w]: 0 at a border with a seam, 1 within, with round corners."""
    width, height = size
    reach = max(4.0, _FADE * min(size))
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    far = np.full(1, np.inf)
    left, top, right, bottom = open_sides
    across = np.minimum(x if left else far, width - x if right else far)
    down = np.minimum(y if top else far, height - y if bottom else far)
    inward = [np.clip(1 - distance / reach, 0, 1) for distance in np.broadcast_arrays(across[None], down[:, None])]
    ramp = np.clip(1 - np.hypot(*inward), 0, 1)
    return np.broadcast_to(ramp * ramp * (3 - 2 * ramp), (height, width)).astype(np.float32)


@lru_cache(maxsize=16)
def _membrane(
    grid: int, open_sides: tuple[bool, bool, bool, bool]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """The film over a grid that is held at the cells of the rim with a seam.

    Returns:
        The matrix [grid², rim] from values at the rim to values everywhere, harmonic in between and without slope where
        there is no seam; and which of the grid's cells are the rim. Read-only: the same for every crop of these sides.
    """
    held = np.zeros((grid, grid), bool)
    left, top, right, bottom = open_sides
    held[:, 0] |= left
    held[0] |= top
    held[:, -1] |= right
    held[-1] |= bottom
    rim = np.flatnonzero(held)
    laplace = np.zeros((grid * grid, grid * grid))
    cells = np.arange(grid * grid).reshape(grid, grid)
    for a, b in ((cells[:, :-1], cells[:, 1:]), (cells[:-1], cells[1:])):
        for one, other in ((a.ravel(), b.ravel()), (b.ravel(), a.ravel())):
            laplace[one, one] += 1
            laplace[one, other] -= 1
    film = np.zeros((grid * grid, len(rim)))
    film[rim, np.arange(len(rim))] = 1
    free = np.flatnonzero(~held)
    if len(rim) and len(free):
        film[free] = np.linalg.solve(laplace[np.ix_(free, free)], -laplace[np.ix_(free, rim)])
    made = film.astype(np.float32)
    made.flags.writeable = rim.flags.writeable = False
    return made, rim


def _border(image: npt.NDArray[np.float32], grid: int) -> npt.NDArray[np.float32]:
    """Means of the pixels at the border, for each cell of a coarse grid [grid², 3]; only the rim's cells are filled."""
    height, width = image.shape[:2]
    cells = np.zeros((grid, grid, 3), np.float32)
    rows, columns = min(_RIM, height), min(_RIM, width)
    area = cv2.INTER_AREA
    cells[0] = cv2.resize(image[:rows], (grid, 1), interpolation=area)[0]
    cells[-1] = cv2.resize(image[-rows:], (grid, 1), interpolation=area)[0]
    cells[:, 0] = cv2.resize(image[:, :columns], (1, grid), interpolation=area)[:, 0]
    cells[:, -1] = cv2.resize(image[:, -columns:], (1, grid), interpolation=area)[:, 0]
    return cells.reshape(-1, 3)
