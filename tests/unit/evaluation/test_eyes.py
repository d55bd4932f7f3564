import numpy as np
import pytest

from paksatalker.evaluation.eyes import aspect_ratio, blinks


def lids_with_blinks(frames: int, at: list[int], depth: float = 1.0) -> np.ndarray:
    lids = np.full(frames, 0.3)
    for start in at:
        lids[start : start + 5] *= 1 - depth * np.array([0.5, 0.9, 0.9, 0.5, 0.1])
    return lids


def test_aspect_ratio_is_the_lid_opening_whatever_the_pose(make_motion):
    motion = make_motion(lids=[0.3, 0.3], angles=[[0, 0, 0], [15, 10, 5]], scale=1.3)
    np.testing.assert_allclose(aspect_ratio(motion), 0.3, atol=1e-5)


def test_counts_blinks_and_measures_them(make_motion):
    found = blinks(make_motion(lids=lids_with_blinks(500, [40, 160, 300, 460])))
    assert len(found.blinks) == 4
    assert found.per_minute == pytest.approx(12)
    assert found.completeness == pytest.approx(0.9, abs=0.01)
    assert found.duration == pytest.approx(3.2 / 25, abs=0.02)
    assert found.blinks[0].time == pytest.approx(41 / 25)


def test_a_slow_squint_or_a_shallow_dip_is_no_blink(make_motion):
    slow = np.full(300, 0.3)
    slow[100:180] = 0.05
    assert blinks(make_motion(lids=slow)).blinks == ()
    none = blinks(make_motion(lids=lids_with_blinks(300, [100], depth=0.3)))
    assert (none.per_minute, none.duration, none.completeness) == (0, None, None)
