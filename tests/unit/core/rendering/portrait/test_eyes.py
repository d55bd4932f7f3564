"""Gaze: the iris goes where it is told, the rest stays."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.portrait.eyes import Eyeballs
from paksatalker.core.rendering.portrait.geometry import FaceGeometry
from paksatalker.core.rendering.portrait.palette import analyse
from paksatalker.core.rendering.portrait.topology import EYES


@pytest.fixture
def drawn(face):
    points = face.points.copy()
    for eye in EYES:  # wide eyes, so that there is room for a gaze
        points[list(eye.upper[1:-1]), 1] -= 3
        points[list(eye.lower[1:-1]), 1] += 3
    image = np.full_like(face.image, 0)
    image[:] = (205, 160, 135)
    for eye in EYES:
        cv2.fillPoly(image, [np.round(points[[*eye.upper, *eye.lower[::-1]], :2]).astype(np.int32)], (225, 222, 220))
        x, y = np.round(points[eye.iris, :2]).astype(int)
        cv2.circle(image, (int(x), int(y)), 5, (40, 60, 90), -1, cv2.LINE_AA)
    return replace(face, image=image, points=points)


def iris_column(image, face, eye):
    """Mean column of the dark pixels inside an eye."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(face.points[[*eye.upper, *eye.lower[::-1]], :2]).astype(np.int32)], 1)
    dark = (image.astype(int).sum(axis=2) < 400) & (mask > 0)
    return np.nonzero(dark)[1].mean()


def painted(face, state):
    frame = face.image.copy()
    Eyeballs(face).paint(frame, FaceGeometry(face).pose(state))
    return frame


def test_straight_gaze_leaves_the_photo(drawn, make_state):
    assert np.array_equal(painted(drawn, make_state()), drawn.image)


def test_tiny_gaze_changes_almost_nothing(drawn, make_state):
    frame = painted(drawn, make_state(gaze=(0.2, 0.0)))
    assert np.abs(frame.astype(int) - drawn.image).mean() < 0.2


@pytest.mark.parametrize("degrees", [-14.0, 14.0])
def test_iris_moves_by_the_gaze(drawn, make_state, degrees):
    frame = painted(drawn, make_state(gaze=(degrees, 0.0)))
    for eye in EYES:
        moved = iris_column(frame, drawn, eye) - iris_column(drawn.image, drawn, eye)
        assert moved == pytest.approx(12.0 * np.sin(np.radians(degrees)) * drawn.mm, abs=1.2)


def test_white_is_clean_where_the_iris_was(drawn, make_state):
    frame = painted(drawn, make_state(gaze=(24.0, 0.0)))
    for eye in EYES:
        x, y = np.round(drawn.points[eye.iris, :2] - [3.5, 0]).astype(int)
        assert frame[y, x].min() > 150


def test_only_the_eyes_change(drawn, make_state):
    frame = painted(drawn, make_state(gaze=(10.0, 6.0)))
    allowed = np.zeros(frame.shape[:2], np.uint8)
    for eye in EYES:
        cv2.fillPoly(allowed, [np.round(drawn.points[[*eye.upper, *eye.lower[::-1]], :2]).astype(np.int32)], 1)
    allowed = cv2.dilate(allowed, np.ones((5, 5), np.uint8)).astype(bool)
    assert not ((frame != drawn.image).any(axis=2) & ~allowed).any()


def test_absurd_gaze_is_bounded(drawn, make_state):
    assert np.array_equal(painted(drawn, make_state(gaze=(1e4, 0.0))), painted(drawn, make_state(gaze=(90.0, 0.0))))


def test_nearly_closed_eyes_show_no_gaze(drawn, make_state):
    points = drawn.points.copy()
    for eye in EYES:
        upper, lower = list(eye.upper[1:-1]), list(eye.lower[1:-1])
        middle = (points[upper] + points[lower]) / 2
        half = np.array([0.0, 0.8, 0.0])
        points[upper], points[lower] = middle - half, middle + half
    sleepy = replace(drawn, points=points)
    assert np.array_equal(painted(sleepy, make_state(gaze=(12.0, 0.0))), sleepy.image)


def test_a_gaze_stays_out_of_the_corners(drawn, make_state):
    frame = painted(drawn, make_state(gaze=(32.0, 0.0)))
    for eye in EYES:
        left, right = sorted(drawn.points[[eye.upper[0], eye.upper[-1]], 0])
        assert (iris_column(frame, drawn, eye) - left) / (right - left) < 0.82


def test_a_blurred_photo_is_soft_at_its_eyes_even_under_sharp_cracks(drawn):
    rng = np.random.default_rng(3)
    blurred = cv2.GaussianBlur(drawn.image, (0, 0), 2.5)
    cracked = blurred.copy()
    for x in rng.integers(0, cracked.shape[1], 40):
        cracked[120:, x] //= 2
    sharp, soft, painting = (analyse(replace(drawn, image=i)).softness for i in (drawn.image, blurred, cracked))
    assert soft > sharp + 0.5
    assert painting > sharp + 0.5
