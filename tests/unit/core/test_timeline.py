from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES, FaceTrack, Phone, Prosody, Speech, Word, frame_span
from paksatalker.core.tracks import CoefficientTrack

FPS = st.sampled_from([12.0, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60.0])


def test_arkit_has_52_distinct_names() -> None:
    assert len(ARKIT_NAMES) == len(set(ARKIT_NAMES)) == 52
    assert ARKIT_NAMES[ARKIT_INDEX["jawOpen"]] == "jawOpen"


@given(cuts=st.lists(st.integers(1, 200_000), min_size=1, max_size=30), fps=FPS)
def test_frame_spans_tile_the_clock(cuts: list[int], fps: float) -> None:
    position, expected = 0, 0
    for samples in cuts:
        first, last = frame_span(position / 24000, (position + samples) / 24000, fps)
        assert first == expected
        position, expected = position + samples, last
    shown = [k for k in range(expected + 2) if k / fps < position / 24000 - 1e-6]
    assert expected == len(shown)


def test_frame_span_starts_with_frame_zero() -> None:
    assert frame_span(0.0, 1.0, 25.0) == (0, 25)
    assert frame_span(1.0, 1.01, 25.0) == (25, 26)
    assert frame_span(1.01, 1.02, 25.0) == (26, 26)


def track(frames: int, first: int = 0) -> FaceTrack:
    rest = FaceTrack.rest(frames, 25.0, first)
    rest.coefficients[:] = np.random.default_rng(first).random(rest.coefficients.shape)
    return rest


@given(cut=st.integers(0, 20))
def test_cut_and_concatenate_give_the_track_back(cut: int) -> None:
    whole = track(20, first=7)
    parts = [whole[:cut], whole[cut:]]
    assert parts[1].first_frame == 7 + cut
    joined = FaceTrack.concatenate(parts)
    assert joined.first_frame == 7
    np.testing.assert_array_equal(joined.coefficients, whole.coefficients)


def test_concatenate_refuses_pieces_that_are_not_neighbours() -> None:
    with pytest.raises(ValueError, match="neighbours"):
        FaceTrack.concatenate([track(4), track(4, first=5)])


def test_track_refuses_unequal_rows_and_strides() -> None:
    with pytest.raises(ValueError, match="seal has 3 rows"):
        replace(FaceTrack.rest(4, 25.0), seal=np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="contiguous"):
        track(9)[::2]


def test_track_survives_saving(tmp_path: Path) -> None:
    whole = track(5, first=3)
    whole.save(tmp_path / "face.npz")
    loaded = FaceTrack.load(tmp_path / "face.npz")
    assert (loaded.fps, loaded.first_frame) == (25.0, 3)
    np.testing.assert_array_equal(loaded.coefficient("jawOpen"), whole.coefficient("jawOpen"))


def test_loading_refuses_pickles(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", coefficients=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        FaceTrack.load(tmp_path / "evil.npz")


def test_shifting_speech_moves_everything_in_it() -> None:
    prosody = Prosody(25.0, *(np.zeros(2, np.float32),) * 2, np.zeros(2, bool), np.zeros(2, np.float32), ((0.1, 0.2),))
    word = Word("hi", 0.0, 0.2, (Phone("HH", 0.0, 0.1), Phone("AY", 0.1, 0.2, 1)))
    speech = Speech(np.zeros(2400, np.float32), 24000, words=(word,), prosody=prosody).shifted(2.0)
    assert (speech.start, speech.end, speech.duration) == (2.0, 2.1, 0.1)
    assert [p.start for p in speech.phones] == [2.0, 2.1]
    assert speech.prosody is not None
    assert speech.prosody.pauses == ((2.1, 2.2),)


def test_prosody_refuses_tracks_of_unequal_length() -> None:
    with pytest.raises(ValueError, match="differ"):
        Prosody(25.0, np.zeros(2, np.float32), np.zeros(3, np.float32), np.zeros(2, bool), np.zeros(2, np.float32))


def test_a_coefficient_track_is_cut_into_runs_that_know_their_place() -> None:
    values = np.arange(5 * 70, dtype=np.float32).reshape(5, 70)
    track = CoefficientTrack(25.0, values, np.zeros((5, 3), np.float32), first_frame=10)
    run = track[2:4]
    assert (run.first_frame, len(run)) == (12, 2)
    assert np.array_equal(run.coefficients, values[2:4])
    assert run.degrees is not None
    assert len(run.degrees) == 2
    with pytest.raises(ValueError, match="contiguous"):
        track[::2]


@pytest.mark.parametrize("shape", [(5, 71), (5, 0), (70,), (2, 5, 70)])
def test_a_coefficient_track_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="coefficients have shape"):
        CoefficientTrack(25.0, np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match="degrees have shape"):
        CoefficientTrack(25.0, np.zeros((5, 73), np.float32), np.zeros((4, 3), np.float32))
