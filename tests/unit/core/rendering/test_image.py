import base64
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from paksatalker.core.rendering.image import MAX_SIDE, load_image
from paksatalker.errors import ImageTooLarge, ImageUnreadable, PaksaTalkerError

RGB = np.zeros((40, 60, 3), np.uint8)
RGB[:, :20] = (200, 30, 40)
RGB[:, 20:40] = (40, 180, 60)
RGB[:, 40:] = (30, 60, 190)

#: 64 × 48, left half red, right half blue, stored as HEVC and turned by 90° (irot): what telephones make.
HEIC = base64.b64decode(
    "AAAAGGZ0eXBoZWljAAAAAG1pZjFoZWljAAABM21ldGEAAAAAAAAAIWhkbHIAAAAAAAAAAHBpY3QAAAAAAAAAAAAAAAAAAAAADnBpdG0AAAAA"
    "AAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABUwAAAJ8AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAALdpcHJwAAAAmWlw"
    "Y28AAAB0aHZjQwEECAAAAJ+oAAAAAB7wAPz9+PgAAA8DIAABABdAAQwB//8ECAAAAwCfqAAAAwAAHroCQCEAAQApQgEBBAgAAAMAn6gAAAMA"
    "AB6gIIMWW6uTK5qBAQCCAAADAAIAAAMAAhAiAAEABkQBwXPAiQAAABRpc3BlAAAAAAAAAEAAAAAwAAAACWlyb3QBAAAAFmlwbWEAAAAAAAAA"
    "AQABA4ECgwAAAKdtZGF0AAAAF0ABDAH//wQIAAADAJ+oAAADAAAeugJAAAAAKUIBAQQIAAADAJ+oAAADAAAeoCCDFlurkyuagQEAggAAAwAC"
    "AAADAAIQAAAABkQBwXPAiQAAAEkoAa8E+HFkpm/8uLD//cw/f/y8J4Ug+2cp9/RWD//vBhZ9uMBV0uc4w1ovV5RObOWn/cqF0iS1ny9soCb0"
    "O8Bx7xLLgIC0E5Z2"
)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def close(a: np.ndarray, b: np.ndarray, most: float = 6) -> bool:
    """Equal within a coder's error, away from the borders of the stripes."""
    inside = np.ones(60, bool)
    inside[[17, 18, 19, 20, 21, 22, 37, 38, 39, 40, 41, 42]] = False
    return a.shape == b.shape and np.abs(a.astype(int) - b)[:, inside].max() <= most


@pytest.mark.parametrize(
    ("kind", "options", "most"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("JPEG", {"quality": 95, "subsampling": 0}, 6),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 6),
        ("WEBP", {"lossless": True}, 0),
        ("AVIF", {"quality": 95}, 8),
        ("GIF", {}, 0),
        ("JPEG2000", {}, 1),
    ],
)
def test_formats(kind, options, most, tmp_path) -> None:
    data = encoded(Image.fromarray(RGB), kind, **options)
    assert close(load_image(data).rgb, RGB, most)
    wrong_name = tmp_path / "photo.txt"
    wrong_name.write_bytes(data)
    picture = load_image(wrong_name)
    assert close(picture.rgb, RGB, most)
    assert (picture.width, picture.height, picture.alpha) == (60, 40, None)
    assert "photo.txt" in picture.name


def test_arrays_and_pillow_images() -> None:
    assert (load_image(RGB).rgb == RGB).all()
    assert (load_image(Image.fromarray(RGB)).rgb == RGB).all()
    grey = load_image(RGB[:, :, 0]).rgb
    assert grey.shape == RGB.shape
    assert (grey[:, :, 1] == RGB[:, :, 0]).all()


def test_heic() -> None:
    picture = load_image(HEIC)
    assert picture.rgb.shape == (64, 48, 3)
    assert np.abs(picture.rgb[4, 20].astype(int) - (40, 60, 200)).max() <= 4
    assert np.abs(picture.rgb[-4, 20].astype(int) - (200, 40, 40)).max() <= 4


def test_a_cut_off_heic_is_told_in_one_line() -> None:
    with pytest.raises(ImageUnreadable, match="truncated") as caught:
        load_image(HEIC[: len(HEIC) * 2 // 3])
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int) -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    image[:10, :10] = 255  # marks the upper left of the scene
    stored = {
        1: image, 2: image[:, ::-1], 3: image[::-1, ::-1], 4: image[::-1], 5: image.transpose(1, 0, 2),
        6: np.rot90(image, 1), 7: np.rot90(image.transpose(1, 0, 2), 2), 8: np.rot90(image, 3),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif)
    assert (load_image(data).rgb == image).all()


def test_malformed_exif_is_ignored() -> None:
    data = encoded(Image.fromarray(RGB), "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert close(load_image(data).rgb, RGB)


def test_deep_greyscale_keeps_its_range() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (8, 1))
    for kind in ("PNG", "TIFF"):
        out = load_image(encoded(Image.fromarray(ramp), kind)).rgb
        assert np.abs(out[0, :, 0].astype(int) - np.arange(256)).max() <= 1
    out = load_image(encoded(Image.fromarray(ramp.astype(np.float32) / 65535), "TIFF")).rgb
    assert np.abs(out[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_modes_become_rgb() -> None:
    image = Image.fromarray(RGB)
    for mode in ("L", "1", "P", "CMYK", "YCbCr", "LA", "RGBA"):
        kind = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
        picture = load_image(encoded(image.convert(mode), kind))
        assert picture.rgb.shape == RGB.shape
        assert picture.alpha is None


def test_palette_with_transparent_colour() -> None:
    image = Image.new("P", (20, 10), 1)
    image.putpalette([0, 0, 0, 250, 10, 20])
    image.paste(0, (0, 0, 10, 10))
    picture = load_image(encoded(image, "PNG", transparency=0))
    assert picture.alpha is not None
    assert (picture.alpha[:, :10] == 0).all()
    assert (picture.alpha[:, 10:] == 255).all()


def test_invisible_pixels_take_the_nearest_visible_colour() -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[5:15, 5:15] = (200, 100, 50, 255)
    picture = load_image(rgba)
    assert (picture.rgb == (200, 100, 50)).all()
    assert picture.alpha is not None
    assert (picture.alpha == rgba[:, :, 3]).all()


def test_what_a_lossy_coder_leaves_of_transparency_is_invisible() -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[5:15, 5:15] = (200, 100, 50, 255)
    rgba[3, ::3, 3] = 2
    picture = load_image(rgba)
    assert picture.alpha is not None
    assert picture.alpha[3].max() == 0
    assert (picture.rgb == (200, 100, 50)).all()
    with pytest.raises(ImageUnreadable, match="transparent"):
        load_image(np.full((8, 8, 4), 2, np.uint8))


def display_p3() -> bytes:
    """The colour profile of telephones' photos: ICC.1:2001, matrix and a gamma of 2.2."""

    def s15(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 3) + b"P3\0" + bytes(78 + 1),
        b"wtpt": b"XYZ " + bytes(4) + s15(0.9642, 1.0, 0.8249),
        b"rXYZ": b"XYZ " + bytes(4) + s15(0.5151, 0.2412, -0.0011),
        b"gXYZ": b"XYZ " + bytes(4) + s15(0.2920, 0.6922, 0.0419),
        b"bXYZ": b"XYZ " + bytes(4) + s15(0.1571, 0.0666, 0.7841),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I", 128 + len(table) + len(body)) + bytes(4) + b"\2\x10\0\0mntrRGB XYZ " + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + s15(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + table + body


def test_wide_gamut_becomes_srgb() -> None:
    wide = load_image(encoded(Image.new("RGB", (4, 4), (200, 120, 100)), "PNG", icc_profile=display_p3())).rgb[0, 0]
    assert np.abs(wide.astype(int) - (212, 118, 96)).max() <= 3  # red of Display P3 is redder than sRGB's
    grey = load_image(encoded(Image.new("RGB", (4, 4), (128, 128, 128)), "PNG", icc_profile=display_p3())).rgb[0, 0]
    assert np.abs(grey.astype(int) - 128).max() <= 2


def test_profiles_that_do_not_fit_are_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert close(load_image(encoded(Image.fromarray(RGB), "PNG", icc_profile=profile)).rgb, RGB, 0)  # does not fit RGB
    broken = encoded(Image.fromarray(RGB), "PNG", icc_profile=b"no profile")
    assert (load_image(broken).rgb == RGB).all()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (load_image(encoded(Image.fromarray(RGB), "PNG", icc_profile=srgb)).rgb == RGB).all()


def test_first_frame_of_an_animation() -> None:
    other = Image.fromarray(255 - RGB)
    data = encoded(Image.fromarray(RGB), "GIF", save_all=True, append_images=[other])
    assert (load_image(data).rgb == RGB).all()


def test_one_pixel() -> None:
    assert load_image(encoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG")).rgb.tolist() == [[[1, 2, 3]]]


def test_long_images_are_shrunk() -> None:
    picture = load_image(encoded(Image.new("L", (MAX_SIDE * 2, 4), 77), "PNG"))
    assert picture.rgb.shape == (2, MAX_SIDE, 3)
    assert (picture.rgb == 77).all()
    thin = load_image(encoded(Image.new("L", (1, MAX_SIDE * 2), 77), "PNG"))
    assert thin.rgb.shape == (MAX_SIDE, 1, 3)


def test_bomb_is_refused_from_its_header() -> None:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(ImageTooLarge, match=r"it has 2,500\.0 megapixels, the limit is 100\.0"):
        load_image(data)
    with pytest.raises(ImageTooLarge, match="60 × 40"):
        load_image(encoded(Image.fromarray(RGB), "PNG"), max_pixels=2399)
    assert load_image(encoded(Image.fromarray(RGB), "PNG"), max_pixels=2400).width == 60


def test_text_chunks_are_skipped() -> None:
    data = encoded(Image.fromarray(RGB), "PNG")
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)[:200_000])
    many = chunk(b"tEXt", b"k\0" + b"v" * 1000) * 200
    assert (load_image(data[:33] + bomb + many + data[33:]).rgb == RGB).all()


@pytest.mark.parametrize(
    ("head", "hint"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg>', "SVG"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video"),
        (b"\x1aE\xdf\xa3\0\0\0", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"RIFF\0\0\0\0WAVEfmt ", "sound"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\xff\x0a\0\0", "JPEG XL"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
    ],
)
def test_what_people_confuse_with_photos(head: bytes, hint: str) -> None:
    with pytest.raises(ImageUnreadable, match=hint):
        load_image(head + bytes(100))


def test_missing_empty_and_directory(tmp_path) -> None:
    with pytest.raises(ImageUnreadable, match="no file"):
        load_image(tmp_path / "none.png")
    with pytest.raises(ImageUnreadable, match="directory"):
        load_image(tmp_path)
    (tmp_path / "empty.png").touch()
    with pytest.raises(ImageUnreadable, match="empty"):
        load_image(tmp_path / "empty.png")
    with pytest.raises(ImageUnreadable):
        load_image("a\0b.png")


@pytest.mark.parametrize("source", [None, 5, [[1, 2]], io.BytesIO(b"x")])
def test_what_is_no_image_at_all(source: object) -> None:
    with pytest.raises(ImageUnreadable, match=f"it is of type {type(source).__name__}"):
        load_image(source)  # type: ignore[arg-type]  # what untyped callers do


def test_bytes_of_every_kind() -> None:
    data = encoded(Image.fromarray(RGB), "PNG")
    for source in (data, bytearray(data), memoryview(data)):
        assert (load_image(source).rgb == RGB).all()


def test_messages_name_the_image_once(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(ImageUnreadable, match=r"^cannot read the image 'a\.png': it is not"):
        load_image(tmp_path / "a.png")
    with pytest.raises(ImageUnreadable, match=r"^cannot read the image: it is not"):
        load_image(b"x")


def test_unusable_arrays() -> None:
    for array in (RGB.astype(np.float32), RGB[None], RGB[:, :, :2], np.zeros((0, 5, 3), np.uint8)):
        with pytest.raises(ImageUnreadable):
            load_image(array)
    with pytest.raises(ImageUnreadable, match="transparent"):
        load_image(np.zeros((4, 4, 4), np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_truncation(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    for part in (0.05, 0.5, 0.8):
        with pytest.raises(ImageUnreadable):
            load_image(data[: int(len(data) * part)])


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"]),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damage_is_read_or_refused_but_never_crashes(kind, damage) -> None:
    data = bytearray(encoded(Image.fromarray(RGB), kind))
    for place, value in damage:
        data[int(place * len(data))] = value
    try:
        picture = load_image(bytes(data), max_pixels=1_000_000)
    except PaksaTalkerError:
        return
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.ndim == 3


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    with pytest.raises(ImageUnreadable):
        load_image(data)


def test_an_address_is_not_followed():
    with pytest.raises(ImageUnreadable, match="Download it first"):
        load_image("https://example.invalid/face.jpg")
