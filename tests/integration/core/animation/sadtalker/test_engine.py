"""The face engine with networks whose weights are made by rule."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from paksatalker.core.animation.sadtalker.chain import CoefficientChain, Manner
from paksatalker.core.animation.sadtalker.engine import SadTalkerFace
from paksatalker.core.animation.sadtalker.features import Block
from paksatalker.core.animation.sadtalker.sequences import BlinkStream
from paksatalker.core.timeline import Speech
from paksatalker.core.tracks import CoefficientTrack
from paksatalker.errors import InvalidOption, WeightsMissing
from paksatalker.models.base import WeightsStore
from paksatalker.models.sadtalker.audio2exp import Audio2Exp
from paksatalker.models.sadtalker.audio2pose import Audio2Pose
from paksatalker.models.sadtalker.checkpoints import AudioNetworks
from tests.golden import rule

GOLDEN = rule.GOLDEN / "sadtalker"
RATE = 16000


@pytest.fixture(scope="module")
def networks() -> AudioNetworks:
    return AudioNetworks(
        rule.filled(Audio2Exp(), GOLDEN / "audio2exp.keys.json"),
        rule.filled(Audio2Pose(), GOLDEN / "audio2pose.keys.json"),
    )


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(73).astype(np.float32) * 0.3


def pieces(seconds: float, cuts: tuple[float, ...] = (), rate: int = RATE) -> Iterator[Speech]:
    sound = np.random.default_rng(4).standard_normal(round(seconds * rate)).astype(np.float32) * 0.1
    start = 0
    for part in np.split(sound, [round(cut * rate) for cut in cuts]):
        yield Speech(part, rate, start=start / rate)
        start += len(part)


def joined(tracks: Iterator[CoefficientTrack]) -> np.ndarray:
    found = list(tracks)
    assert [t.first_frame for t in found] == np.cumsum([0, *(len(t) for t in found)])[:-1].tolist()
    return np.concatenate([track.coefficients for track in found])


class _Open:
    def take(self, first: int, last: int, end: int | None = None) -> np.ndarray:
        return np.zeros((last - first, 1))


@pytest.mark.parametrize("tag", ["a", "b", "c"])
def test_the_chain_equals_the_original(networks: AudioNetworks, tag: str) -> None:
    with np.load(GOLDEN / "audio2pose.npz") as data:
        golden = dict(data)
    frames = int(golden[f"{tag}_num_frames"])
    windows = golden["indiv_mels"][0, :frames]
    manner = Manner(golden[f"{tag}_ref"][0, 0], style=int(golden[f"{tag}_class"]))
    chain = CoefficientChain(networks, manner, _Open(), noise=golden[f"{tag}_z"][:, 0])
    spans = [(0, 1), *((first, min(first + 32, frames)) for first in range(1, frames, 32))]
    found = np.concatenate([*(chain.push(Block(a, windows[a:b])) for a, b in spans), chain.finish()])
    assert found.shape == (frames, 70)
    assert np.abs(found[:, 64:] - golden[f"{tag}_pose_savgol"][0]).max() <= 1e-5
    with torch.inference_mode():
        mel, start = torch.from_numpy(windows), torch.from_numpy(manner.reference[:64]).expand(frames, -1)
        wanted = networks.expression(mel, start, torch.zeros(frames, 1)).numpy()
    assert np.abs(found[:, :64] - wanted).max() <= 1e-5


@pytest.mark.parametrize("fps", [25.0, 30.0, 12.5])
def test_pieces_make_no_difference(networks: AudioNetworks, reference: np.ndarray, fps: float) -> None:
    engine = SadTalkerFace(fps, 3, reference=reference, networks=networks)
    whole = joined(engine.animate(pieces(3.337)))
    assert len(whole) == int(np.ceil(3.337 * fps))
    assert np.array_equal(whole, joined(engine.animate(pieces(3.337, (0.01, 0.4, 1.1, 3.3)))))


@pytest.mark.parametrize("samples", [1, 640, 641, 1280, 8000, 20 * 640, 21 * 640, 33 * 640, 34 * 640])
def test_clips_of_any_length(networks: AudioNetworks, reference: np.ndarray, samples: int) -> None:
    engine = SadTalkerFace(reference=reference, networks=networks)
    found = joined(engine.animate(pieces(samples / RATE)))
    assert found.shape == (-(-samples // 640), 70)
    assert np.isfinite(found).all()


def test_nothing_to_say(networks: AudioNetworks, reference: np.ndarray) -> None:
    assert list(SadTalkerFace(reference=reference, networks=networks).animate([])) == []


def test_sound_of_another_rate_has_as_many_frames(networks: AudioNetworks, reference: np.ndarray) -> None:
    engine = SadTalkerFace(reference=reference, networks=networks)
    assert len(joined(engine.animate(pieces(2.0, (0.7,), rate=44100)))) == 50


def test_the_seed_is_all_the_chance_there_is(networks: AudioNetworks, reference: np.ndarray) -> None:
    one, same, other = (
        joined(SadTalkerFace(seed=seed, reference=reference, networks=networks).animate(pieces(3)))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one[:, 64:], other[:, 64:])


def test_still_keeps_the_head_and_styles_move_it(networks: AudioNetworks, reference: np.ndarray) -> None:
    def made(**options: object) -> np.ndarray:
        return joined(SadTalkerFace(reference=reference, networks=networks, **options).animate(pieces(2)))

    still, plain, styled, calm = made(still=True), made(), made(pose_style=45), made(head_motion=0)
    assert (still[:, 64:] == reference[64:70]).all()
    assert np.abs(calm[:, 64:] - reference[64:70]).max() <= 1e-6
    assert np.array_equal(still[:, :64], plain[:, :64])
    assert not np.array_equal(styled[:, 64:], plain[:, 64:])
    assert np.array_equal(styled[:, :64], plain[:, :64])
    assert np.allclose(made(expression_scale=0.5)[:, :64], plain[:, :64] * 0.5)


def test_blinks_add_one_direction_only(networks: AudioNetworks, reference: np.ndarray) -> None:
    def made(**options: object) -> np.ndarray:
        return joined(SadTalkerFace(reference=reference, networks=networks, **options).animate(pieces(8)))

    none, auto = made(blinks="none"), made()
    direction = networks.expression.blink_direction.numpy()
    closed = BlinkStream(0).take(0, 200, 200)
    assert closed.max() == 1
    assert np.abs(auto[:, :64] - none[:, :64] - closed * direction).max() <= 1e-5

    video = np.zeros((50, 70), np.float32)
    video[10:13, :64] += direction
    followed = made(blink_reference=video)
    assert np.abs((followed - none)[10:13, :64] - direction).max() <= 1e-5
    assert np.abs((followed - none)[:10]).max() <= 1e-6
    assert np.array_equal(made(blink_reference=video, blinks="none"), none)
    assert np.abs((followed - none)[86:89, :64] - direction).max() <= 1e-5, "the video goes backwards then"


def test_a_reference_video_moves_the_head(networks: AudioNetworks, reference: np.ndarray) -> None:
    video = np.random.default_rng(1).standard_normal((30, 73)).astype(np.float32)
    plain = joined(SadTalkerFace(reference=reference, networks=networks).animate(pieces(2)))
    moved = joined(SadTalkerFace(reference=reference, networks=networks, pose_reference=video).animate(pieces(2)))
    assert np.array_equal(plain[:, :64], moved[:, :64])
    assert np.abs((moved - plain)[:30, 64:] - (video - video[0])[:, 64:70]).max() <= 1e-5


def test_degrees_are_handed_on(networks: AudioNetworks, reference: np.ndarray) -> None:
    engine = SadTalkerFace(reference=reference, networks=networks, yaw=[-20, 5], roll=[3], turn_speed=25)
    degrees = np.concatenate([track.degrees for track in engine.animate(pieces(2))])
    assert degrees[:2, [0, 2]].tolist() == [[-20, 3], [-19, 3]]
    assert np.isnan(degrees[:, 1]).all()
    assert (degrees[25:, 0] == 5).all()
    free = SadTalkerFace(reference=reference, networks=networks)
    assert all(track.degrees is None for track in free.animate(pieces(1)))


@pytest.mark.parametrize(
    "options",
    [
        {"pose_style": 46}, {"seed": -1},
        {"fps": 0}, {"blinks": "often"}, {"yaw": [100]}, {"turn_speed": 0}, {"expression_scale": 3},
        {"reference": np.zeros(69, np.float32)}, {"reference": np.full(73, np.nan, np.float32)},
        {"pose_reference": np.zeros((0, 73), np.float32)}, {"blink_reference": np.zeros((5, 9), np.float32)},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(networks: AudioNetworks, reference: np.ndarray, options: dict) -> None:
    with pytest.raises(InvalidOption):
        SadTalkerFace(**({"reference": reference, "networks": networks} | options))


def test_without_the_files_it_says_how_to_get_them(tmp_path, monkeypatch, reference: np.ndarray) -> None:
    monkeypatch.delenv("SADTALKER_MODEL_PATH", raising=False)
    with pytest.raises(WeightsMissing, match="models download sadtalker-256"):
        SadTalkerFace(reference=reference, store=WeightsStore(tmp_path))


def test_what_is_held_does_not_grow(networks: AudioNetworks, reference: np.ndarray) -> None:
    def endless() -> Iterator[Speech]:
        chance = np.random.default_rng(0)
        for second in range(40):
            yield Speech(chance.standard_normal(RATE).astype(np.float32) * 0.1, RATE, start=float(second))

    held = []
    tracemalloc.start()
    for track in SadTalkerFace(reference=reference, networks=networks).animate(endless()):
        if track.first_frame > 200:
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(held) - held[0] < 1 << 20
