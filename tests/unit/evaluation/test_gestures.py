"""Measures of gestures against the numbers of the original tools."""

from pathlib import Path

import numpy as np
import pytest

from paksatalker.evaluation import gestures
from paksatalker.evaluation.onsets import onset_strength, onsets

GOLDEN = Path(__file__).parents[2] / "golden" / "emage" / "metrics.npz"


@pytest.fixture(scope="module")
def want():
    with np.load(GOLDEN, allow_pickle=False) as file:
        return dict(file)


PART = slice(60, 240)  # seconds 2 to 8


def test_beats_of_motion(want):
    found = gestures.motion_beats(want["position"], want["mean_vel"], 30, PART)
    for joint, wanted in zip(found, want["motion_beats_padded"], strict=True):
        assert joint.tolist() == wanted[wanted >= 0].tolist()


def test_onsets_of_sound(want):
    assert np.allclose(onsets(want["wav"][2 * 16000 : 8 * 16000], 16000), want["audio_onsets"], atol=1e-9)


def test_beat_alignment(want):
    beats = gestures.motion_beats(want["position"], want["mean_vel"], 30, PART)
    assert gestures.beat_alignment(want["audio_onsets"], beats, 30) == pytest.approx(float(want["bc"]), abs=1e-5)


def test_beat_alignment_is_one_where_all_beats_lie_on_onsets_and_zero_without():
    beats = [np.array([3, 30])] * 55
    assert gestures.beat_alignment([0.1, 1.0], beats, 30) == pytest.approx(1)
    assert gestures.beat_alignment([0.1], [np.zeros(0, int)] * 55, 30) == 0
    assert gestures.beat_alignment([], beats, 30) == 0


def test_the_other_measures(want):
    assert gestures.l1_diversity(want["position"]) == pytest.approx(float(want["l1div"]), abs=1e-5)
    vertices = want["vertices_a"], want["vertices_b"]
    assert gestures.vertex_velocity_error(*vertices) == pytest.approx(float(want["lvd"]), abs=1e-5)
    assert gestures.mean_squared_error(*vertices) == pytest.approx(float(want["mse"]), abs=1e-5)
    features = want["frechet_a"], want["frechet_b"]
    assert gestures.frechet_distance(*features) == pytest.approx(float(want["frechet"]), abs=1e-5)


def test_a_set_has_no_distance_from_itself(want):
    assert gestures.frechet_distance(want["frechet_a"], want["frechet_a"]) == pytest.approx(0, abs=1e-3)


def test_longer_clips_weigh_more():
    assert gestures.weighted([1.0, 0.0], [30, 10]) == 0.75


def test_silence_has_no_onsets():
    assert len(onsets(np.zeros(16000), 16000)) == 0
    assert len(onset_strength(np.zeros(16000), 16000)) == 32


def test_a_click_is_an_onset():
    sound = np.zeros(32000)
    sound[16000:16400] = np.sin(np.arange(400))
    assert np.abs(onsets(sound, 16000) - 1.0).min() < 0.04
