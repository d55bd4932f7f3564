"""The background without the person: what is seen where the head was."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

_INPAINT_SIDE = 256  # inpainting is done on an image this large at most: only a rim of it is ever seen


def background_plate(
    image: npt.NDArray[np.uint8], alpha: npt.NDArray[np.float32], margin: int
) -> npt.NDArray[np.uint8]:
    """The photo with the person painted out.

    Args:
        image: uint8 [H, W, 3].
        alpha: float32 [H, W] the person's matte.
        margin: How far around the matte the photo may be tainted (hair, shadow of the edge), pixels.

    Returns:
        uint8 [H, W, 3]; bit-identical to the image further than about two margins from the matte.
    """
    height, width = image.shape[:2]
    person = np.asarray(alpha > 0.02, np.uint8)
    tainted = cv2.dilate(person, _disc(margin))
    scale = min(0.25, _INPAINT_SIDE / max(height, width)) if max(height, width) > 200 else 1.0
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    hole = np.asarray(cv2.resize(tainted * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 0, np.uint8)
    if hole.all():
        return np.asarray(cv2.GaussianBlur(image, (0, 0), max(height, width) / 8), np.uint8)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    filled = cv2.GaussianBlur(cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA), (0, 0), 1.2)
    rim = max(1, margin // 3)  # at rest the photo's own background should show almost up to the person
    hidden = cv2.dilate(person, _disc(rim + rim // 2)) * np.uint8(255)
    mix = cv2.GaussianBlur(hidden, (0, 0), 0.6 * rim)
    rows, columns = np.flatnonzero(mix.any(axis=1)), np.flatnonzero(mix.any(axis=0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)[window].astype(np.float32)
    share = np.clip(mix[window].astype(np.float32) * np.float32(1.6 / 255), 0, 1)[..., None]  # whole up to the rim
    plate = image.copy()
    plate[window] = np.clip(np.round(plate[window] * (1 - share) + large * share), 0, 255).astype(np.uint8)
    return plate


def _disc(radius: int) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
