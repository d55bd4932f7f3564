from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paksatalker.core.rendering.framing import MAX_SIDE, RATIOS, frame, person_mask
from paksatalker.core.rendering.image import Picture
from paksatalker.core.rendering.portrait.analysis import Portrait
from paksatalker.errors import InvalidOption
from paksatalker.models.mediapipe.landmarker import FaceLandmarks


def portrait(width: int, height: int, x: float, y: float, face: float, alpha: bool = False) -> Portrait:
    """A photo whose red channel tells x and green y, with a face of the given height centred at x, y."""
    rows, cols = np.mgrid[0:height, 0:width]
    rgb = np.stack([cols * 255 // max(width - 1, 1), rows * 255 // max(height - 1, 1), np.full_like(rows, 90)], axis=-1)
    points = np.tile([x, y, 0.0], (478, 1))
    points[10], points[152] = [x, y - face / 2, 0], [x, y + face / 2, 0]
    points[33], points[263] = [x - face * 0.25, y - face * 0.1, 0], [x + face * 0.25, y - face * 0.1, 5]
    cut_out = np.where(cols < width // 2, 255, 0).astype(np.uint8) if alpha else None
    landmarks = FaceLandmarks(points, np.eye(3), {"jawOpen": 0.25, "_neutral": 1.0})
    return Portrait(Picture(rgb.astype(np.uint8), cut_out), landmarks)


def test_square_crop_is_around_the_face() -> None:
    canvas = frame(portrait(1000, 800, 500, 400, 200), "1:1")
    assert canvas.size == (460, 460)
    assert not canvas.extended
    centre = canvas.face_points(portrait(1000, 800, 500, 400, 200))[[10, 152], :2].mean(axis=0)
    assert centre == pytest.approx([230, 0.47 * 460], abs=1)


def test_crop_stays_in_the_photo() -> None:
    for x, y in ((60, 60), (940, 740)):
        canvas = frame(portrait(1000, 800, x, y, 100), "1:1")
        assert not canvas.extended
        assert canvas.scale == pytest.approx(256 / 230)


def test_points_name_the_same_place_in_photo_and_canvas() -> None:
    person = portrait(1000, 800, 430, 390, 200)
    canvas = frame(person, "16:9", 360)
    x, y = canvas.face_points(person)[10, :2]
    red, green, _ = canvas.image[int(y), int(x)].astype(int)
    assert abs(red - person.face.points[10, 0] * 255 / 999) < 2
    assert abs(green - person.face.points[10, 1] * 255 / 799) < 2
    depth = canvas.face_points(person)[263, 2]
    assert depth == pytest.approx(5 * canvas.scale)


def test_narrow_photos_are_extended() -> None:
    person = portrait(400, 400, 200, 190, 240)
    wide = frame(person, "16:9")
    assert wide.extended
    left, top, right, bottom = wide.inside
    assert (top, bottom) == (0, wide.size[1])
    assert left > 40
    assert abs(left - (wide.size[0] - right)) <= 1
    assert wide.image[wide.size[1] // 2, 5].mean() < wide.image[wide.size[1] // 2, left + 60].mean()
    tall = frame(portrait(400, 400, 200, 200, 340), "9:16")
    assert tall.extended
    assert tall.inside[0] == 0


def test_source_is_the_whole_photo() -> None:
    canvas = frame(portrait(801, 601, 300, 300, 200), "source")
    assert canvas.size == (800, 600)
    assert canvas.scale == pytest.approx(1.0)
    assert (canvas.image == portrait(801, 601, 300, 300, 200).picture.rgb[1:, 1:]).all()


def test_source_is_limited_to_4k() -> None:
    canvas = frame(portrait(8000, 40, 300, 20, 20), "source")
    assert max(canvas.size) <= MAX_SIDE


def test_sizes() -> None:
    person = portrait(2000, 1500, 1000, 750, 500)
    assert frame(person, "1:1").size == (1024, 1024)
    assert frame(person, "1:1", 512).size == (512, 512)
    assert frame(person, "9:16", 720).size == (720, 1280)
    assert frame(person, "16:9", 1080).size == (1920, 1080)
    assert frame(person, "source", 600).size == (800, 600)
    for size in (63, 2161):
        with pytest.raises(InvalidOption):
            frame(person, "1:1", size)
    with pytest.raises(InvalidOption, match="9:16"):
        frame(person, "4:3")


def test_source_face_has_arkit_scores() -> None:
    person = portrait(500, 500, 250, 250, 200)
    face = frame(person, "1:1").source_face(person)
    assert face.scores.shape == (52,)
    assert face.scores.sum() == pytest.approx(0.25)
    assert face.image.shape == (460, 460, 3)


def test_alpha_is_cropped_along_and_is_the_mask() -> None:
    person = portrait(600, 600, 300, 280, 200, alpha=True)
    canvas = frame(person, "1:1", 256)
    assert canvas.alpha is not None
    mask = person_mask(canvas, person, store=None)  # no network is needed
    assert mask[:, :120].min() == 1
    assert mask[:, 136:].max() == 0


def test_round_corners_are_no_cut_out() -> None:
    person = portrait(600, 600, 300, 280, 200)
    alpha = np.full((600, 600), 255, np.uint8)
    alpha[:40, :40] = 0
    canvas = frame(replace(person, picture=Picture(person.picture.rgb, alpha)), "source")
    assert canvas.alpha is None
    assert (canvas.image[:40, :40] == 255).all()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(70, 900),
    st.integers(70, 900),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.1, 1),
    st.sampled_from(list(RATIOS)),
    st.sampled_from([None, 64, 130]),
)
@example(623, 623, 0.0, 0.0, 0.1, "source", None)  # a pixel off to the last bit
def test_any_photo_gives_an_even_canvas_that_shows_the_face(width, height, x, y, part, aspect, size) -> None:
    face = max(20.0, part * min(width, height))
    person = portrait(width, height, x * width, y * height, face)
    canvas = frame(person, aspect, size)
    assert canvas.size[0] % 2 == canvas.size[1] % 2 == 0
    assert canvas.image.shape == (canvas.size[1], canvas.size[0], 3)
    ratio = RATIOS[aspect]
    if ratio is not None:
        assert canvas.size[0] / canvas.size[1] == pytest.approx(ratio, rel=0.03)
    left, top, right, bottom = canvas.inside
    assert 0 <= left < right <= canvas.size[0]
    assert 0 <= top < bottom <= canvas.size[1]
    centre = canvas.face_points(person)[[10, 152], :2].mean(axis=0)
    pixel = 1 + 1e-9  # odd sides lose one, and sums round
    assert -pixel <= centre[0] <= canvas.size[0] + pixel
    assert -pixel <= centre[1] <= canvas.size[1] + pixel
