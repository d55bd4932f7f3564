"""Looks for faces in all parts of a photo: squares that cover it, coarse to fine, several at once.

The face detector sees 128 pixels, so a face that is small in a big photo is found by looking through tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np

from paksatalker.config.settings import usable_cores
from paksatalker.core.rendering.image import Rgb
from paksatalker.models.mediapipe.landmarker import FaceLandmarker, FaceLandmarks

TILE_PIXELS = 256
"""Tiles are shrunk to this; the detector sees 128 anyway."""
SEARCH_CONFIDENCE = 0.3
"""From which something in the whole photo is worth a closer look."""
_SMALLEST_TILE = 320  # in such a tile a face of MIN_FACE fills a fifth, the least that the detector reliably finds
_FINEST = 12.5  # of the smallest tiles along a photo of 4:3: more than 12 megapixels take no longer, but hide more
_LARGE = 4000  # pixels of the longer side from which a photo is shrunk once for all levels: reading it takes 0.1 s
_ENOUGH_TILES = 50  # that make up for loading another network
_HANDS = 4  # networks at once, of 20 MB each
_TILE_CONFIDENCE = 0.5  # of hundreds of tiles, 0.3 takes too many for faces
_STEP = 0.6  # of a tile's side to the next: faces up to 0.4 of it lie whole in one, larger ones in the tiles before
_FLAT = 2.0  # standard deviation of a tile, in levels, below which it shows sky, wall or paper and no face

Tile = tuple[int, int, int, int]  # left, top, width, height; may reach beyond the photo


class TileSearch:
    """The networks that look through a photo's tiles, several at once where there are many and cores for them.

    Args:
        net: Loads one of a detection threshold, to be closed by whoever made this.
    """

    def __init__(self, net: Callable[[float], FaceLandmarker]) -> None:
        self._net = net
        self._whole = net(SEARCH_CONFIDENCE)
        self._fine: list[FaceLandmarker] = []  # each for one thread at a time

    def faces(self, rgb: Rgb, tiles: list[Tile], *, whole: bool) -> list[FaceLandmarks]:
        """What looks like a face in rectangles of the photo, in their order and in the photo's pixels.

        Args:
            rgb: The photo.
            tiles: The rectangles.
            whole: Whether they show the whole photo: few, so that more of what is found is believed.
        """
        if whole:
            return [found for tile in tiles for found in detect_in(rgb, tile, self._whole)]
        hands = max(1, min(usable_cores(), _HANDS, len(tiles) // _ENOUGH_TILES))
        while len(self._fine) < hands:
            self._fine.append(self._net(_TILE_CONFIDENCE))
        share = -(-len(tiles) // hands)

        def look(hand: int) -> list[FaceLandmarks]:
            mine = tiles[hand * share : (hand + 1) * share]
            return [found for tile in mine if not _flat(rgb, tile) for found in detect_in(rgb, tile, self._fine[hand])]

        if hands == 1:
            return look(0)
        with ThreadPoolExecutor(hands, thread_name_prefix="search") as pool:
            return [found for part in pool.map(look, range(hands)) for found in part]


def shrunk_base(rgb: Rgb) -> Rgb:
    """A large photo as small as its smallest tiles allow."""
    if max(rgb.shape) <= _LARGE:
        return rgb
    *_, (smallest, _) = squares(*rgb.shape[:2])
    return shrunk(rgb, TILE_PIXELS / smallest)


def _flat(rgb: Rgb, tile: Tile) -> bool:
    left, top, width, height = tile
    view = rgb[max(top, 0) : top + height : 2, max(left, 0) : left + width : 2]
    return bool(view.size) and float(cv2.meanStdDev(view)[1].max()) < _FLAT


def squares(height: int, width: int) -> Iterator[tuple[int, list[Tile]]]:
    """Side and positions of overlapping squares that cover the photo, coarse to fine."""
    longest = max(height, width)
    margin = longest // 4
    yield longest, [(0, 0, width, height), (-margin, -margin, width + 2 * margin, height + 2 * margin)]
    # A panorama has few of them, so it is the area that counts there.
    smallest = max(_SMALLEST_TILE, round(min(longest, (4 / 3 * height * width) ** 0.5) / _FINEST))
    steps = max(0, int(np.ceil(np.log2(longest / smallest))))
    for side in (smallest << step for step in reversed(range(steps))):
        yield side, [(left, top, side, side) for top in _starts(height, side) for left in _starts(width, side)]


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [(length - side) // 2]
    count = int(np.ceil((length - side) / (_STEP * side))) + 1
    return [round(position) for position in np.linspace(0, length - side, count)]


def shrunk(rgb: Rgb, scale: float) -> Rgb:
    """The photo at a scale, antialiased; never enlarged."""
    if scale >= 1.0:
        return rgb
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def detect_in(rgb: Rgb, tile: Tile, net: FaceLandmarker, pixels: int | None = None) -> list[FaceLandmarks]:
    """Faces in a rectangle of the photo, in the photo's pixels; the rectangle is first scaled to ``pixels``."""
    left, top, width, height = tile
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, rgb.shape[1]), min(top + height, rgb.shape[0])
    if x1 <= x0 or y1 <= y0:
        return []
    view = rgb[y0:y1, x0:x1]
    scale = pixels / max(width, height) if pixels else 1.0
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    if size != (x1 - x0, y1 - y0):
        view = cv2.resize(view, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    before = (round((x0 - left) * scale), round((y0 - top) * scale))
    after = (round((left + width - x1) * scale), round((top + height - y1) * scale))
    if any(before + after):  # MediaPipe finds a face that fills the picture only with some room around it
        view = cv2.copyMakeBorder(
            view, before[1], after[1], before[0], after[0], cv2.BORDER_CONSTANT, value=(127, 127, 127)
        )
    ratio = np.array([(x1 - x0) / size[0], (y1 - y0) / size[1], (x1 - x0) / size[0]])
    offset = np.array([x0 - before[0] * ratio[0], y0 - before[1] * ratio[1], 0.0])
    return [replace(found, points=found.points * ratio + offset) for found in net.detect(np.asarray(view, np.uint8))]
