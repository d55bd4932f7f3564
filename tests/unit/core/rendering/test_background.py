import cv2
import numpy as np
import pytest
from PIL import Image

from paksatalker.core.rendering.background import parse_background, plate
from paksatalker.errors import ImageUnreadable, InvalidOption

WALL, SHIRT = (90, 140, 200), (200, 20, 20)


@pytest.fixture(scope="module")
def person() -> tuple[np.ndarray, np.ndarray]:
    """A canvas with a red person before a bluish wall, and the mask."""
    mask = np.zeros((200, 240), np.float32)
    cv2.ellipse(mask, (120, 120), (50, 90), 0, 0, 360, 1.0, -1)
    image = np.where(mask[:, :, None] > 0.5, np.array(SHIRT), np.array(WALL)).astype(np.uint8)
    return image, mask


@pytest.mark.parametrize("word", ["keep", "blur", "transparent"])
def test_words(word: str) -> None:
    assert parse_background(word).kind == word
    assert parse_background(f" {word.upper()} ").kind == word


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#102030", (16, 32, 48)),
        ("#fff", (255, 255, 255)),
        ("navy", (0, 0, 128)),
        ("RebeccaPurple", (102, 51, 153)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
        ("#102030ff", (16, 32, 48)),
    ],
)
def test_colours(text: str, colour: tuple[int, int, int], person) -> None:
    background = parse_background(text)
    assert background.colour == colour
    assert (plate(background, *person) == colour).all()


def test_nonsense_and_missing_images() -> None:
    for text in ("bluish", "", "#12345", "#1020307f"):
        with pytest.raises(InvalidOption):
            parse_background(text)
    for text in ("beach.jpg", "pictures/beach"):
        with pytest.raises(ImageUnreadable, match="no file"):
            parse_background(text)


def test_image_covers_the_canvas(tmp_path, person) -> None:
    path = tmp_path / "wide.png"
    stripes = np.zeros((50, 300, 3), np.uint8)
    stripes[:, 100:200] = 255
    Image.fromarray(stripes).save(path)
    out = plate(parse_background(str(path)), *person)
    assert out is not None
    assert out.shape == (200, 240, 3)
    assert out[:, 60:180].min() > 240  # the middle 60 columns, enlarged: all of them white


def test_half_transparent_image_lies_on_white(tmp_path, person) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (10, 10), (0, 0, 0, 127)).save(path)
    out = plate(parse_background(path), *person)
    assert out is not None
    assert abs(int(out.mean()) - 128) <= 1


def test_nothing_is_replaced(person) -> None:
    assert plate(parse_background("keep"), *person) is None
    assert plate(parse_background("transparent"), *person) is None


def test_cut_out_photo_stands_on_white(person) -> None:
    image, mask = person
    out = plate(parse_background("keep"), image, mask, alpha=(mask * 255).astype(np.uint8))
    assert out is not None
    assert (out == 255).all()


def test_person_does_not_bleed_into_the_blur(person) -> None:
    out = plate(parse_background("blur"), *person)
    assert out is not None
    assert np.abs(out.astype(int) - WALL).max() <= 2


def test_blur_blurs(person) -> None:
    image, mask = person
    image = image.copy()
    image[:, ::4] = 255 - image[:, ::4]
    out = plate(parse_background("blur"), image, mask)
    assert out is not None
    assert np.abs(np.diff(out[20].astype(int), axis=0)).max() <= 3


def test_blur_without_any_background() -> None:
    image = np.full((64, 64, 3), 90, np.uint8)
    out = plate(parse_background("blur"), image, np.ones((64, 64), np.float32))
    assert out is not None
    assert np.abs(out.astype(int) - 90).max() <= 2
