from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.geometry import FaceGeometry, head_rotation
from paksatalker.core.timeline import ARKIT_INDEX


@pytest.fixture(scope="module")
def geometry(face):
    return FaceGeometry(face)


def inner_gaps(points):
    upper, lower = points[list(topo.UPPER_INNER)], points[list(topo.LOWER_INNER)]
    return np.linalg.norm(upper - lower, axis=1)


def test_rest_is_the_photo(geometry, make_state) -> None:
    np.testing.assert_allclose(geometry.pose(make_state()).points, geometry.points, atol=1e-9)


@pytest.mark.parametrize("jaw", [0.0, 0.3, 1.0])
def test_seal_closes_the_lips_whatever_the_jaw_does(geometry, make_state, jaw) -> None:
    posed = geometry.pose(make_state(seal=1.0, coefficients={"jawOpen": jaw}, rotation=(5, 3, -4)))
    assert inner_gaps(posed.points).max() < 1e-9


def test_seal_closes_an_open_photo(face, make_state) -> None:
    points = face.points.copy()
    points[list(topo.LOWER_INNER[1:-1])] += [0.0, 12.0, 1.0]
    posed = FaceGeometry(replace(face, points=points)).pose(make_state(seal=1.0, activity=1.0))
    assert inner_gaps(posed.points).max() < 1e-9


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.2, 1.2), min_size=52, max_size=52))
def test_lips_never_cross(geometry, make_state, values) -> None:
    posed = geometry.pose(replace(make_state(), coefficients=np.float32(values)))
    between = posed.unposed[list(topo.LOWER_INNER)] - posed.unposed[list(topo.UPPER_INNER)]
    rest = geometry.points[list(topo.LOWER_INNER)] - geometry.points[list(topo.UPPER_INNER)]
    assert (between[:, 1] > np.minimum(rest[:, 1], 0) - 1e-6).all()


def test_blink_brings_the_lid_to_the_lower_lid(geometry, make_state) -> None:
    posed = geometry.pose(make_state(coefficients={"eyeBlinkLeft": 1.0}))
    left, right = topo.EYES[1], topo.EYES[0]
    middle = slice(2, 7)
    assert (posed.points[list(left.upper[middle]), 1] >= posed.points[list(left.lower[middle]), 1]).all()
    np.testing.assert_array_equal(posed.points[list(right.upper)], geometry.points[list(right.upper)])


def test_activity_lets_a_smile_close(face, make_state) -> None:
    scores = face.scores.copy()
    scores[ARKIT_INDEX["jawOpen"]] = 0.4
    geometry = FaceGeometry(replace(face, scores=scores))
    points = geometry.pose(make_state(activity=1.0)).points
    assert points[17, 1] < geometry.points[17, 1] - 1


def test_activity_closes_lips_that_the_photo_parts(face, geometry, make_state) -> None:
    points = face.points.copy()
    points[list(topo.LOWER_INNER[1:-1])] += [0.0, 5.0, 0.0]
    parted = FaceGeometry(replace(face, points=points))
    rest = inner_gaps(parted.points).max()
    assert inner_gaps(parted.pose(make_state()).points).max() == pytest.approx(rest)
    assert inner_gaps(parted.pose(make_state(activity=0.5)).points).max() == pytest.approx(rest / 2, rel=0.05)
    assert inner_gaps(parted.pose(make_state(activity=1.0)).points).max() < 0.01 * face.eye_distance
    speaking = make_state(activity=1.0, coefficients={"jawOpen": 0.4})
    usual = inner_gaps(geometry.pose(speaking).points)[5]
    assert inner_gaps(parted.pose(speaking).points)[5] == pytest.approx(usual, rel=0.25)


def width(points):
    return np.linalg.norm(points[61] - points[291])


def test_speech_narrows_a_smiling_mouth_no_further_than_a_kiss_would(face, geometry, make_state) -> None:
    scores = face.scores.copy()
    scores[[ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]] = 0.95
    smiling = FaceGeometry(replace(face, scores=scores))
    kiss = {"mouthPucker": 1.0, "mouthFunnel": 0.3}
    narrow = [
        width(smiling.pose(make_state(coefficients={n: k * v for n, v in kiss.items()}, activity=1.0)).unposed)
        for k in np.linspace(0, 1, 11)
    ]
    assert (np.diff(narrow) < 0).all()  # it goes on, ever more slowly
    assert narrow[-1] > 0.60 * width(smiling.points)
    measured = smiling.pose(make_state(coefficients=kiss | {"mouthSmileLeft": -0.95, "mouthSmileRight": -0.95}))
    assert width(measured.unposed) < 0.5 * width(smiling.points)  # what was measured is drawn as it is
    small = {"mouthPucker": 0.3}
    serious = [geometry.pose(make_state(coefficients=small, activity=activity)).unposed for activity in (0.0, 1.0)]
    np.testing.assert_allclose(width(serious[0]), width(serious[1]))


def test_a_measured_score_parts_both_lips_and_leaves_the_chin(geometry, make_state) -> None:
    both = {"mouthLowerDownLeft": 0.1, "mouthLowerDownRight": 0.1}
    moved = (geometry.pose(make_state(coefficients=both)).points - geometry.points)[:, 1]
    assert moved[14] == pytest.approx(-moved[13])
    assert moved[14] > 2
    assert abs(moved[topo.CHIN]) < 0.2 * moved[14]


def test_a_measured_score_is_the_persons_left_and_right(geometry, make_state) -> None:
    moved = geometry.pose(make_state(coefficients={"mouthLowerDownLeft": 0.1})).points - geometry.points
    assert moved[402, 1] > 2 * moved[178, 1] > 0  # the person's left is at the image's right


@pytest.mark.parametrize(
    ("angles", "axis", "sign"), [((8, 0, 0), 0, 1), ((0, 8, 0), 1, 1), ((-8, 0, 0), 0, -1), ((0, -8, 0), 1, -1)]
)
def test_head_turns_the_documented_way(angles, axis, sign) -> None:
    nose = head_rotation(*angles) @ np.array([0, 0, -1.0])  # the nose points at the viewer
    assert np.sign(nose[axis]) == sign


def test_roll_is_clockwise_as_seen() -> None:
    top = head_rotation(0, 0, 8) @ np.array([0, -1.0, 0])
    assert top[0] > 0


def test_translation_is_in_eye_distances(face, geometry, make_state) -> None:
    posed = geometry.pose(make_state(translation=(0.1, -0.2, 0.0)))
    moved = posed.points - geometry.points
    np.testing.assert_allclose(moved[:, :2], np.tile([0.1, -0.2], (478, 1)) * face.eye_distance)


def test_a_far_cheek_behind_the_outline_is_brought_onto_it(face) -> None:
    turn = head_rotation(-35, 0, 0)
    points = face.points.copy()
    centre = points.mean(axis=0)
    points = centre + (points - centre) @ turn.T
    turned = FaceGeometry(replace(face, points=points, rotation=turn))
    front = [i for i in range(468) if i not in topo.OVAL]

    def sticking_out(where):
        return where[list(topo.OVAL), 0].min() - where[front, 0].min()

    assert sticking_out(points) > 5
    assert sticking_out(turned.points) < 0.5 * sticking_out(points)
    np.testing.assert_array_equal(turned.points[list(topo.LIPS), :2], points[list(topo.LIPS), :2])


def test_a_frontal_face_is_left_as_it_is(face, geometry) -> None:
    np.testing.assert_array_equal(geometry.points[:, :2], face.points[:, :2])
