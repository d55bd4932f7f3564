"""The photo, made ready to be sampled at any place between its pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import kernels
from paksatalker.core.rendering.portrait.patch import WarpPatch

#: Larger persons are sampled from the photo itself: doubling them would take too much memory. A person of 4K takes some
#: 150 MB, no more than finding and cutting them out took, and a frame of it a third less time.
_DOUBLED_PIXELS = 16_000_000
#: Half-way interpolation of H.264: as sharp as a cubic, and original pixels stay what they are.
_HALF = np.array([[1, -5, 20, 20, -5, 1, 0]], np.float32) / 32  # the last tap makes the length odd
_FOLD = 5.0  # photo pixels between neighbours that only lie side by side because one covers the other
_NOWHERE = -8.0e3  # a map value outside every photo: transparent


class PhotoSampler:
    """The person with matte, cropped, and doubled in size so that bilinear sampling of it is sharper than bicubic.

    Doubling once and sampling bilinearly costs a quarter of bicubic sampling a frame, loses less detail half-way
    between pixels, so motion does not shimmer, and gives back the photo bit for bit where nothing moves.

    Args:
        colours: uint8 [H, W, 3] the person's colours.
        alpha: float32 [H, W] its matte.
        reach: How far beyond a frame edge that cuts the person off it is continued (mirrored), pixels.
    """

    def __init__(self, colours: npt.NDArray[np.uint8], alpha: npt.NDArray[np.float32], reach: int) -> None:
        height, width = alpha.shape
        rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
        top, bottom = max(0, int(rows[0]) - 4), min(height, int(rows[-1]) + 5)
        left, right = max(0, int(columns[0]) - 4), min(width, int(columns[-1]) + 5)
        photo = np.dstack([colours, np.round(alpha * 255).astype(np.uint8)])[top:bottom, left:right]
        reach = min(reach, min(photo.shape[:2]) - 1)
        cut = (top == 0, bottom == height, left == 0, right == width)
        above, below, before, after = (reach if edge else 0 for edge in cut)
        photo = np.asarray(cv2.copyMakeBorder(photo, above, below, before, after, cv2.BORDER_REFLECT_101), np.uint8)
        self._corner = np.array([left - before, top - above], np.float64)
        self._scale = 2 if photo.shape[0] * photo.shape[1] <= _DOUBLED_PIXELS else 1
        self._photo = _doubled(photo) if self._scale == 2 else np.ascontiguousarray(photo)

    def draw(
        self, layers: list[WarpPatch], window: tuple[int, int, int, int], maps: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.uint8]:
        """Draws layers over each other.

        Args:
            layers: Patches in canvas pixels, the later over the earlier.
            window: Left, top, right, bottom of the part of the canvas that is wanted.
            maps: float32 [2, H, W] scratch memory, at least as large as the window.

        Returns:
            uint8 [h, w, 4] straight-alpha RGBA; transparent where no layer is.
        """
        left, top, right, bottom = window
        width, height = right - left, bottom - top
        map_x = maps[0].reshape(-1)[: width * height].reshape(height, width)
        map_y = maps[1].reshape(-1)[: width * height].reshape(height, width)
        map_x.fill(_NOWHERE)
        map_y.fill(_NOWHERE)
        for layer in layers:
            source = (layer.source - self._corner) * self._scale
            kernels.draw_triangles(np.ascontiguousarray(layer.target), source, layer.triangles, map_x, map_y, left, top)
        method = cv2.INTER_LINEAR if self._scale == 2 else cv2.INTER_CUBIC
        drawn = np.asarray(cv2.remap(self._photo, map_x, map_y, method, borderMode=cv2.BORDER_CONSTANT), np.uint8)
        top_layer = layers[-1].target  # the face: only it folds
        box = np.concatenate([top_layer.min(axis=0), top_layer.max(axis=0) + 2]) - [left, top, left, top]
        kernels.soften_folds(drawn, map_x, map_y, _FOLD * self._scale, box.astype(np.int64))
        return drawn


def _doubled(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Twice the size [2H, 2W, 4]: even pixels are the photo's own, odd ones lie half-way between them."""
    kernel = _HALF  # with its anchor at 2, output i lies between i and i + 1
    one = np.ones((1, 1), np.float32)
    out = np.empty((2 * photo.shape[0], 2 * photo.shape[1], photo.shape[2]), np.uint8)
    half_x = cv2.sepFilter2D(photo, cv2.CV_8U, kernel, one, anchor=(2, 0), borderType=cv2.BORDER_REFLECT_101)
    out[::2, ::2], out[::2, 1::2] = photo, half_x
    for offset, image in ((0, photo), (1, half_x)):
        out[1::2, offset::2] = cv2.sepFilter2D(
            image, cv2.CV_8U, one, kernel, anchor=(0, 2), borderType=cv2.BORDER_REFLECT_101
        )
    return out
