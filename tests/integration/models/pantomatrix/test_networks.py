"""The networks against the original's outputs with the same weights."""

import copy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rule

from paksatalker.models.pantomatrix import rotation
from paksatalker.models.pantomatrix.emage import BODY_PARTS
from paksatalker.models.pantomatrix.inference import infer
from paksatalker.models.pantomatrix.motion import Codes, identity_motion, integrate
from paksatalker.models.pantomatrix.vq import PARTS, GlobalMotion, MotionVQ
from paksatalker.models.pantomatrix.wav_encoder import steps

GOLDEN = Path(__file__).parents[3] / "golden" / "emage"


def close(found, wanted, limit=1e-5):
    found = np.asarray(found)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= limit * max(1.0, np.abs(wanted).max())


def t(array):
    return torch.from_numpy(array)


@pytest.mark.parametrize("part", PARTS)
def test_layout_of_a_part(part):
    rule.check_layout(MotionVQ(PARTS[part]), GOLDEN / f"vq_{part}.keys.json")


def test_layout_of_the_others(network):
    rule.check_layout(network, GOLDEN / "emage_audio.keys.json")
    rule.check_layout(GlobalMotion(), GOLDEN / "vq_global.keys.json")


@pytest.mark.parametrize("part", PARTS)
@torch.inference_mode()
def test_codebook_of_a_part(part, decoder, golden):
    net, want = decoder.part(part), golden("vq")
    close(net.encoder(t(want[f"{part}_x"]))[..., ::8], want[f"{part}_encoder_sub"])
    index = net.encode(t(want[f"{part}_x"]))
    assert np.array_equal(index, want[f"{part}_index"])
    close(net.decode(index), want[f"{part}_decode_of_index"])
    nearest = net.quantizer.nearest(t(want[f"{part}_latent"]))
    assert np.array_equal(nearest, want[f"{part}_latent_index"])
    close(net.decode(nearest), want[f"{part}_decode_from_latent"])
    close(net(t(want[f"{part}_x"])), want[f"{part}_decode_of_index"])


@torch.inference_mode()
def test_global_motion(decoder, golden):
    want = golden("vq")
    close(decoder.body(t(want["global_x"])), want["global_rec_pose"])


@torch.inference_mode()
def test_wave_encoders(network, golden):
    want = golden("wav_encoder")
    heard = network.hear(t(want["audio"]))
    close(heard.face, want["face"])
    close(heard.body, want["body"])


def test_steps_of_the_wave_encoder_for_whole_frames():
    assert [steps(533 * n) for n in range(26, 65)] == list(range(26, 65))
    assert [steps(533 * n) for n in range(5, 26)] == [n + 1 for n in range(5, 26)]


@torch.inference_mode()
def test_a_window(network, golden):
    want = golden("forward_window")
    mask = torch.ones(1, 64, 337)
    mask[:, : int(want["mask_first_frames"])] = 0
    heard = network.hear(t(want["audio"]))
    found = network(heard, t(want["masked_motion"]), mask)
    for part in ("face", *BODY_PARTS):
        close(found.latent[part], want[f"rec_{part}"])
        close(found.logits[part], want[f"cls_{part}"])
    deaf = network(heard, t(want["masked_motion"]), mask, use_audio=False)
    close(deaf.latent["upper"], want["rec_upper_no_audio"])


@torch.inference_mode()
def test_decoding_the_whole_body(decoder, golden):
    want = golden("vq_decode")
    codes = Codes(*(t(want[f"{name}"]) for name in ("face_latent", "upper_index", "hands_index", "lower_index")))
    found = decoder(codes)
    close(found.expressions, want["expression"])
    close(found.known[..., 330:], want["all_motion4inference"][..., 330:])
    close(integrate(found.velocity, torch.zeros(1, 3)), want["trans"])
    _same_rotations(found.axis_angle, want["motion_axis_angle"])


@torch.inference_mode()
def test_our_rotations_are_nearer_to_the_exact_ones_than_the_original_s(decoder, golden):
    want = golden("vq_decode")
    codes = Codes(*(t(want[f"{name}"]) for name in ("face_latent", "upper_index", "hands_index", "lower_index")))
    wide = Codes(codes.face.double(), codes.upper, codes.hands, codes.lower)
    exact = rotation.axis_angle_to_matrix(copy.deepcopy(decoder).double()(wide, by_roots=False).axis_angle)
    ours = rotation.axis_angle_to_matrix(decoder(codes, by_roots=False).axis_angle.double())
    theirs = rotation.axis_angle_to_matrix(t(want["motion_axis_angle"]).double().unflatten(-1, (-1, 3)))
    assert (ours - exact).abs().max() <= 5e-5
    assert (ours - exact).abs().max() < (theirs - exact).abs().max()


def test_a_recording(network, decoder, golden):
    want = golden("inference_a")
    found = infer(network, decoder, t(want["audio"]))
    for part in BODY_PARTS:
        assert np.array_equal(getattr(found.codes, part), want[f"index_{part}"])
    close(found.prediction.latent["face"][..., ::8], want["rec_face_sub"])
    close(found.prediction.latent["upper"][..., ::8], want["rec_upper_sub"])
    close(found.prediction.logits["upper"][..., ::8], want["cls_upper_sub"])
    close(found.motion.expressions, want["expression"])
    close(found.where, want["trans"])
    _same_rotations(found.motion.axis_angle, want["motion_axis_angle"])


@pytest.mark.parametrize(("frames", "made"), [(9, 9), (45, 45), (64, 60), (68, 60), (69, 69), (128, 120), (129, 129)])
def test_a_recording_gets_the_frames_that_the_original_makes(frames, made, network, decoder, golden):
    audio = np.tile(golden("inference_a")["audio"], 2)[:, : frames * 16000 // 30 + 1]
    assert infer(network, decoder, t(audio)).motion.axis_angle.shape == (1, made, 55, 3)


def test_eight_frames_are_too_few_for_the_original_way(network, decoder):
    with pytest.raises(ValueError, match="too few"):
        infer(network, decoder, torch.zeros(1, 8 * 534))


def test_known_motion_is_taken_over(network, decoder, golden):
    audio = t(golden("inference_a")["audio"][:, :40000])
    free = infer(network, decoder, audio)
    known = torch.zeros_like(free.motion.known)
    bound = infer(network, decoder, audio, motion=known, mask=torch.zeros_like(known))
    assert not torch.equal(free.codes.upper, bound.codes.upper)


def test_known_motion_begins_with_its_own_four_frames(network, decoder, golden):
    audio = t(golden("inference_a")["audio"][:, :12000])
    free = infer(network, decoder, audio)
    named = identity_motion(22)
    assert torch.equal(free.codes.upper, infer(network, decoder, audio, motion=named).codes.upper)
    turned = named.clone()
    turned[:, :4, 13 * 6 : 20 * 6] = -turned[:, :4, 13 * 6 : 20 * 6]
    later = named.clone()
    later[:, 4:] = 0.3
    seeded, hidden = (infer(network, decoder, audio, motion=m).prediction.latent["upper"] for m in (turned, later))
    assert not torch.allclose(seeded, free.prediction.latent["upper"], atol=1e-2)
    assert torch.equal(hidden, free.prediction.latent["upper"]), "what the mask hides does not count"


def test_rotations(golden):
    want = golden("rotation")
    close(rotation.axis_angle_to_matrix(t(want["axis_angle"])), want["aa_to_matrix"])
    close(rotation.axis_angle_to_6d(t(want["axis_angle"])), want["aa_to_6d"])
    close(rotation.sixd_to_matrix(t(want["d6"])), want["d6_to_matrix"])
    close(rotation.sixd_to_axis_angle(t(want["d6"])), want["d6_to_aa"])


def test_rotations_there_and_back_in_all_directions():
    axis = torch.nn.functional.normalize(
        torch.randn(400, 3, generator=torch.manual_seed(1), dtype=torch.float64), dim=-1
    )
    angle = torch.cat(
        [torch.linspace(0, 3.1415926, 300, dtype=torch.float64), torch.full((50,), 1e-8), torch.zeros(50)]
    )[:, None]
    vector = axis * angle.double()
    found = rotation.matrix_to_axis_angle(rotation.axis_angle_to_matrix(vector), by_roots=False)
    assert torch.allclose(found, vector, atol=1e-7)


def test_half_turns_keep_their_axis_in_both_ways():
    axis = torch.nn.functional.normalize(torch.tensor([[1.0, -1, 0], [0, 1, -2], [-3, 0, 1], [0, 0, 1]]), dim=-1)
    matrix = 2 * axis[:, :, None] * axis[:, None] - torch.eye(3)
    for by_roots in (False, True):
        found = rotation.axis_angle_to_matrix(rotation.matrix_to_axis_angle(matrix, by_roots=by_roots))
        assert torch.allclose(found, matrix, atol=1e-5)


def _same_rotations(found, wanted):
    """As matrices. The original's angles are rounded to some 3e-4 where a component of the quaternion is near 0."""
    one = rotation.axis_angle_to_matrix(found)
    other = rotation.axis_angle_to_matrix(t(wanted).unflatten(-1, (-1, 3)))
    apart = (one - other).abs()
    assert apart.max() < 5e-4
    assert (apart < 1e-5).float().mean() > 0.99
