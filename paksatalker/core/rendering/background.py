"""What stands behind the person: the photo's own background, a blur of it, a colour, an image, or nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

from paksatalker.config.limits import MAX_IMAGE_PIXELS
from paksatalker.core.rendering.image import Picture, Rgb, load_image
from paksatalker.core.rendering.morphology import disc
from paksatalker.errors import InvalidOption

Kind = Literal["keep", "blur", "colour", "image", "transparent"]

_BLUR = 0.028  # of the short side: a video call's blur, sigma
_HALO = 0.02  # of the short side: hair and shadows around the person that must not bleed into the blur
_WORKING_SIDE = 640  # a blur holds no detail, so that it is made small and enlarged
_CUT_OUT_BACKGROUND = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Background:
    """A background, as asked for.

    Attributes:
        kind: What it is.
        colour: RGB 0–255, for ``colour``.
        picture: For ``image``.
    """

    kind: Kind
    colour: tuple[int, int, int] | None = None
    picture: Picture | None = None


def parse_background(text: str | Path, max_pixels: int = MAX_IMAGE_PIXELS) -> Background:
    """Reads what a user wrote for ``--background``.

    Args:
        text: ``keep``, ``blur``, ``transparent``, a colour (``#rgb``, ``#rrggbb``, ``rgb(…)``, ``hsl(…)`` or a CSS
            name), or the path of an image.
        max_pixels: Limit for the image.

    Raises:
        InvalidOption: It means nothing.
        ImageUnreadable: It names an image that cannot be read.
        ImageTooLarge: It names an image larger than ``max_pixels``.
    """
    word = str(text).strip()
    kinds: dict[str, Kind] = {"keep": "keep", "blur": "blur", "transparent": "transparent"}
    if kind := kinds.get(word.lower()):
        return Background(kind)
    if not isinstance(text, Path):
        colour = _colour(word)
        if colour is not None:
            return Background("colour", colour=colour)
    if _looks_like_path(word):
        return Background("image", picture=load_image(Path(word).expanduser(), max_pixels))
    raise InvalidOption(
        f"there is no background '{word}'",
        "it is neither a colour nor an image file",
        "Give keep, blur, transparent, a colour such as #20304a or navy, or the path of an image",
    )


def _colour(word: str) -> tuple[int, int, int] | None:
    try:
        values = ImageColor.getrgb(word)
    except ValueError:
        return None
    if len(values) == 4 and values[3] < 255:
        raise InvalidOption(
            f"the background '{word}' is half transparent", "a video's background is not", "Leave its alpha out"
        )
    return values[0], values[1], values[2]


def _looks_like_path(word: str) -> bool:
    path = Path(word).expanduser()
    separators = (os.sep, os.altsep or os.sep, "/")
    return bool(word) and (any(s in word for s in separators) or path.suffix != "" or path.exists())


def plate(
    background: Background,
    image: Rgb,
    mask: npt.NDArray[np.float32],
    alpha: npt.NDArray[np.uint8] | None = None,
) -> Rgb | None:
    """The picture behind the person, uint8 [H, W, 3].

    Args:
        background: What was asked for.
        image: The canvas, uint8 [H, W, 3].
        mask: Where the person is, float32 [H, W] 0–1.
        alpha: The canvas's alpha uint8 [H, W], for a cut-out photo. ``keep`` and ``blur`` then give white: there is
            no background to keep.

    Returns:
        None where nothing is replaced: for ``keep`` and ``transparent``.
    """
    height, width = image.shape[:2]
    if background.kind == "transparent":
        return None
    if background.colour is not None:
        return _filled(background.colour, height, width)
    if background.picture is not None:
        return _cover(background.picture, width, height)
    if alpha is not None:
        return _filled(_CUT_OUT_BACKGROUND, height, width)
    return _blurred(image, mask) if background.kind == "blur" else None


def _filled(colour: tuple[int, int, int], height: int, width: int) -> Rgb:
    return np.broadcast_to(np.array(colour, np.uint8), (height, width, 3)).copy()


def _cover(picture: Picture, width: int, height: int) -> Rgb:
    """The image scaled to cover the canvas, its centre kept."""
    rgb = picture.rgb
    if picture.alpha is not None:
        opacity = picture.alpha[:, :, None].astype(np.float32) / 255.0
        rgb = (rgb * opacity + 255.0 * (1 - opacity) + 0.5).astype(np.uint8)
    scale = max(width / picture.width, height / picture.height)
    w, h = min(width / scale, picture.width), min(height / scale, picture.height)
    left, top = (picture.width - w) / 2, (picture.height - h) / 2
    resized = Image.fromarray(rgb).resize(
        (width, height), Image.Resampling.BICUBIC, box=(left, top, left + w, top + h), reducing_gap=3.0
    )
    return np.array(resized, np.uint8)


def _blurred(image: Rgb, mask: npt.NDArray[np.float32]) -> Rgb:
    """The background out of focus, as if the person were not there.

    Blurs only what is background (normalised convolution) and fills the person's place from ever wider surroundings.
    Light is added up in approximately linear values, as a lens does, so that lamps stay bright.
    """
    height, width = image.shape[:2]
    scale = min(1.0, _WORKING_SIDE / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) ** 2
    person = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    person = cv2.dilate((person > 0.1).astype(np.uint8), disc(max(3, round(_HALO * min(size)))))
    weight = 1.0 - person.astype(np.float32)
    if not weight.any():
        weight[:] = 1.0
    sigma = _BLUR * min(size)
    filled = np.zeros_like(small) + (small * weight[:, :, None]).sum(axis=(0, 1)) / weight.sum()
    for octave in (16, 8, 4, 2, 1):
        amount = _soften(weight, sigma * octave)
        colour = _soften(small * weight[:, :, None], sigma * octave) / (amount + 1e-6)[:, :, None]
        trust = np.clip(amount * 4, 0, 1)[:, :, None]
        filled = filled + trust * (colour - filled)
    soft = np.sqrt(np.clip(_soften(filled, sigma * 0.5), 0, 255.0**2))
    large = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(large + 0.5, 0, 255), np.uint8)


def _soften(values: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    """Gaussian blur; a wide one at reduced size."""
    factor = max(1, int(sigma / 4))
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
    height, width = values.shape[:2]
    size = (max(2, width // factor), max(2, height // factor))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma * size[0] / width, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
