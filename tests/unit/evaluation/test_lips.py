import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.timeline import ARPABET, Phone
from paksatalker.evaluation import lips

FPS = 25.0


def sway(frames: int, per_second: float = 2.0, height: float = 0.1) -> np.ndarray:
    return height * (1 - np.cos(2 * np.pi * per_second * np.arange(frames) / FPS)) / 2


def test_opening_does_not_depend_on_head_or_size(make_motion):
    known = sway(50)
    turned = make_motion(opening=known, angles=np.linspace([-20, -10, -8], [20, 10, 8], 50), scale=1.7)
    np.testing.assert_allclose(lips.opening(turned), known, atol=1e-5)


def test_opening_is_nan_where_no_face_was_found(make_motion):
    assert np.isnan(lips.opening(make_motion(opening=[0.1, 0.1], ok=[True, False]))).tolist() == [False, True]


def test_every_phone_has_an_openness():
    assert set(lips.PHONE_OPENNESS) == set(ARPABET)
    assert all(lips.PHONE_OPENNESS[symbol] == 0 for symbol in lips.BILABIALS)


def test_phone_openness_peaks_on_vowels_and_falls_on_closures():
    phones = [Phone("M", 0.2, 0.3), Phone("AA", 0.3, 0.6), Phone("P", 0.6, 0.7), Phone("IY", 0.7, 0.9)]
    wide, shut, narrow, silent = lips.phone_openness(phones, np.array([0.45, 0.65, 0.8, 2.0]))
    assert wide > 0.95
    assert shut < narrow < wide
    assert silent == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ARPABET), st.floats(0, 10), st.floats(0.01, 1)), max_size=8))
def test_phone_openness_stays_in_range(spans):
    found = lips.phone_openness([Phone(s, a, a + d) for s, a, d in spans], np.arange(0, 5, 0.04))
    assert ((found >= 0) & (found <= 1)).all()


def test_correlation_finds_a_known_lag():
    rng = np.random.default_rng(0)
    intended = np.convolve(rng.normal(size=300), np.ones(5) / 5, "same")
    late = np.roll(intended, 3)
    found = lips.opening_correlation(late, intended, FPS)
    assert found.best_lag == pytest.approx(3 / FPS)
    assert found.best_r > 0.99 > found.r
    assert lips.opening_correlation(intended, intended, FPS).best_lag == 0


def test_correlation_ignores_missing_frames_and_scale():
    intended = sway(100)
    measured = 3 * intended + 1
    measured[10:20] = np.nan
    assert lips.opening_correlation(measured, intended, FPS).r == pytest.approx(1)


def test_correlation_with_a_mouth_that_does_not_move_is_zero():
    assert lips.opening_correlation(np.zeros(50), sway(50), FPS).r == 0
    with pytest.raises(ValueError, match="length"):
        lips.opening_correlation(np.zeros(5), np.zeros(6), FPS)


def test_closures_are_judged_within_one_frame(make_motion):
    gap = np.full(50, 0.1)
    gap[[11, 31]] = 0.005  # 0.44 s: one frame after the first phone; 1.24 s: two frames after the second
    motion = make_motion(opening=gap)
    phones = [Phone("P", 0.32, 0.40), Phone("M", 1.08, 1.16), Phone("AA", 0.4, 0.6), Phone("B", 9.0, 9.1)]
    assert [c.closed for c in lips.closures(motion, phones)] == [True, False]


def test_neighbouring_bilabials_are_one_closure(make_motion):
    motion = make_motion(opening=[0.1, 0.0, 0.1, 0.1, 0.1, 0.1])
    phones = [Phone("P", 0.04, 0.08), Phone("B", 0.08, 0.2)]
    assert [c.closed for c in lips.closures(motion, phones)] == [True]


def test_stillness_looks_inside_long_pauses_only(make_motion):
    gap = np.full(100, 0.01)
    gap[:25] = 0.2
    gap[60] = 0.04
    motion = make_motion(opening=gap)
    still = lips.silence_stillness(motion, [(0.96, 4.0), (0.0, 0.2)])
    assert still is not None
    assert (still.pauses, round(still.rest, 3), round(still.largest, 3)) == (1, 0.01, 0.03)
    assert still.at == pytest.approx(60 / FPS)
    assert lips.silence_stillness(motion, [(0.0, 0.2)]) is None
    against_photo = lips.silence_stillness(motion, [(0.96, 2.0)], rest=0.05)
    assert against_photo is not None
    assert against_photo.largest == pytest.approx(0.04, abs=1e-4)


def test_statistics_count_openings(make_motion):
    found = lips.opening_statistics(make_motion(opening=sway(250)))
    assert found.per_second == pytest.approx(2, abs=0.15)
    assert found.mean == pytest.approx(0.05, abs=0.003)
    assert found.p95 == pytest.approx(0.1, abs=0.003)


def test_lips_error_of_the_truth_is_zero_and_of_a_still_face_is_the_baseline(make_motion):
    truth = make_motion(opening=sway(60), angles=np.linspace([-5, 0, 0], [5, 3, 2], 60))
    same = lips.lips_error(make_motion(opening=sway(60), scale=0.6), truth)
    assert same.error < 1e-5
    still = lips.lips_error(make_motion(frames=60), truth)
    assert still.ratio == pytest.approx(1, abs=1e-3)
    half = lips.lips_error(make_motion(opening=sway(60) / 2), truth)
    assert half.ratio == pytest.approx(0.5, abs=1e-2)
    with pytest.raises(ValueError, match="length"):
        lips.lips_error(truth, make_motion(frames=3))
