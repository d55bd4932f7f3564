"""What a photo says about its own colours: white point, lip and skin tint, black level, grain, sharpness, key light.

Everything painted onto the face takes its colour from here, so that it belongs to the picture: a painting stays a
painting, a grey photo gets grey teeth, a dark one no glowing ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.face import SourceFace
from paksatalker.core.rendering.portrait.relief import vertex_normals
from paksatalker.core.rendering.portrait.topology import EYES

Image = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]

#: Rec. 601 luma of RGB.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

_SKIN_POINTS = (50, 280, 205, 425, 101, 330, 118, 347, 151, 9, 108, 337, 36, 266, 199, 200)
_LIP_POINTS = (86, 15, 316, 85, 315, 180, 404, 72, 302, 73, 303)
#: A Caucasian-to-dark range of skin has about this ratio of red over blue; less means the photo has lost colour.
_SKIN_CHROMA = 0.22


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours are float32 [3] RGB 0–255.

    Attributes:
        white: Lit enamel under the photo's light.
        lip: Median of the lips.
        skin: Median of the skin.
        black: The darkest tone near the face.
        chroma: 0 for a grey photo, 1 for a normal one.
        grain: Standard deviation of the noise on skin, in levels.
        softness: Standard deviation of the blur of the photo's eyes, pixels; also in a painting whose brush strokes and
            cracks are sharper than the face.
        light: float64 [3] unit vector towards the key light (image axes).
        contrast: How strongly the light models the face: the change of luminance per unit of n·l over the mean, 0–1.
    """

    white: Float
    lip: Float
    skin: Float
    black: Float
    chroma: float
    grain: float
    softness: float
    light: npt.NDArray[np.float64]
    contrast: float

    def tint(self, colour: tuple[float, float, float]) -> Float:
        """A colour seen under white light (RGB 0–1 of enamel white) as this photo would show it."""
        rgb = np.asarray(colour, np.float32)
        grey = float(rgb @ LUMA)
        return self.white * (grey + self.chroma * (rgb - grey))


def luminance(rgb: npt.NDArray[np.generic]) -> Float:
    """Luma of [..., 3]."""
    return np.asarray(np.asarray(rgb, np.float32) @ LUMA, np.float32)


def analyse(face: SourceFace) -> Palette:
    """Measures a photo's palette around its face."""
    skin = _median(face, _SKIN_POINTS, max(1, round(1.5 * face.mm)))
    lip = _median(face, _LIP_POINTS, max(1, round(0.6 * face.mm)))
    crop = _face_crop(face)
    luma = luminance(crop)
    black = crop.reshape(-1, 3)[np.argsort(luma.ravel())[: max(8, luma.size // 150)]].mean(axis=0)
    chroma = float(np.clip((skin.max() - skin.min()) / max(float(skin.max()), 1.0) / _SKIN_CHROMA, 0.0, 1.0))
    light, contrast = _key_light(face)
    return Palette(
        white=_white(face, skin, luma),
        lip=lip,
        skin=skin,
        black=black.astype(np.float32),
        chroma=chroma,
        grain=_grain(face),
        softness=max(_softness(face), _eye_softness(face)),
        light=light,
        contrast=contrast,
    )


def _face_crop(face: SourceFace) -> Image:
    height, width = face.image.shape[:2]
    low = np.clip(face.points[:468, :2].min(axis=0).astype(int), 0, [width - 4, height - 4])
    high = np.clip(face.points[:468, :2].max(axis=0).astype(int) + 1, low + 4, [width, height])
    return face.image[low[1] : high[1], low[0] : high[0]]


def patch(face: SourceFace, index: int, radius: int) -> Image:
    """The pixels [n, 3] around a landmark; empty where it lies outside the picture."""
    x, y = np.round(face.points[index, :2]).astype(int)
    rows = slice(max(y - radius, 0), max(y + radius + 1, 0))
    return face.image[rows, max(x - radius, 0) : max(x + radius + 1, 0)].reshape(-1, 3)


def _median(face: SourceFace, indices: tuple[int, ...], radius: int) -> Float:
    patches = [np.median(p, axis=0) for i in indices if len(p := patch(face, i, radius))]
    return np.median(patches, axis=0).astype(np.float32) if patches else np.full(3, 128, np.float32)


def _white(face: SourceFace, skin: Float, luma: Float) -> Float:
    """Enamel in this light: hue between the eye whites' and grey, brightness between theirs and the skin's."""
    mask = np.zeros(face.image.shape[:2], np.uint8)
    for eye in EYES:
        loop = np.concatenate([face.points[list(eye.upper), :2], face.points[list(eye.lower), :2][::-1]])
        cv2.fillPoly(mask, [np.round(loop).astype(np.int32)], 255)
        iris = face.points[eye.iris, :2]
        radius = float(np.linalg.norm(face.points[eye.iris + 1, :2] - iris))
        cv2.circle(mask, (round(iris[0]), round(iris[1])), max(1, round(radius * 1.15)), 0, -1)
    pixels = face.image[mask > 0].astype(np.float32)
    bright = float(np.percentile(luma, 92))
    if len(pixels) < 12:
        sclera = skin
    else:
        level = luminance(pixels)
        sclera = pixels[level >= np.percentile(level, 75)].mean(axis=0)
    grey = float(luminance(sclera))
    hue = 0.6 * sclera + 0.4 * grey
    skin_level = float(luminance(skin))
    # Sclera lie in the shade of lids and lashes; teeth are bounded by the skin that shares their light.
    target = float(np.clip(1.08 * grey, 0.97 * bright, 1.30 * max(bright, skin_level)))
    return np.asarray(np.clip(hue * (min(target, 240.0) / max(grey, 1.0)), 8, 246), np.float32)


def _grain(face: SourceFace) -> float:
    spread = []
    for index in _SKIN_POINTS:
        x, y = np.round(face.points[index, :2]).astype(int)
        r = max(3, round(2.0 * face.mm))
        window = face.image[max(y - r, 0) : y + r + 1, max(x - r, 0) : x + r + 1] if min(x, y) >= 0 else face.image[:0]
        if min(window.shape[:2]) < 5:
            continue
        luma = luminance(window)
        residual = (luma - cv2.GaussianBlur(luma, (0, 0), 1.2))[1:-1, 1:-1]
        spread.append(1.4826 * float(np.median(np.abs(residual - np.median(residual)))))
    return float(np.clip(np.median(spread), 0.0, 8.0)) if spread else 0.0


def _softness(face: SourceFace) -> float:
    """Blur at the sharpest edges of the face, by re-blurring (Zhuo & Sim, Pattern Recognition 44, 2011)."""
    luma = luminance(_face_crop(face))
    again = 1.2

    def gradient(image: Float) -> Float:
        gx = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3)
        return np.asarray(np.hypot(gx, cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3)), np.float32)

    first, second = gradient(luma), gradient(cv2.GaussianBlur(luma, (0, 0), again))
    edge = first >= max(float(np.percentile(first, 97)), 12.0)
    if not edge.any():
        return 1.5
    ratio = float(np.percentile(first[edge] / np.maximum(second[edge], 1e-3), 70))
    return float(np.clip(again / np.sqrt(max(ratio * ratio - 1.0, 0.02)), 0.4, 0.35 * face.mm + 4.0))


def _eye_softness(face: SourceFace) -> float:
    """Blur of the eyes: how much less steep their edges are than their contrast would make them, pixels.

    A step of contrast C, blurred by σ, has the slope C / (σ √2π); the width of a sharp eye's own lines is taken off.
    """
    widths = []
    for eye in EYES:
        loop = face.points[[*eye.upper, *eye.lower], :2]
        low = np.maximum(np.floor(loop.min(axis=0) - 1.5 * face.mm).astype(int), 0)
        high = np.ceil(loop.max(axis=0) + 1.5 * face.mm).astype(int)
        luma = luminance(face.image[low[1] : max(high[1], 0), low[0] : max(high[0], 0)])
        if min(luma.shape) < 5:
            continue
        slope = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(luma, cv2.CV_32F, 0, 1, ksize=3)) / 8
        contrast = float(np.percentile(luma, 97) - np.percentile(luma, 3))
        widths.append(contrast / (2.5 * max(float(np.percentile(slope, 97)), 0.5)))
    wide = float(np.mean(widths)) if widths else 0.0
    return float(np.clip(np.sqrt(max(wide**2 - (0.55 * face.mm) ** 2, 0.0)), 0.4, 0.35 * face.mm + 4.0))


def _key_light(face: SourceFace) -> tuple[npt.NDArray[np.float64], float]:
    """Least squares of skin luminance on the mesh's normals (Lambert with ambient light)."""
    normals = vertex_normals(face.points)
    height, width = face.image.shape[:2]
    low = face.points[:468, :2].min(axis=0).astype(int) - 2
    high = face.points[:468, :2].max(axis=0).astype(int) + 3
    x0, y0 = np.clip(low, 0, [width - 1, height - 1])
    x1, y1 = np.clip(high, [x0 + 1, y0 + 1], [width, height])
    blurred = cv2.GaussianBlur(luminance(face.image[y0:y1, x0:x1]), (0, 0), max(1.0, 2.5 * face.mm))
    xy = np.round(face.points[:468, :2]).astype(int)
    inside = (xy[:, 0] >= x0) & (xy[:, 0] < x1) & (xy[:, 1] >= y0) & (xy[:, 1] < y1) & (normals[:468, 2] < -0.35)
    xy, normals = xy[inside], normals[:468][inside]
    fallback = np.array([0.0, -0.5, -0.866])
    if len(xy) < 40:
        return fallback, 0.3
    value = blurred[xy[:, 1] - y0, xy[:, 0] - x0].astype(np.float64)
    value /= max(float(np.median(value)), 1.0)
    keep = np.abs(value - 1.0) < 0.6  # brows, nostrils, hair
    design = np.column_stack([np.ones(int(keep.sum())), normals[keep]])
    ridge = np.diag([1e-6, 1.0, 1.0, 1.0]) * 0.01 * len(design)
    solution = np.linalg.solve(design.T @ design + ridge, design.T @ value[keep])
    direction = solution[1:] + 0.08 * fallback
    # Light from behind cannot be told from a pale outline; what shows the face comes from the front.
    direction[2] = min(direction[2], -0.5 * float(np.hypot(direction[0], direction[1])))
    strength = float(np.linalg.norm(direction))
    return direction / max(strength, 1e-6), float(np.clip(strength, 0.05, 0.9))
