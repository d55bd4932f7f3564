"""Coefficient windows in a stream."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.rendering.sadtalker.windows import windows
from paksatalker.core.tracks import CoefficientTrack


def tracks_of(values, cuts, degrees=None):
    borders = [0, *sorted({min(c, len(values)) for c in cuts}), len(values)]
    for a, b in itertools.pairwise(borders):
        yield CoefficientTrack(25.0, values[a:b], None if degrees is None else degrees[a:b], a)


@given(st.integers(1, 70), st.lists(st.integers(0, 70), max_size=4), st.integers(1, 9))
def test_each_frame_sees_13_frames_to_either_side(count, cuts, batch):
    values = np.random.default_rng(count).standard_normal((count, 70)).astype(np.float32)
    found = list(windows(tracks_of(values, cuts), np.zeros(70, np.float32), batch))
    assert all(len(part) == batch for part in found[:-1])
    assert all(part.degrees is None for part in found)
    made = np.concatenate([part.coefficients for part in found])
    index = np.clip(np.arange(count)[:, None] + np.arange(-13, 14), 0, count - 1)
    np.testing.assert_array_equal(made, values[index].transpose(0, 2, 1))


def test_no_frames_no_windows():
    assert list(windows([], np.zeros(70, np.float32), 4)) == []
    empty = CoefficientTrack(25.0, np.zeros((0, 70), np.float32))
    assert list(windows([empty], np.zeros(70, np.float32), 4)) == []


@pytest.mark.parametrize(("have", "wanted"), [(70, 70), (70, 73), (73, 70), (73, 73)])
def test_scale_and_shift_come_from_the_track_or_else_from_the_photo(have, wanted):
    values = np.arange(2 * have, dtype=np.float32).reshape(2, have)
    source = -np.arange(1, wanted + 1, dtype=np.float32)
    (made,) = windows([CoefficientTrack(25.0, values)], source, 2)
    assert made.coefficients.shape == (2, wanted, 27)
    np.testing.assert_array_equal(made.coefficients[1, :70, 13], values[1, :70])
    if wanted == 73:
        np.testing.assert_array_equal(made.coefficients[1, 70:, 13], values[1, 70:] if have == 73 else source[70:])


def test_degrees_belong_to_the_middle_frame():
    values = np.zeros((30, 70), np.float32)
    degrees = np.full((30, 3), np.nan, np.float32)
    degrees[:, 0] = np.arange(30)
    found = list(windows(tracks_of(values, [7], degrees), values[0], 4))
    np.testing.assert_array_equal(np.concatenate([part.degrees for part in found])[:, 0], np.arange(30))


def test_it_streams():
    pulled = 0

    def endless():
        nonlocal pulled
        while True:
            yield CoefficientTrack(25.0, np.zeros((1, 70), np.float32), None, pulled)
            pulled += 1

    made = windows(endless(), np.zeros(70, np.float32), 1)
    for _ in range(50):
        next(made)
    assert pulled <= 50 + 14


@settings(deadline=None)
@given(st.integers(1, 90), st.lists(st.integers(0, 90), max_size=4), st.sampled_from([10.0, 23.976, 30.0, 50.0, 60.0]))
def test_at_other_rates_windows_span_the_same_time(count, cuts, fps):
    values = np.random.default_rng(count).standard_normal((count, 70)).astype(np.float32)
    tracks = [CoefficientTrack(fps, t.coefficients, None, t.first_frame) for t in tracks_of(values, cuts)]
    made = np.concatenate([part.coefficients for part in windows(tracks, np.zeros(70, np.float32), 5)])
    place = np.clip(np.arange(count)[:, None] + np.arange(-13, 14) * fps / 25, 0, count - 1)
    wanted = np.stack([np.interp(place, np.arange(count), values[:, i]) for i in range(70)], axis=1)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, wanted, atol=1e-5)
