"""FGD: its network against the features of the original tools, and the distance built on it."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from paksatalker.errors import WeightsMissing, WeightsUnfit
from paksatalker.evaluation.gesture_features import (
    gesture_distance,
    gesture_features,
    load_gesture_encoder,
)
from paksatalker.models.pantomatrix.skeleton_encoder import (
    MotionAutoencoder,
    merge,
    neighbours,
    skeleton_edges,
)
from tests.golden import rule

GOLDEN = Path(__file__).parents[2] / "golden" / "emage"
LAYOUT = GOLDEN / "fgd_vaeskconv.keys.json"


@pytest.fixture(scope="module")
def encoder():
    return rule.filled(MotionAutoencoder(), LAYOUT)


def test_layout():
    rule.check_layout(MotionAutoencoder(), LAYOUT)


@torch.inference_mode()
def test_features_are_the_original_s(encoder):
    with np.load(GOLDEN / "metrics.npz", allow_pickle=False) as want:
        found = encoder(torch.from_numpy(want["fgd_input"])).numpy()
        assert np.abs(found - want["fgd_feature"]).max() <= 1e-5
        assert np.shape(found) == want["fgd_feature"].shape


@torch.inference_mode()
def test_the_decoder_gives_back_as_many_frames(encoder):
    assert encoder.decoder(encoder.encoder(torch.zeros(1, 64, 330))).shape == (1, 64, 330)


def test_edges_are_merged_along_chains():
    arm = [(0, 4), (0, 1), (1, 2), (2, 3)]  # the root's own edge, and three in a chain
    assert merge(arm) == ([[0], [1], [2, 3]], [(0, 4), (0, 1), (1, 3)])
    sizes, edges = [], skeleton_edges()
    for _ in range(4):
        sizes.append(len(edges))
        _, edges = merge(edges)
    assert sizes == [55, 35, 20, 20]


def test_an_edge_sees_two_steps_far():
    chain = [(j, j + 1) for j in range(5)]
    assert neighbours(chain)[0].tolist() == [True, True, True, False, False]


def test_features_of_a_clip_are_cut_to_32_frames(encoder):
    poses = np.random.default_rng(0).normal(0, 0.2, (79, 165))
    found = gesture_features(encoder, poses)
    assert found.shape == (4, 240)
    assert np.array_equal(found, gesture_features(encoder, poses[:64].reshape(64, 55, 3)))


@pytest.mark.parametrize("poses", [np.zeros((31, 165)), np.zeros((64, 164)), np.full((64, 165), np.nan), 3.0, []])
def test_what_is_no_clip(encoder, poses):
    with pytest.raises(ValueError, match=r"frames|poses"):
        gesture_features(encoder, poses)


def test_distance(encoder):
    rng = np.random.default_rng(1)
    still, lively = rng.normal(0, 0.05, (320, 165)), rng.normal(0, 0.5, (320, 165))
    assert gesture_distance(encoder, [still], [still]) == pytest.approx(0, abs=1e-2)
    assert gesture_distance(encoder, [lively[:160], lively[160:]], [still]) > 1
    with pytest.raises(ValueError, match="without clips"):
        gesture_distance(encoder, [], [still])


def test_from_the_official_form_of_file(tmp_path, encoder):
    path = tmp_path / "AESKConv_240_100.bin"
    torch.save({"model_state": {f"module.{key}": value for key, value in encoder.state_dict().items()}}, path)
    found = load_gesture_encoder(path)
    poses = np.zeros((32, 165))
    assert np.array_equal(gesture_features(found, poses), gesture_features(encoder, poses))
    with pytest.raises(WeightsMissing, match=r"AESKConv_240_100\.bin"):
        load_gesture_encoder(tmp_path / "none.bin")
    torch.save({"model_state": {"x": torch.zeros(1)}}, path)
    with pytest.raises(WeightsUnfit):
        load_gesture_encoder(path)
