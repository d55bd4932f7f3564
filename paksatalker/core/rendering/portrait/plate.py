"""The background without the person: what is seen where the head was."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from paksatalker.core.rendering.morphology import disc

_INPAINT_SIDE = 256  # inpainting is done on an image this large at most: only a rim of it is ever seen
_TEXTURE_PIXELS = 1_000_000  # texture is mirrored on a copy this large at most
_TEXTURE_SIZE = 0.02  # of the long side: what is finer is texture


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
    tainted = cv2.dilate(person, disc(margin))
    scale = min(0.25, _INPAINT_SIDE / max(height, width)) if max(height, width) > 200 else 1.0
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    hole = np.asarray(cv2.resize(tainted * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 0, np.uint8)
    if hole.all():
        return np.asarray(cv2.GaussianBlur(image, (0, 0), max(height, width) / 8), np.uint8)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    filled = cv2.GaussianBlur(cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA), (0, 0), 1.2)
    rim = max(1, margin // 3)  # at rest the photo's own background should show almost up to the person
    hidden = cv2.dilate(person, disc(rim + rim // 2)) * np.uint8(255)
    mix = cv2.GaussianBlur(hidden, (0, 0), 0.6 * rim)
    rows, columns = np.flatnonzero(mix.any(axis=1)), np.flatnonzero(mix.any(axis=0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)[window].astype(np.float32)
    large += _texture(image, tainted, margin)[window]
    share = np.clip(mix[window].astype(np.float32) * np.float32(1.6 / 255), 0, 1)[..., None]  # whole up to the rim
    plate = image.copy()
    plate[window] = np.clip(np.round(plate[window] * (1 - share) + large * share), 0, 255).astype(np.uint8)
    return plate


def _texture(image: npt.NDArray[np.uint8], hole: npt.NDArray[np.uint8], margin: int) -> npt.NDArray[np.float32]:
    """Fine detail for the hole, float32 [H, W, 3] around 0: what lies outside, mirrored at the hole's edge.

    A smooth filling would show as a smudge on leaves, stones or grain. Within the margin, which may show at rest, and
    whose neighbours may be tainted, it fades in. The mirror is the edge without its teeth: neighbours that are
    mirrored at different hairs would make spikes.
    """
    height, width = hole.shape
    scale = min(1.0, float(np.sqrt(_TEXTURE_PIXELS / (height * width))))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    known = np.asarray(cv2.resize(hole, size, interpolation=cv2.INTER_NEAREST) == 0, np.float32)
    if not known.any():
        return np.zeros((height, width, 3), np.float32)
    sigma = max(1.5, _TEXTURE_SIZE * max(size))
    weight = cv2.GaussianBlur(known, (0, 0), sigma) + 1e-3
    smooth = cv2.GaussianBlur(small * known[..., None], (0, 0), sigma) / weight[..., None]
    detail = (np.clip(0.85 * (small - smooth), -40, 40) * known[..., None]).astype(np.float32)
    toothless = cv2.GaussianBlur(1 - known, (0, 0), sigma) > 0.3
    depth, nearest = distance_transform_edt(toothless, return_indices=True)
    mirror = (cv2.GaussianBlur(at.astype(np.float32), (0, 0), sigma) for at in nearest)
    rows, columns = (
        (2 * there - here).astype(np.float32) for there, here in zip(mirror, np.indices(known.shape), strict=True)
    )
    share = np.clip(depth / max(margin * scale, 1.0) - 0.7, 0, 1)[..., None].astype(np.float32)
    mirrored = cv2.remap(detail, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) * share
    return np.asarray(cv2.resize(mirrored, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
