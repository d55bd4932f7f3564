"""From a photo to the canvas: the part of it that becomes the video's picture, at the video's size.

A canvas pixel is ``photo pixel · scale + offset`` in continuous coordinates (a pixel's centre is at its index + ½).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from paksatalker.core import options
from paksatalker.core.rendering.image import Picture, Rgb
from paksatalker.core.rendering.portrait.analysis import Portrait, WeightsPaths, face_height
from paksatalker.core.rendering.portrait.face import Points, SourceFace
from paksatalker.core.timeline import ARKIT_NAMES
from paksatalker.models.mediapipe.segmenter import SelfieSegmenter

#: Width over height; ``source`` is the photo's own.
RATIOS: dict[str, float | None] = {"source": None, "1:1": 1.0, "9:16": 9 / 16, "16:9": 16 / 9}
MAX_SIDE = 3840
_DEFAULT_SHORT_SIDE = 1024
_MIN_SHORT_SIDE = 256

# In units of the face's height, forehead to chin.
_COMFORTABLE = {1.0: (2.3, 2.3), 9 / 16: (1.9, 1.9 * 16 / 9), 16 / 9: (2.3 * 16 / 9, 2.3)}
_TIGHTEST = {1.0: (1.3, 1.3), 9 / 16: (1.3, 1.3), 16 / 9: (1.3, 1.65)}  # below, the canvas reaches beyond the photo
_BEYOND = (1.5, 1.85)  # how close the canvas then is, so that much of it still is photo
_FACE_LEVEL = {1.0: 0.47, 9 / 16: 0.42, 16 / 9: 0.47}  # where the face's centre lies, from the top
_TIGHT_FACE_LEVEL = 0.54  # in a tight crop: hair needs more room than the neck

_FEATHER = 0.02  # of the canvas's short side: seam between the photo and its blurred surroundings
_SURROUNDINGS_GAIN = 0.55
_SEGMENT_PIXELS = 512
_CUT_OUT = (
    0.08  # share of transparent pixels; with fewer, it is a photo with round corners rather than a cut-out person
)
_HAIR_REACH = 0.02  # of the long side: how far fine hair may stand off from what surely is the person


@dataclass(frozen=True, slots=True)
class Canvas:
    """The still picture that is animated.

    Attributes:
        image: uint8 [H, W, 3] RGB, both sides even.
        alpha: uint8 [H, W] straight alpha of a cut-out person, else None.
        scale: Canvas pixels a photo pixel.
        offset: x, y of the photo's top left corner on the canvas.
        inside: Left, top, right, bottom of the part of the canvas that shows the photo.
    """

    image: Rgb
    alpha: npt.NDArray[np.uint8] | None
    scale: float
    offset: tuple[float, float]
    inside: tuple[int, int, int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return int(self.image.shape[1]), int(self.image.shape[0])

    @property
    def extended(self) -> bool:
        """Whether the canvas reaches beyond the photo."""
        return self.inside != (0, 0, *self.size)

    def face_points(self, portrait: Portrait) -> Points:
        """The portrait's 478 landmarks in canvas pixels [478, 3]; z has the same scale."""
        points: Points = portrait.face.points * self.scale + np.array([*self.offset, 0.0])
        return points

    def source_face(self, portrait: Portrait) -> SourceFace:
        """The face as the portrait renderer takes it."""
        scores = [portrait.face.scores.get(name, 0.0) for name in ARKIT_NAMES]
        return SourceFace(
            image=self.image,
            points=self.face_points(portrait),
            rotation=portrait.face.rotation,
            scores=np.array(scores, np.float32),
        )


def frame(portrait: Portrait, aspect: str = "1:1", size: int | None = None) -> Canvas:
    """Chooses the part of the photo that becomes the video.

    Except for ``source``, the head fills the picture comfortably and lies within it. The picture is never padded; only
    where the photo is too narrow for the aspect, the missing sides show a blurred, darkened enlargement of it.

    Args:
        portrait: The photo and its face.
        aspect: One of :data:`RATIOS`.
        size: Short side of the canvas, pixels; None keeps the photo's resolution, up to 1024 (``source``: up to a long
            side of 3840).

    Raises:
        InvalidOption: Unknown aspect, or a size out of range.
    """
    options.require_choice("aspect", aspect, RATIOS)
    if size is not None:
        options.require_range("size", size, options.SIZE)
    ratio = RATIOS[aspect]
    if ratio is None:
        left, top, width, height = 0.0, 0.0, float(portrait.picture.width), float(portrait.picture.height)
    else:
        left, top, width, height = _crop(portrait, ratio)
    scale, canvas_size = _canvas_size(width, height, ratio, size)
    offset = np.array(canvas_size) / 2 - np.array([left + width / 2, top + height / 2]) * scale
    if scale == 1.0:
        offset = np.floor(offset)  # the photo's own pixels, not an average of neighbours
    return _draw(portrait.picture, canvas_size, scale, (float(offset[0]), float(offset[1])))


def _crop(portrait: Portrait, ratio: float) -> tuple[float, float, float, float]:
    """Left, top, width, height in photo pixels; reaches beyond the photo only where it is too narrow."""
    photo = np.array([portrait.picture.width, portrait.picture.height], float)
    unit = face_height(portrait.face)
    ideal = np.array(_COMFORTABLE[ratio]) * unit
    largest = np.array([min(photo[0], photo[1] * ratio), min(photo[1], photo[0] / ratio)])
    if (largest >= np.array(_TIGHTEST[ratio]) * unit).all():
        extent = np.minimum(ideal, largest)
    elif photo[0] / ratio < photo[1]:  # too narrow: keep the height, widen
        height = min(_BEYOND[1] * unit, photo[1])
        extent = np.array([height * ratio, height])
    else:
        width = min(_BEYOND[0] * unit, photo[0])
        extent = np.array([width, width / ratio])
    centre = (portrait.face.points[10, :2] + portrait.face.points[152, :2]) / 2
    level = np.interp(extent[1] / unit, (1.6, 2.3), (_TIGHT_FACE_LEVEL, _FACE_LEVEL[ratio]))
    corner = centre - extent * (0.5, level)
    free = photo - extent
    corner = np.where(free >= 0, np.clip(corner, 0, np.maximum(free, 0)), free / 2)
    return float(corner[0]), float(corner[1]), float(extent[0]), float(extent[1])


def _canvas_size(width: float, height: float, ratio: float | None, size: int | None) -> tuple[float, tuple[int, int]]:
    """Scale and even sides of the canvas for a crop of the given extent."""
    short = min(width, height)
    if size is not None:
        target = float(size)
    else:
        target = max(short, float(_MIN_SHORT_SIDE))
        if ratio is not None:
            target = min(target, float(_DEFAULT_SHORT_SIDE))
    shape = width / height if ratio is None else ratio
    target = min(target, MAX_SIDE / max(shape, 1 / shape))
    # to the even number at or below, so that a photo with odd sides loses a row rather than being rescaled
    small = max(2, int(target + 1e-6) // 2 * 2)
    large = max(2, int(target * max(shape, 1 / shape) + 1e-6) // 2 * 2)
    return target / short, (small, large) if shape <= 1 else (large, small)


def _draw(picture: Picture, size: tuple[int, int], scale: float, offset: tuple[float, float]) -> Canvas:
    width, height = size
    left, top = (max(0, int(np.ceil(o - 1e-6))) for o in offset)
    right = min(width, int(np.floor(offset[0] + picture.width * scale + 1e-6)))
    bottom = min(height, int(np.floor(offset[1] + picture.height * scale + 1e-6)))
    box = tuple(
        float(np.clip((edge - offset[axis]) / scale, 0, limit))
        for edge, axis, limit in (
            (left, 0, picture.width),
            (top, 1, picture.height),
            (right, 0, picture.width),
            (bottom, 1, picture.height),
        )
    )
    part = _resample(picture.rgb, box, (right - left, bottom - top))
    alpha = None if picture.alpha is None else _resample(picture.alpha, box, (right - left, bottom - top))
    if alpha is not None and float((alpha < 128).mean()) < _CUT_OUT:
        part, alpha = _flattened(part, alpha), None
    inside = (left, top, right, bottom)
    if inside != (0, 0, width, height):
        part = _surround(picture, part, inside, size)
        alpha = alpha if alpha is None else np.pad(alpha, ((top, height - bottom), (left, width - right)))
    return Canvas(np.ascontiguousarray(part), alpha, scale, offset, inside)


def _flattened(rgb: Rgb, alpha: npt.NDArray[np.uint8]) -> Rgb:
    opacity = alpha[:, :, None].astype(np.float32) / 255.0
    flat: Rgb = (rgb * opacity + 255.0 * (1.0 - opacity) + 0.5).astype(np.uint8)
    return flat


def _resample(array: npt.NDArray[np.uint8], box: tuple[float, ...], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Scales a rectangle with sub-pixel borders; antialiased."""
    left, top, right, bottom = box
    if list(box) == [float(v) for v in (int(left), int(top), int(left) + size[0], int(top) + size[1])]:
        return array[int(top) : int(bottom), int(left) : int(right)].copy()
    shrinks = size[0] < right - left
    method = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
    image = Image.fromarray(array).resize(size, method, box=(left, top, right, bottom), reducing_gap=3.0)
    return np.array(image, np.uint8)


def _surround(picture: Picture, part: Rgb, inside: tuple[int, int, int, int], size: tuple[int, int]) -> Rgb:
    """The photo before a blurred, darkened enlargement of itself, as television shows a narrow picture."""
    width, height = size
    left, top, right, bottom = inside
    cover = max(width / picture.width, height / picture.height)
    box = (
        picture.width / 2 - width / cover / 2,
        picture.height / 2 - height / cover / 2,
        picture.width / 2 + width / cover / 2,
        picture.height / 2 + height / cover / 2,
    )
    small = _resample(picture.rgb, tuple(max(0.0, b) for b in box), (max(2, width // 8), max(2, height // 8)))
    small = cv2.GaussianBlur(small, (0, 0), min(small.shape[:2]) * 0.05)
    back = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).astype(np.float32) * _SURROUNDINGS_GAIN
    weight = np.zeros((height, width), np.float32)
    weight[top:bottom, left:right] = 1.0
    feather = max(2.0, _FEATHER * min(size))
    pad = int(feather) + 2  # outside the canvas there is no seam
    inner = cv2.copyMakeBorder(weight, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform((inner > 0).astype(np.uint8), cv2.DIST_L2, 5)[pad:-pad, pad:-pad]
    fade = np.clip(distance / feather, 0, 1)
    weight = (fade * fade * (3 - 2 * fade)).astype(np.float32)[:, :, None]
    front = np.zeros((height, width, 3), np.float32)
    front[top:bottom, left:right] = part
    blended: Rgb = (front * weight + back * (1 - weight) + 0.5).astype(np.uint8)
    return blended


def person_mask(canvas: Canvas, portrait: Portrait, store: WeightsPaths) -> npt.NDArray[np.float32]:
    """Where the speaking person is: probability float32 [H, W] 0–1 at the canvas's size.

    A photo that is already cut out says so itself. Otherwise the segmentation network looks at the whole canvas and,
    for a person who is small in it, once more at the person; bystanders who do not touch the speaker are left out.

    Raises:
        WeightsMissing: ``selfie-segmentation`` has not been downloaded.
    """
    if canvas.alpha is not None:
        return np.asarray(canvas.alpha, np.float32) / np.float32(255.0)
    left, top, right, bottom = canvas.inside
    photo = canvas.image[top:bottom, left:right]
    centre = canvas.face_points(portrait)[[10, 152], :2].mean(axis=0) - (left, top)
    unit = face_height(portrait.face) * canvas.scale
    with SelfieSegmenter(store.path("selfie-segmentation")) as net:
        inside = _segment(net, photo)
        if 4.0 * unit < min(photo.shape[:2]):
            _look_closer(net, photo, inside, centre, 3.2 * unit)
    mask = np.zeros(canvas.image.shape[:2], np.float32)
    mask[top:bottom, left:right] = _only_speaker(inside, centre)
    return mask


def _segment(net: SelfieSegmenter, rgb: Rgb) -> npt.NDArray[np.float32]:
    height, width = rgb.shape[:2]
    scale = min(1.0, _SEGMENT_PIXELS / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = net.segment(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    mask = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(mask, 0, 1), np.float32)


def _look_closer(
    net: SelfieSegmenter, rgb: Rgb, mask: npt.NDArray[np.float32], centre: npt.NDArray[np.float64], side: float
) -> None:
    """Replaces the mask around the head by a second, closer look, fading over at its rim."""
    height, width = mask.shape
    x0, y0 = (int(v) for v in np.clip(centre - side * np.array([0.5, 0.45]), 0, None))
    x1, y1 = min(width, x0 + int(side)), min(height, y0 + int(side))
    near = _segment(net, np.ascontiguousarray(rgb[y0:y1, x0:x1]))
    ramp_y = np.minimum(np.arange(y1 - y0), np.arange(y1 - y0)[::-1])[:, None] / (0.15 * side)
    ramp_x = np.minimum(np.arange(x1 - x0), np.arange(x1 - x0)[::-1])[None] / (0.15 * side)
    weight = np.clip(np.minimum(ramp_y, ramp_x), 0, 1).astype(np.float32)
    mask[y0:y1, x0:x1] += weight * (near - mask[y0:y1, x0:x1])


def _only_speaker(mask: npt.NDArray[np.float32], centre: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Drops people who are not connected to the one at ``centre``, and haze away from the person."""
    _, labels = cv2.connectedComponents((mask > 0.5).astype(np.uint8))
    x, y = np.clip(centre.astype(int), 0, (mask.shape[1] - 1, mask.shape[0] - 1))
    if labels[y, x] == 0:  # the network does not see the face as a person: better everything than nothing
        return mask
    reach = max(3, round(_HAIR_REACH * max(mask.shape)))
    speaker = (labels == labels[y, x]).astype(np.uint8)
    distance = cv2.distanceTransform(1 - speaker, cv2.DIST_L2, 5)
    return np.asarray(mask * np.clip(2.0 - distance / reach, 0, 1), np.float32)
