"""Cutting the person out: a soft matte that follows hair, and foreground colours free of the old background."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.face import SourceFace

FloatImage = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]


def person_matte(face: SourceFace, mask: FloatImage) -> FloatImage:
    """Soft matte of the person whose face this is.

    Args:
        face: The face; its image guides the matte.
        mask: float32 [H, W] probability of a person.

    Returns:
        float32 [H, W], exactly 0 away from the person and exactly 1 inside.
    """
    own = mask * _own_component(face, mask)
    radius = max(2, round(0.06 * face.width))
    guided = cv2.ximgproc.guidedFilter(face.image, own, radius, 1e-4 * 255**2)
    alpha = np.clip((guided - 0.25) / 0.5, 0, 1)
    near = cv2.dilate((own > 0.1).astype(np.uint8), _disc(2 * radius))
    alpha = alpha * near
    alpha = np.maximum(alpha, _face_core(face))
    return np.asarray(alpha, np.float32)


def foreground_colours(image: Image, alpha: FloatImage, reach: int) -> Image:
    """Colours of the person alone, also where hair mixes with the background.

    Blur fusion (Forte, "Approximate fast foreground colour estimation", ICIP 2021): the matting equation is corrected
    from locally averaged foreground and background, first widely, then closely.

    Args:
        image: uint8 [H, W, 3].
        alpha: float32 [H, W].
        reach: How far colours are looked for first, pixels.

    Returns:
        uint8 [H, W, 3]; equal to the image wherever ``alpha`` is 1.
    """
    pixels = image.astype(np.float32)
    weight = alpha[..., None]
    foreground, background = pixels, pixels
    for radius in (reach, max(2, reach // 8)):
        size = (2 * radius + 1, 2 * radius + 1)
        amount = cv2.blur(weight, size)[..., None]
        mean = cv2.blur(foreground * weight, size) / (amount + 1e-5)
        rest = cv2.blur(background * (1 - weight), size) / (1 - amount + 1e-5)
        foreground = np.clip(mean + weight * (pixels - weight * mean - (1 - weight) * rest), 0, 255)
        background = rest
    colours = np.where(weight >= 1, image, np.round(foreground).astype(np.uint8))
    return np.asarray(colours, np.uint8)


def _own_component(face: SourceFace, mask: FloatImage) -> FloatImage:
    """1 around the connected part of the mask that holds the face, 0 on other people; soft border."""
    solid = np.asarray(mask > 0.5, np.uint8)
    cv2.fillConvexPoly(solid, cv2.convexHull(np.round(face.points[list(topo.OVAL), :2]).astype(np.int32)), 1)
    _, labels = cv2.connectedComponents(solid)
    height, width = mask.shape
    x, y = np.clip(np.round(face.points[topo.NOSE_BRIDGE, :2]).astype(int), 0, (width - 1, height - 1))
    own = np.asarray(labels == labels[y, x], np.uint8)
    others = solid & ~own
    margin = max(2, round(0.08 * face.width))
    keep = cv2.dilate(own, _disc(margin))
    keep[(cv2.dilate(others, _disc(margin // 2)) > 0) & (own == 0)] = 0
    return np.asarray(keep, np.float32)


def _face_core(face: SourceFace) -> FloatImage:
    """1 well inside the face's outline: features are drawn there whatever the segmentation thought."""
    outline = face.points[list(topo.OVAL), :2]
    centre = outline.mean(axis=0)
    turned = min(abs(float(face.rotation[0, 2])) / 0.5, 1.0)
    core = centre + (outline - centre) * (0.90 - 0.12 * turned)
    image = np.zeros(face.image.shape[:2], np.uint8)
    cv2.fillPoly(image, [np.round(core).astype(np.int32)], 255)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(1.0, 0.03 * face.width)), np.float32) / 255


def _disc(radius: int) -> Image:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
