"""Cutting the person out: a soft matte that follows hair, and foreground colours free of the old background."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.morphology import disc
from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.body import HeadAxes
from paksatalker.core.rendering.portrait.face import SourceFace

FloatImage = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]

_REFINED_SIDE = 288  # pixels; a small copy is enough for the guided filter to find the edge from

_FINE_PIXELS = 1_500_000
_SURE_OF_HAIR = 0.6  # probability from which hair is kept though its colour is the background's
_THIN = 0.05  # of the matte: below, the matting equation says little of the person's colour
_ALIKE = 16.0  # grey levels; what differs less from the background may be background
_PLAIN = 70.0  # grey levels; above, what stands out from the background may be background


def person_matte(face: SourceFace, mask: FloatImage) -> FloatImage:
    """Soft matte of the person whose face this is.

    Args:
        face: The face; its image guides the matte.
        mask: float32 [H, W] probability of a person.

    Returns:
        float32 [H, W], exactly 0 away from the person and exactly 1 inside.
    """
    own = _refined(face, mask, _territory(face, mask))
    radius = max(2, round(0.06 * face.width))
    alpha = np.clip((_guided(face.image, own, radius) - 0.25) / 0.5, 0, 1)
    near = cv2.dilate((own > 0.1).astype(np.uint8), disc(2 * radius))
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
    scale = _fine_scale(alpha.shape)
    if scale < 1:
        small_image, small_alpha = (
            cv2.resize(plane, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for plane in (image, alpha)
        )
        coarse = _blur_fusion(small_image, small_alpha, max(2, round(reach * scale)))
        size = alpha.shape[1], alpha.shape[0]
        spread = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    else:
        spread = _blur_fusion(image, alpha, reach)
    return np.where(alpha[..., None] >= 1, image, spread)


def settled_colours(colours: Image, image: Image, alpha: FloatImage, behind: Image) -> Image:
    """Foreground colours that leave no mark where the matte took some of the background for the person.

    What looks like the background there gets the colour with which the person, laid over it, is the photo again; the
    person's averaged colours would draw a line. Anything else stays averaged, so that no background moves with hair.

    Args:
        colours: uint8 [H, W, 3] as :func:`foreground_colours` gives them.
        image: uint8 [H, W, 3] the photo.
        alpha: float32 [H, W].
        behind: uint8 [H, W, 3] what the person is laid over.

    Returns:
        uint8 [H, W, 3].
    """
    soft = (alpha > _THIN) & (alpha < 1)
    weight = alpha[soft][:, None]
    exact = np.clip((image[soft] - (1 - weight) * behind[soft]) / weight, 0, 255)
    unlike = np.abs(image[soft].astype(np.float32) - behind[soft]).max(axis=1, keepdims=True)
    share = np.clip((weight - _THIN) / _THIN, 0, 1) * np.exp(-((unlike / _ALIKE) ** 2))
    settled = colours.copy()
    settled[soft] = np.round(colours[soft] * (1 - share) + exact * share)
    return settled


def _blur_fusion(image: Image, alpha: FloatImage, reach: int) -> Image:
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
    return np.asarray(np.round(foreground), np.uint8)


def _fine_scale(shape: tuple[int, ...]) -> float:
    """What to shrink an image by so that work on a matte's edge stays quick: 1 up to one and a half megapixels."""
    return min(1.0, float(np.sqrt(_FINE_PIXELS / (shape[0] * shape[1]))))


def _guided(image: Image, mask: FloatImage, radius: int) -> FloatImage:
    """The mask, its edges moved to those of the image (guided filter, He et al. 2010)."""
    height, width = mask.shape
    scale = _fine_scale(mask.shape)
    if scale < 1:
        image, mask = (
            cv2.resize(plane, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for plane in (image, mask)
        )
    guided = cv2.ximgproc.guidedFilter(image, mask, max(2, round(radius * scale)), 1e-4 * 255**2)
    return np.asarray(cv2.resize(guided, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _territory(face: SourceFace, mask: FloatImage) -> npt.NDArray[np.bool_]:
    """Where this person may be: all but what is nearer to another sizeable part of the mask than to the face's."""
    solid = np.asarray(mask > 0.5, np.uint8)
    cv2.fillConvexPoly(solid, cv2.convexHull(np.round(face.points[list(topo.OVAL), :2]).astype(np.int32)), 1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    height, width = mask.shape
    x, y = np.clip(np.round(face.points[topo.NOSE_BRIDGE, :2]).astype(int), 0, (width - 1, height - 1))
    own = labels[y, x]
    sizeable = stats[:, cv2.CC_STAT_AREA] > 0.03 * face.width**2
    sizeable[[0, own]] = False
    others = np.asarray(sizeable[labels], np.uint8)
    if not others.any():
        return np.ones(mask.shape, bool)
    to_own, to_others = (
        cv2.distanceTransform(1 - part, cv2.DIST_L2, 3) for part in (np.asarray(labels == own, np.uint8), others)
    )
    return np.asarray(to_own <= to_others)


def _refined(face: SourceFace, mask: FloatImage, territory: npt.NDArray[np.bool_]) -> FloatImage:
    """Corrects the border by colour: hats, ear-rings and hair that the segmentation lost, background that it took.

    GrabCut (Rother et al. 2004) on a small copy; pixels well inside stay the person's, those well away the background.
    """
    height, width = mask.shape
    mask = mask * territory
    scale = min(1.0, _REFINED_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    image = cv2.resize(face.image, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    face_width = face.width * scale
    solid = np.asarray(small > 0.5, np.uint8)
    labels = np.full(small.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(solid, disc(round(0.30 * face_width))) > 0] = cv2.GC_PR_BGD
    labels[small > 0.35] = cv2.GC_PR_FGD
    certain = cv2.erode(np.asarray(small > 0.9, np.uint8), disc(max(1, round(0.02 * face_width))))
    certain |= np.asarray(small > _SURE_OF_HAIR, np.uint8) & _hair(face, scale, small.shape)
    labels[certain > 0] = cv2.GC_FGD
    labels[_stands_out(image, solid, face_width) & (labels != cv2.GC_FGD)] = cv2.GC_FGD
    kinds = np.isin([cv2.GC_BGD, cv2.GC_PR_BGD], labels).any(), np.isin([cv2.GC_FGD, cv2.GC_PR_FGD], labels).any()
    if not all(kinds):
        return mask
    cv2.setRNGSeed(0)  # its clustering draws random numbers
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, labels, None, *models, 3, cv2.GC_INIT_WITH_MASK)
    person = _connected(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), certain)
    return np.asarray(cv2.resize(person, (width, height), interpolation=cv2.INTER_LINEAR) * territory, np.float32)


def _hair(face: SourceFace, scale: float, shape: tuple[int, ...]) -> Image:
    """1 where there can only be face, ears and hair beside the background: from below the ears to above the crown."""
    axes = HeadAxes.of(face)
    rows, columns = np.indices(shape)
    at = np.stack([columns, rows], axis=-1).reshape(-1, 2) / scale
    above = axes.above_chin(at)
    inside = (above > 0.4) & (above < 1.6) & (axes.aside(at) < 0.85)
    return np.asarray(inside.reshape(shape), np.uint8)


def _stands_out(image: Image, solid: Image, face_width: float) -> npt.NDArray[np.bool_]:
    """What next to the person differs from a plain background: hats, frizz and jewellery. Nothing on a busy one."""
    near = cv2.dilate(solid, disc(round(0.35 * face_width)))
    around = cv2.dilate(near, disc(round(0.30 * face_width))) & ~near & 1
    if around.sum() < face_width:
        return np.zeros(solid.shape, bool)
    clean = cv2.inpaint(image, near, 3, cv2.INPAINT_TELEA)
    smooth = cv2.GaussianBlur(image, (0, 0), max(1.0, 0.05 * face_width)).astype(np.float32)
    busy = np.percentile(np.abs(image.astype(np.float32) - smooth).max(axis=2)[around > 0], 90)
    uneven = np.percentile(smooth[around > 0], [10, 90], axis=0)
    threshold = 18 + 2.5 * busy + 0.5 * float((uneven[1] - uneven[0]).max())
    if threshold > _PLAIN:
        return np.zeros(solid.shape, bool)
    different = np.abs(image.astype(np.float32) - clean).max(axis=2) > threshold
    # Far from what is surely background nobody knows what it looks like there: a backdrop may grow darker or lighter.
    known = cv2.distanceTransform(near, cv2.DIST_L2, 3) < 0.40 * face_width
    return np.asarray(different & (near > 0) & (solid == 0) & known)


def _connected(person: npt.NDArray[np.bool_], seed: Image) -> FloatImage:
    """The parts of a mask that hang together with the seed, without crumbs of less than two pixels' width."""
    opened = cv2.morphologyEx(np.asarray(person, np.uint8), cv2.MORPH_OPEN, disc(1)) | seed
    _, labels = cv2.connectedComponents(opened)
    kept = np.unique(labels[seed > 0])
    return np.asarray(np.isin(labels, kept[kept > 0]), np.float32)


def _face_core(face: SourceFace) -> FloatImage:
    """1 well inside the face's outline: features are drawn there whatever the segmentation thought."""
    outline = face.points[list(topo.OVAL), :2]
    centre = outline.mean(axis=0)
    turned = min(abs(float(face.rotation[0, 2])) / 0.5, 1.0)
    core = centre + (outline - centre) * (0.90 - 0.12 * turned)
    image = np.zeros(face.image.shape[:2], np.uint8)
    cv2.fillPoly(image, [np.round(core).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(image, (0, 0), max(1.0, 0.03 * face.width)).astype(np.float32)
    return np.asarray(soft / np.float32(255), np.float32)
