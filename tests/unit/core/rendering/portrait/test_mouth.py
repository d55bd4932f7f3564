"""The mouth's inside: where it is painted, and that it belongs to the photo."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.portrait.geometry import FaceGeometry
from paksatalker.core.rendering.portrait.mouth import MouthInterior, find_own_teeth
from paksatalker.core.rendering.portrait.topology import LOWER_INNER, UPPER_INNER

SKIN, LIP = (205, 160, 135), (170, 95, 90)


def lips_outline(points):
    return points[[*UPPER_INNER, *LOWER_INNER[-2:0:-1]], :2]


def paint_skin(face, lip_colour=LIP, skin=SKIN):
    """A flat face with lips."""
    image = np.full_like(face.image, 0)
    image[:] = skin
    outer = face.points[[61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146], :2]
    cv2.fillPoly(image, [np.round(outer).astype(np.int32)], lip_colour)
    return image


@pytest.fixture
def plain(face):
    return replace(face, image=paint_skin(face))


@pytest.fixture
def smiling(face):
    """A face whose photo shows a row of teeth."""
    points = face.points.copy()
    for k, (up, low) in enumerate(zip(UPPER_INNER[1:-1], LOWER_INNER[1:-1], strict=True)):
        arc = np.sin(np.pi * (k + 1) / 10)
        points[up, 1] -= 3 * arc
        points[low, 1] += 6 * arc
    image = paint_skin(replace(face, points=points))
    cv2.fillPoly(image, [np.round(lips_outline(points)).astype(np.int32)], (235, 230, 222))
    return replace(face, image=image, points=points)


def painted(face, state, **kwargs):
    posed = FaceGeometry(face).pose(state)
    frame = face.image.copy()
    MouthInterior(face, **kwargs).paint(frame, posed)
    return frame, posed


def test_closed_lips_stay_as_they_are(plain, make_state):
    frame, _ = painted(plain, make_state(seal=1.0))
    assert np.abs(frame.astype(int) - plain.image).max() <= 2


def test_open_mouth_changes_only_pixels_between_the_lips(plain, make_state):
    frame, posed = painted(plain, make_state(coefficients={"jawOpen": 0.6}))
    allowed = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(allowed, [np.round(lips_outline(posed.points)).astype(np.int32)], 1)
    allowed = cv2.dilate(allowed, np.ones((7, 7), np.uint8)).astype(bool)
    changed = np.abs(frame.astype(int) - plain.image).max(axis=2) > 2
    assert changed.sum() > 100
    assert not (changed & ~allowed).any()


def test_inside_is_darker_than_skin_and_teeth_are_paler_than_the_cavity(plain, make_state):
    frame, posed = painted(plain, make_state(coefficients={"jawOpen": 0.7}))
    mask = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(lips_outline(posed.points)).astype(np.int32)], 1)
    luma = frame[mask > 0] @ np.array([0.299, 0.587, 0.114])
    assert np.percentile(luma, 20) < 80  # a dark cavity
    assert np.percentile(luma, 99) > 110  # teeth
    assert luma.max() < 246  # never glowing


@pytest.mark.parametrize("opening", [0.25, 0.4])
def test_teeth_of_a_half_open_mouth_are_nearly_as_bright_as_the_skin(plain, make_state, opening):
    frame, posed = painted(plain, make_state(coefficients={"jawOpen": opening}))
    mask = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(lips_outline(posed.points)).astype(np.int32)], 1)
    luma = frame[mask > 0] @ np.array([0.299, 0.587, 0.114])
    assert np.percentile(luma, 92) > 0.82 * (SKIN @ np.array([0.299, 0.587, 0.114]))


def test_grey_photo_gets_a_grey_mouth(plain, make_state):
    grey = np.repeat(cv2.cvtColor(plain.image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    frame, _ = painted(replace(plain, image=grey), make_state(coefficients={"jawOpen": 0.6}))
    assert np.ptp(frame.astype(int), axis=2).max() <= 3


def test_dark_photo_gets_dark_teeth(plain, make_state):
    dark = replace(plain, image=(plain.image * 0.25).astype(np.uint8))
    state = make_state(coefficients={"jawOpen": 0.7})
    bright_frame, posed = painted(plain, state)
    dark_frame, _ = painted(dark, state)
    mask = np.zeros(dark_frame.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(lips_outline(posed.points)).astype(np.int32)], 1)
    assert np.percentile(dark_frame[mask > 0], 99) < 0.45 * np.percentile(bright_frame[mask > 0], 99)


def test_tongue_shows_when_raised(plain, make_state):
    low, _ = painted(plain, make_state(coefficients={"jawOpen": 0.4}))
    high, _ = painted(plain, make_state(coefficients={"jawOpen": 0.4}, tongue=1.0))
    assert (np.abs(low.astype(int) - high).max(axis=2) > 20).sum() > 20


def test_finds_teeth_only_where_the_photo_shows_them(plain, smiling):
    assert find_own_teeth(plain) is None
    own = find_own_teeth(smiling)
    assert own is not None
    assert own.pixels[..., 3].max() > 0.9


def test_open_lips_without_teeth_have_no_own_teeth(smiling):
    image = smiling.image.copy()
    cv2.fillPoly(image, [np.round(lips_outline(smiling.points)).astype(np.int32)], (40, 20, 20))
    assert find_own_teeth(replace(smiling, image=image)) is None


def test_lips_parted_over_too_few_teeth_to_know_them_close_without_a_pale_seam(smiling, make_state):
    parted = replace(smiling, image=paint_skin(smiling))
    assert find_own_teeth(parted) is None
    posed = FaceGeometry(parted).pose(make_state(seal=1.0, activity=1.0))
    frame = parted.image.copy()  # as the warp leaves it: with what stuck to the lips along their meeting line
    seam = np.round(posed.points[list(UPPER_INNER[1:-1]), :2]).astype(np.int32)
    cv2.polylines(frame, [seam], isClosed=False, color=(235, 230, 222), thickness=2)
    MouthInterior(parted).paint(frame, posed)
    assert all(frame[y, x, 1] < 185 for x, y in seam[3:6])


def test_photo_with_teeth_is_untouched_at_rest_and_while_only_the_head_moves(smiling, make_state):
    for state in (make_state(), make_state(rotation=(3, 6, 2))):
        frame, _ = painted(smiling, state)
        assert np.array_equal(frame, smiling.image)


def test_lips_that_move_without_opening_further_show_no_second_row_of_teeth(smiling, make_state):
    posed = FaceGeometry(smiling).pose(make_state())
    lips = [*UPPER_INNER, *LOWER_INNER]
    points = posed.points.copy()
    points[lips, 1] += 5 * smiling.mm  # the gap stays what it is in the photo; teeth do not follow the lips
    frame = smiling.image.copy()
    inside = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(lips_outline(points)).astype(np.int32)], 1)
    frame[inside > 0] = (255, 0, 255)  # what the bent photo shows there
    MouthInterior(smiling).paint(frame, replace(posed, points=points, unposed=points))
    well_inside = cv2.erode(inside, np.ones((3, 3), np.uint8)) > 0
    red_and_blue = frame[well_inside].astype(int)[:, [0, 2]].mean(axis=1) - frame[well_inside].astype(int)[:, 1]
    assert red_and_blue.max() < 60


def test_own_teeth_keep_their_colour_when_the_mouth_opens(smiling, make_state):
    frame, posed = painted(smiling, make_state(coefficients={"jawOpen": 0.5}))
    x, y = np.round(posed.points[UPPER_INNER[5], :2] + [0, 4]).astype(int)
    assert frame[y, x].min() > 170


def test_same_seed_same_pixels_in_parallel(plain, make_state):
    geometry, mouth = FaceGeometry(plain), MouthInterior(plain, seed=3)
    posed = [geometry.pose(make_state(coefficients={"jawOpen": 0.1 * k})) for k in range(8)]

    def render(p):
        frame = plain.image.copy()
        mouth.paint(frame, p)
        return frame

    one_by_one = [render(p) for p in posed]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(render, posed))
    assert all(np.array_equal(a, b) for a, b in zip(one_by_one, together, strict=True))
    other = plain.image.copy()
    MouthInterior(plain, seed=3).paint(other, posed[5])
    assert np.array_equal(other, one_by_one[5])


def test_mouth_beyond_the_canvas_is_left_out(plain, make_state):
    posed = FaceGeometry(plain).pose(make_state(coefficients={"jawOpen": 0.6}))
    for shift in ([300.0, 0, 0], [-300.0, 0, 0], [0, 400.0, 0], [60.0, 60.0, 0]):
        frame = plain.image.copy()
        MouthInterior(plain).paint(frame, replace(posed, points=posed.points + shift))
        assert np.array_equal(frame, plain.image) == (max(map(abs, shift)) >= 300)


def pitched(face, degrees):
    """The face seen from above (positive) or below."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    centre = face.points.mean(axis=0)
    turned = replace(face, points=(face.points - centre) @ turn.T + centre, rotation=turn)
    return replace(turned, image=paint_skin(turned))


@pytest.mark.parametrize("degrees", [-10.0, 0.0, 12.0])
def test_upper_teeth_show_in_a_spread_mouth_also_from_above(plain, make_state, degrees):
    state = make_state(coefficients={"jawOpen": 0.35, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3}, activity=1.0)
    frame, posed = painted(pitched(plain, degrees), state)
    up, low = (posed.points[row[5], :2] for row in (UPPER_INNER, LOWER_INNER))
    rows = np.linspace(up[1], (up[1] + low[1]) / 2, 12).astype(int)
    column = frame[rows, round(float(up[0])) - 2].astype(int)
    assert column.min(axis=1).max() > 105  # pale, not red


def test_corners_are_dark_red_not_black(plain, make_state):
    state = make_state(coefficients={"jawOpen": 0.4, "mouthStretchLeft": 0.4, "mouthStretchRight": 0.4})
    frame, posed = painted(plain, state)
    for corner, step in ((UPPER_INNER[0], 1), (UPPER_INNER[-1], -1)):
        x, y = posed.points[corner, :2] + [step * 2.5 * plain.mm, 0]
        assert frame[round(float(y)), round(float(x)), 0] > 45


def test_a_mouth_in_a_faded_photo_is_not_black(plain, make_state):
    image = plain.image.copy()
    x, y = np.round(plain.points[[159, 386], :2]).astype(int).T
    for eye in zip(x, y, strict=True):
        cv2.circle(image, (int(eye[0]), int(eye[1])), 5, (12, 10, 10), -1)
    faded = replace(plain, image=(100 + 0.3 * image).astype(np.uint8))
    frame, posed = painted(faded, make_state(coefficients={"jawOpen": 0.6}))
    inside = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(lips_outline(posed.points)).astype(np.int32)], 1)
    assert 65 < frame[inside > 0].min() < 110
