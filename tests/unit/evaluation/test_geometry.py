import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.rendering.portrait.topology import STABLE
from paksatalker.evaluation.geometry import LIPS, align, head_angles, rotation_matrix, umeyama

ANGLE = st.floats(-80, 80)


@settings(max_examples=40, deadline=None)
@given(ANGLE, ANGLE, ANGLE, st.floats(0.2, 5), st.integers(0, 1000))
def test_umeyama_recovers_a_known_similarity(yaw, pitch, roll, scale, seed):
    rng = np.random.default_rng(seed)
    points, shift = rng.normal(size=(20, 3)), rng.normal(size=3) * 10
    rotation = rotation_matrix(np.array([yaw, pitch, roll]))
    found = umeyama(points, scale * points @ rotation.T + shift)
    assert found.scale == pytest.approx(scale)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-9)
    np.testing.assert_allclose(found.translation, shift, atol=1e-8)


def test_rigid_alignment_keeps_the_size():
    points = np.random.default_rng(0).normal(size=(30, 3))
    found = umeyama(points, 3 * points, scale=False)
    assert found.scale == 1
    np.testing.assert_allclose(found.rotation, np.eye(3), atol=1e-9)


def test_umeyama_never_mirrors():
    points = np.random.default_rng(0).normal(size=(30, 3))
    assert np.linalg.det(umeyama(points, points * [-1, 1, 1]).rotation) == pytest.approx(1)


def test_umeyama_refuses_what_has_no_answer():
    with pytest.raises(ValueError, match="shape"):
        umeyama(np.zeros((3, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="coincide"):
        umeyama(np.ones((3, 3)), np.zeros((3, 3)))


@settings(max_examples=40, deadline=None)
@given(ANGLE, ANGLE, ANGLE)
def test_angles_and_matrices_are_inverse(yaw, pitch, roll):
    angles = np.array([[yaw, pitch, roll]])
    np.testing.assert_allclose(head_angles(rotation_matrix(angles)), angles, atol=1e-6)


def test_signs_follow_the_face_track():
    nose = np.array([0.0, 0.0, -1.0])  # towards the viewer
    assert (rotation_matrix(np.array([10.0, 0, 0])) @ nose)[0] > 0  # +yaw: to the image's right
    assert (rotation_matrix(np.array([0, 10.0, 0])) @ nose)[1] > 0  # +pitch: down
    assert (rotation_matrix(np.array([0, 0, 10.0])) @ [1.0, 0, 0])[1] > 0  # +roll: clockwise, y is down


def test_align_removes_head_motion_and_keeps_expression(make_motion):
    moved = make_motion(opening=[0.0, 0.1], angles=[[0, 0, 0], [12, -7, 5]])
    flat = align(moved.points.astype(float), moved.points[0].astype(float))
    np.testing.assert_allclose(flat[1, list(STABLE)], flat[0, list(STABLE)], atol=1e-3)
    assert np.linalg.norm(flat[1, 14] - flat[0, 14]) == pytest.approx(9.2, abs=1e-3)


def test_index_lists_do_not_overlap():
    assert len(set(STABLE)) == len(STABLE)
    assert len(LIPS) == 40
    assert set(STABLE).isdisjoint(LIPS)
