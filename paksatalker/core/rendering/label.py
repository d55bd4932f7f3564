"""A label in a corner of the frames: that a machine has made them, for whoever looks at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from paksatalker.core.rendering.captions import Overlay, blend, covering_font, load_font

_SIZE = 0.036  # of the short side: the font
_SMALLEST = 9  # pixels: below, nobody reads it
_MARGIN = 0.03  # of the short side, to the left and above
_WIDEST = 0.8  # of the width
_INK, _GROUND = (255, 255, 255, 235), (12, 12, 14, 150)


class Label:
    """Draws the same words into the upper left corner of every frame, where neither face nor subtitles are.

    Args:
        text: One short line.
        size: Width and height of the frames, pixels.
        font: A font file (.ttf, .otf, .ttc); None takes the built-in font or, for scripts that it lacks, one of the
            system's.

    Raises:
        InvalidOption: The font file cannot be read, or no font at hand has the letters.
    """

    def __init__(self, text: str, size: tuple[int, int], font: Path | str | None = None) -> None:
        width, height = size
        short = min(size)
        pixels = max(_SMALLEST, round(_SIZE * short))
        chosen = load_font(font, pixels)
        if font is None:
            chosen = covering_font(chosen, text, pixels, "the label")
        border = max(2, round(pixels * 0.4))
        box = (round(chosen.getlength(text)) + 2 * border, round(pixels * 1.3) + border)
        drawn = Image.new("RGBA", box, (0, 0, 0, 0))
        pen = ImageDraw.Draw(drawn)
        pen.rounded_rectangle((0, 0, box[0] - 1, box[1] - 1), border, fill=_GROUND)
        pen.text((box[0] / 2, box[1] / 2), text, _INK, chosen, "mm")
        if drawn.width > (widest := round(_WIDEST * width)):
            smaller = (widest, max(1, round(drawn.height * widest / drawn.width)))
            drawn = drawn.resize(smaller, Image.Resampling.LANCZOS)
        margin = min(max(2, round(_MARGIN * short)), height - 1)
        pixel = np.array(drawn, np.uint8)
        self._overlay = Overlay(pixel[:, :, :3].copy(), pixel[:, :, 3].copy(), margin, margin)

    def draw(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A copy of a frame with the label.

        Args:
            image: uint8 [H, W, 3] or [H, W, 4].
        """
        return blend(image, self._overlay)
