"""Upper lids that close: clean skin, a crease and a lash line over the eye."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.morphology import disc
from paksatalker.core.rendering.portrait import eyes_kernel as k
from paksatalker.core.rendering.portrait.eye_region import EyeRegion, clipped_box
from paksatalker.core.rendering.portrait.face import PosedFace, SourceFace
from paksatalker.core.rendering.portrait.fill import fill
from paksatalker.core.rendering.portrait.geometry import rest_points
from paksatalker.core.rendering.portrait.palette import Palette, analyse, luminance
from paksatalker.core.rendering.portrait.topology import EYES

Float = npt.NDArray[np.float32]

_FADE_IN: Final = (0.06, 0.42)  # closure from which the photo's own lid gives way to the painted one
_HAIRS: Final = 46  # lashes of one lid, as many as can be told apart
_BELOW: Final = 8.0  # mm under the lower lid: skin that no lash or brow reaches, but dark glasses do
_DARKEST: Final = 0.75  # of its luminance that a lid has; 0.74–1.05 in most photos, 0.3 where a brow lies on the lid
_MEETING: Final = 0.45  # of the lid's luminance that the line has on which closed lids meet


class Eyelids:
    """Paints closing upper lids.

    Args:
        face: The face as photographed.
        palette: The photo's colours; measured if not given.
        seed: Irregularities of lashes and grain.
    """

    def __init__(self, face: SourceFace, palette: Palette | None = None, seed: int = 0) -> None:
        palette = palette or analyse(face)
        face = replace(face, points=rest_points(face))
        self._lids = [
            _Lid(face, EyeRegion.of(eye, face.points), palette, np.random.default_rng([seed, 11, side]))
            for side, eye in enumerate(EYES)
        ]

    def paint(self, frame: npt.NDArray[np.uint8], posed: PosedFace) -> None:
        """Paints both lids of one frame in place; nothing where they are as open as in the photo.

        Args:
            frame: uint8 [H, W, 3] RGB, C-contiguous: the warped photo with its eyeballs painted.
            posed: The face in this frame; its lid landmarks say how far the lids are closed.
        """
        for lid in self._lids:
            lid.paint(frame, posed)


class _Lid:
    def __init__(self, face: SourceFace, region: EyeRegion, palette: Palette, rng: np.random.Generator) -> None:
        self.face = face
        self.region = region
        image, self.corner = region.crop(face, 10.0)
        self.skin, self.lash, strength = _bare_skin(image, self.corner, face, region, palette)
        frame = region.frame(face.points)
        self.was = np.stack([region.fold(frame, face.points), region.curve(frame, face.points, region.upper)])
        self.hairs = _hairs(rng)
        noise = rng.normal(0, 1, (64, 64)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), float(np.clip(0.5 * palette.softness, 0.35, 1.2)))
        self.noise = np.ascontiguousarray(noise / max(float(noise.std()), 1e-6), np.float32)
        p = np.zeros(k.PARAMETERS, np.float32)
        p[k.PX_PER_MM] = face.mm
        p[k.EDGE_PX] = np.clip(0.9 * palette.softness, 0.6, 0.55 * face.mm + 0.6)
        p[k.SOURCE_ORIGIN : k.SOURCE_ORIGIN + 2] = frame.origin - self.corner
        p[k.SOURCE_AXIS : k.SOURCE_AXIS + 2] = frame.axis
        p[k.SOURCE_LENGTH] = frame.length
        p[k.GRAIN] = 0.7 * palette.grain
        p[k.OUTWARD] = region.outward
        light = palette.light
        p[k.LIGHT] = light[0] * frame.axis[0] + light[1] * frame.axis[1]
        p[k.LIGHT + 1] = light[1] * frame.axis[0] - light[0] * frame.axis[1]
        p[k.LIGHT + 2] = light[2]
        p[k.ROUND] = 0.20 + 0.30 * min(palette.contrast, 0.6)
        self.strength = strength
        self.constants = p

    def paint(self, frame: npt.NDArray[np.uint8], posed: PosedFace) -> None:
        """Paints this lid."""
        region = self.region
        closure = region.closure(self.face.points, posed.unposed)
        low, high = _FADE_IN
        amount = float(np.clip((closure - low) / (high - low), 0.0, 1.0))
        if amount <= 0.0:
            return
        eye_frame = region.frame(posed.points)
        rows = [*region.upper, *region.lower, *region.outer_ring]
        box = clipped_box(posed.points[rows], 3.2 * self.face.mm + 2, frame.shape)
        if box is None or eye_frame.length < 4:
            return
        now = np.stack([region.fold(eye_frame, posed.points), region.curve(eye_frame, posed.points, region.upper)])
        p = self.constants.copy()
        p[k.ORIGIN : k.ORIGIN + 2], p[k.AXIS : k.AXIS + 2], p[k.LENGTH] = (
            eye_frame.origin,
            eye_frame.axis,
            eye_frame.length,
        )
        p[k.AMOUNT] = amount * amount * (3 - 2 * amount)
        p[k.LASHES] = p[k.AMOUNT] * (0.56 + 0.28 * self.strength)
        p[k.CREASE] = 0.05 * p[k.AMOUNT]
        p[k.FRINGE] = 0.75 * self.strength * np.clip((closure - 0.35) / 0.5, 0.0, 1.0)
        k.paint_lid(frame, box, p, now.astype(np.float32), self.was, self.skin, self.lash, self.hairs, self.noise)


def _hairs(rng: np.random.Generator) -> Float:
    """Density of lashes along the lid, 0–1, [512]."""
    at = np.linspace(0, 1, 512)
    density = np.zeros(512)
    for hair in np.linspace(0.03, 0.97, _HAIRS) + rng.normal(0, 0.006, _HAIRS):
        density = np.maximum(density, rng.uniform(0.45, 1.0) * np.exp(-(((at - hair) / 0.0042) ** 2)))
    return density.astype(np.float32)


def _bare_skin(
    image: Float, corner: npt.NDArray[np.float64], face: SourceFace, region: EyeRegion, palette: Palette
) -> tuple[Float, Float, float]:
    """The surroundings of an eye without eye and lashes; the lashes' colour; how strong they are, 0–1."""
    upper, lower, ring = (face.points[list(row), :2] - corner for row in (region.upper, region.lower, region.ring))
    middle = (upper + lower).mean(axis=0) / 2
    rise = np.linalg.norm(ring - upper, axis=1, keepdims=True)
    top = upper + np.minimum(0.8, (2.4 * face.mm + palette.softness) / np.maximum(rise, 1e-3)) * (ring - upper)
    bottom = lower + np.maximum(lower - upper, 0) * 0.2 + np.array([0, 2.2]) * face.mm
    outline = np.concatenate([top, bottom[::-1]])
    outline = middle + (outline - middle) * np.array([1.10, 1.0])
    hidden = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(hidden, [np.round(outline).astype(np.int32)], 1)
    luma = luminance(image)
    target = _lid_colour(image, upper, lower, ring, face.mm)
    level = float(luminance(target))
    # Single lashes beyond it are fine and darker than their surroundings. The fold's broad shade stays.
    round_about = disc(max(1, round(1.8 * face.mm + palette.softness)))
    fine = cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, round_about) > 0.09 * level
    fine |= cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, round_about) > 0.12 * level  # shine that would be torn apart
    small = np.ones((2 * max(1, round(0.3 * face.mm + 0.5 * palette.softness)) + 1,) * 2, np.uint8)
    around = _around_lid(image.shape[:2], corner, face, region)
    hidden |= cv2.dilate(_mostly_within(fine.astype(np.uint8), around), small)
    known = (hidden == 0) & (luma > 0.60 * level) & (luma < 1.5 * level + 10)
    known = cv2.erode(known.astype(np.uint8), small).astype(np.float32)
    smooth = fill(image, known, smooth=max(0.8, 0.7 * face.mm))
    hue = _lid_hue(target, palette.skin, _skin_under(image, lower, ring, face.mm))
    smooth, target = (0.3 * c + 0.7 * luminance(c)[..., None] * hue for c in (smooth, target))
    # Shadows around the eye must not make a lid darker than its own skin at the fold. Fully in the middle only: at its
    # rim the painted skin is that of its surroundings.
    tone = np.median(smooth[hidden > 0], axis=0) if hidden.any() else target
    gain = np.clip(target / np.maximum(tone, 1.0), 0.85, 1.4) - 1.0
    inside = np.clip(cv2.distanceTransform(hidden, cv2.DIST_L2, 3) / max(2.0 * face.mm, 1.0), 0, 1)
    smooth = smooth * (1.0 + gain * inside[..., None])
    # Only the hidden part is replaced: brows and the rims of glasses around it stay. What is left of the lashes fades.
    wide = np.ones((2 * max(1, round(0.7 * face.mm)) + 1,) * 2, np.uint8)
    blend = cv2.GaussianBlur(cv2.dilate(hidden, wide).astype(np.float32), (0, 0), max(0.7, 0.8 * face.mm))
    skin = image * (1 - blend[..., None]) + smooth * blend[..., None]
    lash, strength = _lash_colour(image, luma, upper, level, palette)
    return np.ascontiguousarray(skin, np.float32), lash, strength


def _around_lid(
    shape: tuple[int, ...], corner: npt.NDArray[np.float64], face: SourceFace, region: EyeRegion
) -> npt.NDArray[np.uint8]:
    """1 between the lower lid and half-way to the brow."""
    ring, outer, lower = (face.points[list(row), :2] for row in (region.ring, region.outer_ring, region.lower))
    outline = np.concatenate([ring + 0.5 * (outer - ring), lower[::-1] + np.array([0, 3.0]) * face.mm]) - corner
    outline = outline.mean(axis=0) + (outline - outline.mean(axis=0)) * [1.2, 1.0]  # lashes fan out beyond the corner
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return mask


def _mostly_within(mask: npt.NDArray[np.uint8], region: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The connected pieces of a mask that lie in a region by more than half: lashes do, the rims of glasses do not."""
    count, labels = cv2.connectedComponents(mask)
    total = np.bincount(labels.ravel(), minlength=count)
    within = np.bincount(labels.ravel(), weights=region.ravel(), minlength=count)
    keep = 2 * within > total
    keep[0] = False
    return np.asarray(keep[labels] & (region > 0), np.uint8)


def _lid_colour(
    image: Float,
    upper: npt.NDArray[np.float64],
    lower: npt.NDArray[np.float64],
    ring: npt.NDArray[np.float64],
    mm: float,
) -> Float:
    """The lid's skin [3], without the fold's shadow: the brighter of what shows above and below the fold.

    A brow that is drawn down to the eye covers both: the skin under the eye tells how dark a lid can be.
    """
    luma = luminance(image)
    cheek = _skin_under(image, lower, ring, mm)
    upper, lower, ring = upper[2:-2], lower[2:-2], ring[2:-2]
    away = ring - upper
    above = ring + away * np.minimum(0.5, 2.0 * mm / np.maximum(np.linalg.norm(away, axis=1), 1e-3))[:, None]
    below = np.concatenate([ring - share * away for share in (0.25, 0.4, 0.55)])

    skin, strip = _sample(image, luma, np.concatenate([ring, above]), 60), _sample(image, luma, below, 65)
    found = skin if luminance(skin) > 0.97 * luminance(strip) else np.asarray(0.97 * strip, np.float32)
    gain = _DARKEST * float(luminance(cheek)) / max(float(luminance(found)), 1.0)
    return found if gain <= 1 else np.asarray(0.5 * (gain * found + _DARKEST * cheek), np.float32)


def _lid_hue(lid: Float, skin: Float, under: Float) -> Float:
    """Colour over luminance [3] of a lid: the face's, unless its own is warmer, made up or reddened.

    Small or compressed photos have next to no lid to look at, and what there is has taken on the grey of the lashes.
    """
    own, *around = (colour / max(float(luminance(colour)), 1.0) for colour in (lid, skin, under))
    face = np.asarray(np.mean(around, axis=0), np.float32)
    return np.asarray(own if own[0] - own[2] > face[0] - face[2] else face, np.float32)


def _skin_under(image: Float, lower: npt.NDArray[np.float64], ring: npt.NDArray[np.float64], mm: float) -> Float:
    """The skin [3] under the eye."""
    down = (lower - ring)[2:-2].mean(axis=0)
    under = lower[2:-2] + _BELOW * mm * down / max(float(np.linalg.norm(down)), 1e-3)
    return _sample(image, luminance(image), under, 50)


def _sample(image: Float, luma: Float, points: npt.NDArray[np.float64], percentile: float) -> Float:
    """The colour [3] about a percentile of the luminance at points."""
    x, y = np.clip(np.round(points).astype(int), 0, [luma.shape[1] - 1, luma.shape[0] - 1]).T
    order = np.argsort(luma[y, x])
    middle = round(percentile / 100 * (len(order) - 1))
    near = order[max(0, middle - 2) : middle + 3]
    return np.asarray(image[y, x][near].mean(axis=0), np.float32)


def _lash_colour(
    image: Float, luma: Float, upper: npt.NDArray[np.float64], level: float, palette: Palette
) -> tuple[Float, float]:
    """The darkest quarter along the upper lid's edge."""
    at = np.clip(np.round(upper[1:-1]).astype(int), 1, [image.shape[1] - 2, image.shape[0] - 2])
    pixels = np.concatenate([image[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3) for x, y in at])
    tone = np.concatenate([luma[y - 1 : y + 2, x - 1 : x + 2].ravel() for x, y in at])
    dark = pixels[tone <= np.percentile(tone, 25)].mean(axis=0)
    contrast = 1.0 - float(luminance(dark)) / max(level, 1.0)
    # Pale lashes, too, meet in a line of shade.
    dark = dark * min(1.0, _MEETING * level / max(float(luminance(dark)), 1.0))
    return np.maximum(dark, palette.black).astype(np.float32), float(np.clip(contrast / 0.75, 0.0, 1.0))
