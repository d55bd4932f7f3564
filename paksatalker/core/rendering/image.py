"""Reading the user's photo: any format, upright, sRGB, never a memory bomb.

The content decides what a file is, not its name. Formats that need an outside program or a renderer (EPS, SVG, PDF) are
refused with a hint.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from paksatalker.config.limits import MAX_IMAGE_PIXELS
from paksatalker.core.files import is_address
from paksatalker.errors import ImageTooLarge, ImageUnreadable

Rgb = npt.NDArray[np.uint8]
ImageSource = Path | str | bytes | Image.Image | npt.NDArray[np.uint8]

#: Longest side that is kept. Larger than any output, so that a face in a group photo stays sharp when it is cropped.
MAX_SIDE = 8192
#: Larger files than this are no photo, whatever their header says (a 100-megapixel 16-bit TIFF is 600 MB).
MAX_BYTES = 1 << 30

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM")
_READABLE = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF"
#: What Pillow's decoders raise on malformed data.
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, RuntimeError,
    AttributeError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
_INVISIBLE = 3  # alpha: what lossy coders leave of 0, with black under it
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo, upright and in sRGB.

    Attributes:
        rgb: uint8 [H, W, 3]. Where ``alpha`` is 0, the colour of the nearest visible pixel.
        alpha: uint8 [H, W] straight alpha, or None for an opaque photo.
        name: What to call the photo in messages.
    """

    rgb: Rgb
    alpha: npt.NDArray[np.uint8] | None = None
    name: str = "the image"

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.rgb.shape[0])


def load_image(source: ImageSource, max_pixels: int = MAX_IMAGE_PIXELS) -> Picture:
    """Reads a photo.

    EXIF orientation is applied, colours are converted to sRGB (from ICC profiles, CMYK, greyscale, 16 bits), and of
    several frames the first is taken. Photos longer than :data:`MAX_SIDE` are shrunk.

    Args:
        source: A path, the bytes of a file, a Pillow image, or an array uint8 [H, W], [H, W, 3] or
            [H, W, 4] in RGB order.
        max_pixels: Limit that is checked from the header, before anything is decoded.

    Raises:
        ImageUnreadable: Missing, a directory, empty, truncated, corrupt, wholly transparent or of no format we read.
        ImageTooLarge: More than ``max_pixels``.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, max_pixels)
    if isinstance(source, Image.Image):
        name, image = "the image", source
        _check_pixels(name, image.size, max_pixels)
    else:
        name = f"the image '{Path(source).name}'" if isinstance(source, (str, Path)) else "the image"
        data = _read_file(Path(source), name) if isinstance(source, (str, Path)) else _bytes(source)
        image = _open(data, name, max_pixels)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Pillow's remarks on metadata
            rgb, alpha = _decode(image)
    except _DECODER_ERRORS as error:
        raise _corrupt(name, error) from error
    return _picture(rgb, alpha, name)


def _bytes(source: object) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    raise ImageUnreadable(
        "cannot read the image",
        f"it is of type {type(source).__name__}",
        "Give a path, the bytes of a file, a Pillow image, or uint8 [H, W, 3] in RGB order",
    )


def _read_file(path: Path, name: str) -> bytes:
    what = f"cannot read {name}"
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ImageUnreadable(what, "it is a directory", "Name an image file")
        if size > MAX_BYTES:
            raise ImageTooLarge(what, f"the file has {size / 1e9:.1f} GB", "Save it at a smaller size first")
        return path.read_bytes()
    except FileNotFoundError as error:
        if is_address(path):
            raise ImageUnreadable(what, "addresses are not followed", "Download it first and give the file") from error
        raise ImageUnreadable(what, f"there is no file {path}", "Check the path") from error
    except PermissionError as error:
        raise ImageUnreadable(what, "no permission to read it", f"Run: chmod +r '{path}'") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ImageUnreadable(what, str(error), "Check the path") from error


def _open(data: bytes, name: str, max_pixels: int) -> Image.Image:
    """Parses the header only."""
    if not data:
        raise ImageUnreadable(f"cannot read {name}", "the file is empty", "Download or export it again")
    if hint := _not_a_photo(data[:4096]):
        raise ImageUnreadable(f"cannot read {name}", *hint)
    _load_plugins()
    if data.startswith(_PNG_SIGNATURE):
        data = _without_text(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bombs: we check ourselves, below; the rest are remarks on metadata
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        pixels = int(re.findall(r"\d+", str(error))[0])  # Pillow's own limit, which no setting of ours can raise
        limit = min(max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or max_pixels))
        raise ImageTooLarge(
            f"{name} is too large",
            f"it has {pixels / 1e6:,.1f} megapixels, the limit is {limit / 1e6:,.1f}",
            "Scale it down first",
        ) from error
    except UnidentifiedImageError as error:
        raise ImageUnreadable(
            f"cannot read {name}", "it is not an image, or it is corrupt", f"Give a {_READABLE} file"
        ) from error
    except _DECODER_ERRORS as error:
        raise _corrupt(name, error) from error
    _check_pixels(name, image.size, max_pixels)
    return image


def _load_plugins() -> None:
    import pi_heif  # slow to import

    Image.init()
    pi_heif.register_heif_opener()  # registers once, however often it is called


def _check_pixels(name: str, size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageUnreadable(f"cannot read {name}", "it has no pixels", "Give another image")
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"{name} is too large",
            f"{width} × {height} is {width * height / 1e6:,.1f} megapixels, the limit is {max_pixels / 1e6:,.1f}",
            "Scale it down first",
        )


def _corrupt(name: str, error: BaseException) -> ImageUnreadable:
    told = str(error)
    cut_off = any(hint in told.lower() for hint in ("truncat", "end of file"))
    reason = "the file is truncated" if cut_off else f"the file is corrupt ({told.strip()})"
    return ImageUnreadable(f"cannot read {name}", reason, "Download or export it again")


def _not_a_photo(head: bytes) -> tuple[str, str] | None:
    """Why and what to do, for files that people confuse with photos."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    brand = head[8:12]
    if head[4:8] == b"ftyp" and brand not in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif",
                                               b"avis", b"jp2 ", b"jpx "):  # fmt: skip
        return "it is a video", "Save one frame of it as a PNG"
    if head.startswith(b"\x1aE\xdf\xa3") or (head.startswith(b"RIFF") and brand == b"AVI "):
        return "it is a video", "Save one frame of it as a PNG"
    if head.startswith((b"ID3", b"fLaC", b"OggS")) or (head.startswith(b"RIFF") and brand == b"WAVE"):
        return "it is a sound file", "Give it as the recording (--audio) and a photo as the image"
    if head.startswith(b"%PDF"):
        return "it is a PDF", "Export the page as a PNG"
    if start.startswith(b"%!ps"):
        return "it is a PostScript drawing", "Export it as a PNG"
    if b"<svg" in start:
        return "it is an SVG drawing", "Export it as a PNG, 512 pixels or larger"
    if start.startswith((b"<!doctype", b"<html")):
        return "it is a web page, not an image", "Save the image itself"
    if head.startswith(b"8BPS"):
        return "it is a Photoshop document", "Export it as a PNG"
    if head.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "it is a JPEG XL image, which is not supported", "Export it as a PNG or JPEG"
    return None


def _without_text(data: bytes) -> bytes:
    """A PNG without its text chunks, which may be compressed bombs and say nothing about the picture."""
    kept = [data[:8]]
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        end = position + 12 + length
        if kind not in _PNG_TEXT:
            kept.append(data[position:end])
        position = end
    if position < len(data):
        kept.append(data[position:])
    return b"".join(kept)


def _decode(image: Image.Image) -> tuple[Rgb, npt.NDArray[np.uint8] | None]:
    """Pixels as straight sRGB with alpha."""
    profile = image.info.get("icc_profile")
    if image.format in ("JPEG", "MPO") and max(image.size) > MAX_SIDE:
        image.draft(None, (image.width * MAX_SIDE // max(image.size), image.height * MAX_SIDE // max(image.size)))
    image.load()
    image = _upright(image)
    image = _eight_bit(image)
    transparent = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if transparent:
        image = image.convert("RGBA")
    elif image.mode == "P":
        image = image.convert("RGB")
    alpha = image.getchannel("A") if transparent else None
    if alpha is not None:
        image = image.convert("RGB")
    if max(image.size) > MAX_SIDE:
        size = (
            max(1, round(image.width * MAX_SIDE / max(image.size))),
            max(1, round(image.height * MAX_SIDE / max(image.size))),
        )
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
        alpha = alpha and alpha.resize(size, Image.Resampling.BOX)
    image = _to_srgb(image, profile)
    return np.array(image, np.uint8), None if alpha is None else np.array(alpha, np.uint8)


def _upright(image: Image.Image) -> Image.Image:
    try:
        if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image  # not a copy: of 48 megapixels it takes a tenth of a second
        return ImageOps.exif_transpose(image)
    except _DECODER_ERRORS:  # malformed EXIF: a viewer shows such a photo as it is stored
        return image


def _eight_bit(image: Image.Image) -> Image.Image:
    """Scales deep greyscale to 8 bits; Pillow's own conversion would clip it to white."""
    if image.mode == "1":
        return image.convert("L")
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image, np.uint16) // 257).astype(np.uint8))
    values = np.nan_to_num(np.asarray(image, np.float32))
    if image.mode == "F" and values.max() <= 1.0:
        values = values * 255.0
    elif values.max() > 255.0:
        values = values / (257.0 if values.max() <= 65535.0 else values.max() / 255.0)
    return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and image.mode in ("RGB", "L", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, *_DECODER_ERRORS):
            pass  # a broken or mismatched profile is ignored, as browsers do
    if image.mode == "LAB":
        lab = ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
        return lab or image
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_array(array: npt.NDArray[np.uint8], max_pixels: int) -> Picture:
    what = "cannot use the array as an image"
    fix = "Give uint8 [H, W, 3] in RGB order"
    if array.dtype != np.uint8:
        raise ImageUnreadable(what, f"its type is {array.dtype}, not uint8", fix)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ImageUnreadable(what, f"its shape is {array.shape}", fix)
    _check_pixels("the image", (array.shape[1], array.shape[0]), max_pixels)
    rgb = np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array[:, :, :3]
    alpha = np.ascontiguousarray(array[:, :, 3]) if array.shape[2] == 4 else None
    return _picture(np.array(rgb, np.uint8, order="C"), alpha, "the image")


def _picture(rgb: Rgb, alpha: npt.NDArray[np.uint8] | None, name: str) -> Picture:
    if alpha is None or alpha.min() == 255:
        return Picture(rgb, None, name)
    alpha = np.where(alpha > _INVISIBLE, alpha, np.uint8(0))
    if alpha.max() == 0:
        raise ImageUnreadable(f"cannot use {name}", "it is wholly transparent", "Export it with visible pixels")
    return Picture(_bleed(rgb, alpha), alpha, name)


def _bleed(rgb: Rgb, alpha: npt.NDArray[np.uint8]) -> Rgb:
    """Gives invisible pixels the colour of the nearest visible one, so that scaling makes no dark rim."""
    hidden = (alpha == 0).astype(np.uint8)
    if not hidden.any():
        return rgb
    _, labels = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    visible = hidden == 0
    colours = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colours[labels[visible]] = rgb[visible]
    filled: Rgb = np.where(visible[:, :, None], rgb, colours[labels])
    return filled
