import numpy as np
import pytest

from paksatalker.evaluation.head import head_motion


def test_a_known_swing_is_measured_about_each_axis(make_motion):
    t = np.arange(500) / 25
    angles = np.stack([4 * np.sin(t), 2 * np.sin(2 * t), np.zeros_like(t)], axis=-1)
    found = head_motion(make_motion(angles=angles))
    np.testing.assert_allclose(found.sd, angles.std(axis=0), atol=1e-3)
    np.testing.assert_allclose(found.range, (8, 4, 0), atol=0.02)


def test_speed_is_that_of_the_rotation(make_motion):
    steady = np.stack([np.linspace(-10, 10, 101), np.zeros(101), np.zeros(101)], axis=-1)
    found = head_motion(make_motion(angles=steady))
    assert found.speed == pytest.approx(5, rel=0.03)  # 20 degrees in 4 s
    assert found.jerk == pytest.approx(0, abs=15)  # float32 matrices; a nervous head has thousands


def test_jitter_shows_as_jerk(make_motion):
    rng = np.random.default_rng(0)
    assert (head_motion(make_motion(angles=rng.normal(size=(100, 3)))).jerk or 0) > 1000


def test_short_clips(make_motion):
    assert head_motion(make_motion(frames=4)).jerk is None
    with pytest.raises(ValueError, match="two frames"):
        head_motion(make_motion(frames=3, ok=[True, False, False]))
