"""What stands before the camera: the photo, the part of it that becomes the picture, the person, the background."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from paksatalker.config.limits import MAX_IMAGE_PIXELS
from paksatalker.core.rendering.background import parse_background, plate
from paksatalker.core.rendering.framing import Canvas, frame, person_mask
from paksatalker.core.rendering.image import ImageSource, load_image
from paksatalker.core.rendering.portrait.analysis import Portrait, WeightsPaths, analyse

Background = npt.NDArray[np.uint8] | Literal["transparent"] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a renderer needs to know of the photo.

    Attributes:
        portrait: The photo and the face in it.
        canvas: The still picture that is animated.
        mask: Where the person is on the canvas, float32 [H, W] 0–1.
        background: None keeps the photo's own; an image uint8 [H, W, 3] replaces it; or ``transparent``.
    """

    portrait: Portrait
    canvas: Canvas
    mask: npt.NDArray[np.float32]
    background: Background

    @property
    def transparent(self) -> bool:
        """Whether frames have an alpha channel."""
        return isinstance(self.background, str)


def set_scene(
    image: ImageSource,
    store: WeightsPaths,
    *,
    face: int | None = None,
    aspect: str = "1:1",
    size: int | None = None,
    background: str | Path = "keep",
    max_pixels: int = MAX_IMAGE_PIXELS,
) -> Scene:
    """Reads and analyses a photo and lays out the picture.

    Args:
        image: The photo.
        store: Where the networks are.
        face: Which face, 1 is the largest; None takes the largest.
        aspect: Shape of the picture, see :func:`~paksatalker.core.rendering.framing.frame`.
        size: Its short side, pixels, or None.
        background: See :func:`~paksatalker.core.rendering.background.parse_background`.
        max_pixels: Larger photos are refused undecoded.

    Raises:
        ImageUnreadable: The photo, or the background image, cannot be decoded.
        ImageTooLarge: One of them is larger than ``max_pixels``.
        InvalidOption: ``background`` means nothing.
        NoFace: There is no face, or it is turned away too far.
        NoSuchFace: ``face`` is larger than the number of faces.
        FaceTooSmall: The face has too few pixels.
        WeightsMissing: A network has not been downloaded.
    """
    wanted = parse_background(background, max_pixels)
    portrait = analyse(load_image(image, max_pixels), face, store)
    canvas = frame(portrait, aspect, size)
    mask = person_mask(canvas, portrait, store)
    if wanted.kind == "transparent":
        return Scene(portrait, canvas, mask, "transparent")
    return Scene(portrait, canvas, mask, plate(wanted, canvas.image, mask, canvas.alpha))
