"""Subtitles burned into the frames."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from paksatalker.core.cues import Cue, cut_cues
from paksatalker.core.timeline import Speech
from paksatalker.errors import InvalidOption

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_MARGIN = 0.05  # of the width, left and right; of the height, below (the area that no player covers)
_EM = 0.5  # of the font size: mean width of a letter
_LARGEST = 0.062  # of the height: largest font
_FONT_VARIABLE = "PAKSATALKER_FONT"  # the setting that gives the font
#: Where fonts for other scripts are looked for, and the families to prefer, widest coverage first.
_FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
_FAMILIES = ("notosanscjk", "notosans", "dejavusans", "arialunicode", "unifont", "arial", "msyh", "segoeui", "wqy")


@dataclass(frozen=True, slots=True)
class Overlay:
    """A drawn cue: uint8 RGB [h, w, 3], alpha [h, w], and where it goes."""

    rgb: npt.NDArray[np.uint8]
    alpha: npt.NDArray[np.uint8]
    left: int
    top: int


class Captioner:
    """Draws the words that are being spoken onto the frames.

    Pieces are added as they are spoken; frames are drawn in order of time.

    Args:
        size: Width and height of the frames, pixels.
        font: A font file (.ttf, .otf, .ttc); None takes the built-in font or, for scripts that it lacks, one of the
            system's.

    Raises:
        InvalidOption: The font file cannot be read.
    """

    def __init__(self, size: tuple[int, int], font: Path | str | None = None) -> None:
        self._size = size
        width, height = size
        self.max_columns = 42 if width > 1.2 * height else 32 if width > 0.8 * height else 24
        self._pixels = max(8, round(min(_LARGEST * height, width * (1 - 2 * _MARGIN) / (self.max_columns * _EM))))
        self._path = font
        self._font = load_font(self._path, self._pixels)
        self._cues: deque[Cue] = deque()
        self._drawn: tuple[Cue, Overlay] | None = None

    def add(self, piece: Speech) -> None:
        """Takes the words of the next piece.

        Raises:
            InvalidOption: No font at hand has the letters of its script.
        """
        cues = cut_cues(piece, self.max_columns)
        if cues and self._path is None:
            self._font = covering_font(self._font, "".join(cue.text for cue in cues), self._pixels)
        self._cues.extend(cues)

    def draw(self, image: npt.NDArray[np.uint8], seconds: float) -> npt.NDArray[np.uint8]:
        """The frame with the cue of its time, a copy; the frame itself when nothing is said.

        Args:
            image: uint8 [H, W, 3] or [H, W, 4].
            seconds: The frame's time. Cues that ended before it are forgotten.
        """
        while self._cues and self._cues[0].end <= seconds + 1e-6:
            self._cues.popleft()
        if not self._cues or self._cues[0].start > seconds + 1e-6:
            return image
        cue = self._cues[0]
        if self._drawn is None or self._drawn[0] != cue:
            self._drawn = cue, _overlay(cue, self._size, self._font, self._pixels)
        return blend(image, self._drawn[1])


def _overlay(cue: Cue, size: tuple[int, int], font: Font, pixels: int) -> Overlay:
    """White letters with a dark outline, centred, above the lower margin."""
    width, height = size
    stroke = max(1, round(pixels * 0.09))
    step = round(pixels * 1.22)
    room = max(width, *(round(font.getlength(line)) + 4 * stroke for line in cue.lines))
    block = step * len(cue.lines) + 2 * stroke
    canvas = Image.new("RGBA", (room, block), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(cue.lines):
        y = stroke + number * step + step / 2
        pen.text(
            (room / 2, y), line, (255, 255, 255, 255), font, "mm", stroke_width=stroke, stroke_fill=(12, 12, 14, 255)
        )
    inked = canvas.getbbox() or (0, 0, 1, 1)
    drawn = canvas.crop((inked[0], 0, inked[2], block))  # whole height: the baseline is the same in every cue
    widest = round(width * (1 - _MARGIN))
    if drawn.width > widest:  # wide letters, or a tiny picture
        drawn = drawn.resize((widest, max(1, round(drawn.height * widest / drawn.width))), Image.Resampling.LANCZOS)
    pixel = np.array(drawn, np.uint8)
    left = (width - drawn.width) // 2
    top = height - round(max(_MARGIN * height, pixels * 0.6)) - drawn.height
    return Overlay(pixel[:, :, :3].copy(), pixel[:, :, 3].copy(), left, max(0, top))


def blend(image: npt.NDArray[np.uint8], overlay: Overlay) -> npt.NDArray[np.uint8]:
    """A copy of a frame with something drawn onto it.

    Args:
        image: uint8 [H, W, 3] or [H, W, 4].
        overlay: What; it may reach beyond the lower edge.
    """
    out = image.copy()
    height = min(overlay.alpha.shape[0], image.shape[0] - overlay.top)
    rows, cols = slice(overlay.top, overlay.top + height), slice(overlay.left, overlay.left + overlay.alpha.shape[1])
    weight = overlay.alpha[:height, :, None].astype(np.float32) / 255.0
    under = out[rows, cols, :3]
    out[rows, cols, :3] = (under + weight * (overlay.rgb[:height].astype(np.float32) - under) + 0.5).astype(np.uint8)
    if image.shape[2] == 4:
        out[rows, cols, 3] = np.maximum(out[rows, cols, 3], overlay.alpha[:height])
    return out


def load_font(path: Path | str | None, pixels: int) -> Font:
    """A font of a size; None takes the built-in one.

    Raises:
        InvalidOption: The file cannot be read.
    """
    if path is None:
        return ImageFont.load_default(pixels)
    try:
        return ImageFont.truetype(str(path), pixels)
    except (OSError, ValueError) as error:
        raise InvalidOption(
            f"cannot read the font {path}", str(error), f"Set {_FONT_VARIABLE} to a .ttf or .otf file"
        ) from error


def covering_font(font: Font, text: str, pixels: int, what: str = "the subtitles") -> Font:
    """The font, or one of the system's that has all letters of the text.

    Args:
        font: The one that is wanted.
        text: What is to be written.
        pixels: Size.
        what: It is, for the message.

    Raises:
        InvalidOption: There is none.
    """
    letters = {c for c in text if c.isalnum()}
    if not _missing(font, letters):
        return font
    for path in _system_fonts():
        try:
            other = ImageFont.truetype(str(path), pixels)
        except OSError:
            continue
        if not _missing(other, letters):
            return other
    lacking = "".join(sorted(_missing(font, letters)))[:20]
    raise InvalidOption(
        f"cannot burn in {what}",
        f"no font at hand has the letters {lacking}",
        f"Set {_FONT_VARIABLE} to a font file for this script, or leave {what} out of the picture",
    )


def _missing(font: Font, letters: set[str]) -> set[str]:
    """Letters that the font draws as its box for unknown ones."""
    unknown = bytes(font.getmask("\U0010fffe"))
    return {letter for letter in letters if bytes(font.getmask(letter)) == unknown}


def _system_fonts() -> list[Path]:
    """Font files of well-known families, preferred ones first."""
    found: list[tuple[int, str, Path]] = []
    for folder in _FONT_FOLDERS:
        for path in Path(folder).expanduser().rglob("*.[tToO][tT][fFcC]"):
            name = path.stem.lower().replace("-", "").replace("_", "").replace(" ", "")
            rank = next((i for i, family in enumerate(_FAMILIES) if name.startswith(family)), None)
            if rank is not None and not any(style in name for style in ("bold", "italic", "oblique", "mono", "light")):
                found.append((rank, name, path))
    return [path for _, _, path in sorted(found)]
