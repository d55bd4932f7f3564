"""Faces put back into the picture: OpenCV's Poisson cloning, as the original SadTalker does it, and ours in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.sadtalker.paste import FacePaste
from paksatalker.evaluation.measure import Measure

Image = npt.NDArray[np.uint8]

_WIDTH, _HEIGHT, _SIDE = 1920, 1080, 640
_NETWORK = 256  # side of a face as it is drawn
_CAST = np.array([14.0, -4.0, -10.0])  # the drawn face is that much warmer on its left side, and less to the right
_RINGS = 24  # pixels inwards and half as many outwards of the border where a seam is looked for
_SEED = 5


def paste_back_speed(*, quick: bool) -> Iterator[Measure]:
    """Milliseconds a frame of either way, and what is left of the seam.

    Args:
        quick: Fewer frames.
    """
    picture, face, box = _scene()
    ours = FacePaste(picture, box)
    ways: dict[str, Callable[[], Image]] = {
        "SadTalker paste-back, seamlessClone": lambda: _cloned(picture, face, box),
        "SadTalker paste-back": lambda: ours(face),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    frames: dict[str, Image] = {}
    for _ in range(3 if quick else 10):  # by turns, so that a busy machine slows both
        for name, paste in ways.items():
            began = time.perf_counter()
            frames[name] = paste()
            seconds[name].append(time.perf_counter() - began)
    copied = picture.copy()
    left, top, right, bottom = box
    copied[top:bottom, left:right] = cv2.resize(face, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    simply = seam(copied, picture, box)
    for name, frame in frames.items():
        best = min(seconds[name])
        note = (
            f"{1 / best:.0f} frames/s, {right - left}² in {_WIDTH} × {_HEIGHT}, "
            f"seam {seam(frame, picture, box):.2f} grey levels (simply copied: {simply:.1f})"
        )
        yield Measure(name, 1000 * best, "ms/frame", note)


def seam(frame: Image, picture: Image, box: tuple[int, int, int, int]) -> float:
    """The sharpest step that pasting has put round a face, grey levels: a seam is one of many, blending has none.

    What was added to the picture is averaged over rings of one pixel's width about the border, side by side; the result
    is the largest difference between neighbouring rings, for the worst side and colour.

    Args:
        frame: uint8 [H, W, 3] with a face.
        picture: uint8 [H, W, 3] without.
        box: Left, top, right, bottom of the face, pixels, at least half as many rings away from the picture's border.
    """
    added = frame.astype(np.float64) - picture
    left, top, right, bottom = box
    worst = 0.0
    turned = (
        added[top:bottom, left - _RINGS // 2 : left + _RINGS],
        added[top:bottom, right - _RINGS : right + _RINGS // 2],
        added[top - _RINGS // 2 : top + _RINGS, left:right].swapaxes(0, 1),
        added[bottom - _RINGS : bottom + _RINGS // 2, left:right].swapaxes(0, 1),
    )
    for side in turned:
        rings = side.mean(axis=0)
        worst = max(worst, float(np.abs(np.diff(rings, axis=0)).max()))
    return worst


def _scene() -> tuple[Image, Image, tuple[int, int, int, int]]:
    """A picture with detail of all sizes, and its middle as a network draws it: small, smooth, off in colour."""
    random = np.random.default_rng(_SEED)
    picture = np.full((_HEIGHT, _WIDTH, 3), 118.0)
    for size, strength in ((6, 40.0), (40, 16.0), (240, 6.0)):
        coarse = random.normal(0, strength, (size * _HEIGHT // _WIDTH + 1, size, 3))
        picture += cv2.resize(coarse, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    seen = picture.clip(0, 255).astype(np.uint8)
    left, top = (_WIDTH - _SIDE) // 2, (_HEIGHT - _SIDE) // 3
    box = (left, top, left + _SIDE, top + _SIDE)
    small = cv2.resize(seen[top : box[3], left : box[2]], (_NETWORK, _NETWORK), interpolation=cv2.INTER_AREA)
    cast = _CAST * np.linspace(1, 0.3, _NETWORK)[None, :, None]
    return seen, (small + cast).clip(0, 255).astype(np.uint8), box


def _cloned(picture: Image, face: Image, box: tuple[int, int, int, int]) -> Image:
    left, top, right, bottom = box
    fitted = cv2.resize(face, (right - left, bottom - top))
    mask = np.full(fitted.shape, 255, np.uint8)
    middle = ((left + right) // 2, (top + bottom) // 2)
    return np.asarray(cv2.seamlessClone(fitted, picture, mask, middle, cv2.NORMAL_CLONE), np.uint8)
