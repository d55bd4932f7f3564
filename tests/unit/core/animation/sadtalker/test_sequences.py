import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paksatalker.core.animation.sadtalker import sequences
from paksatalker.core.animation.sadtalker.assembly import assemble
from paksatalker.core.animation.sadtalker.eyelids import eyelid_ratio
from paksatalker.core.animation.sadtalker.resample import Resampler
from tests.golden import rule


def golden(name: str) -> dict[str, np.ndarray]:
    with np.load(rule.GOLDEN / "sadtalker" / f"{name}.npz") as data:
        return dict(data)


@pytest.mark.parametrize(("seed", "frames"), [(7, 200), (8, 31)])
def test_blinks_are_drawn_as_the_original_draws_them(seed: int, frames: int) -> None:
    wanted = golden("sequences")[f"blink_seed{seed}_{frames}"]
    assert np.array_equal(sequences.blink_ratio(frames, random.Random(seed)), wanted)


def test_regular_blinks() -> None:
    assert np.array_equal(sequences.regular_blinks(300), golden("sequences")["blink_regular_300"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 50))
def test_blinks_of_any_length(frames: int, seed: int) -> None:
    ratio = sequences.blink_ratio(frames, random.Random(seed))
    assert ratio.shape == (frames, 1)
    assert not ratio[-1:].any()
    assert frames > 20 or not ratio.any()
    assert sequences.regular_blinks(frames).shape == (frames, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(0, 30), st.lists(st.integers(1, 60), max_size=12))
def test_blinks_in_a_stream_are_those_of_the_whole(frames: int, seed: int, steps: list[int]) -> None:
    def taken(steps: list[int], known: int | None = None) -> np.ndarray:
        stream, first, parts = sequences.BlinkStream(seed, known), 0, []
        for step in [*steps, frames]:
            last = min(first + step, frames)
            sure = last + stream.LOOKAHEAD <= frames
            parts.append(stream.take(first, last, None if sure else frames))
            first = last
        return np.concatenate(parts)

    found = taken(steps)
    assert np.array_equal(found, taken([]))
    assert np.array_equal(taken(steps, frames), sequences.blink_ratio(frames, random.Random(seed)))
    if frames >= 140:
        assert np.array_equal(found, sequences.blink_ratio(frames, random.Random(seed)))


def test_camera() -> None:
    data = golden("sequences")
    wanted = data["camera_m20_30_10_51frames_batch2"].ravel()[:51]
    assert np.abs(sequences.camera_degrees([-20, 30, 10], 51) - wanted).max() <= 1e-9
    assert sequences.camera_degrees([15], 7).tolist() == [15] * 7
    short, there = sequences.camera_degrees([-40, 30], 71), sequences.camera_degrees([-40, 30], 75)
    assert [short[-1], there[-1]] == pytest.approx([29, 30]), "the last bit of a step decides"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-90, 90), min_size=1, max_size=5), st.integers(0, 200))
@example([0.0, 5e-324], 41)
@example([5e-324, 0.0, 3.0], 41)
def test_camera_of_any_length(stations: list[float], frames: int) -> None:
    found = sequences.camera_degrees(stations, frames)
    assert found.shape == (frames,)
    assert (found >= min(stations) - 1e-9).all()
    assert (found <= max(stations) + 1e-9).all()


def test_a_turn_goes_at_its_speed_and_stays_at_the_end() -> None:
    turn = sequences.Turn([-10, 10, 5], speed=25, fps=25)
    whole = turn.degrees(0, 40)
    assert whole[:3].tolist() == [-10, -9, -8]
    assert whole[20] == 10
    assert (whole[25:] == 5).all()
    assert np.array_equal(whole[7:], turn.degrees(7, 40))
    timed = sequences.Turn([-10, 10, 5], speed=25, fps=10, duration=5).degrees(0, 60)
    assert timed[[0, 40, 50, 59]].tolist() == [-10, 10, 5, 5]
    assert (sequences.Turn([3, 3], speed=1, fps=25, duration=2).degrees(0, 5) == 3).all()
    assert (sequences.Turn([3], speed=1, fps=25).degrees(0, 5) == 3).all()


@pytest.mark.parametrize("mode", ["crop", "crop_still", "full", "full_still"])
def test_assembly(mode: str) -> None:
    data = golden("coeff_assembly")
    found = assemble(
        data["generated"],
        data["first_coeff"][0],
        expression_scale=float(data["crop_still_expression_scale"]) if mode == "crop_still" else 1.0,
        still="still" in mode,
        full="full" in mode,
    )
    wanted = data[f"{mode}_target_semantics"].reshape(-1, found.shape[1], 27)[: len(found), :, 13]
    assert np.abs(found - wanted).max() <= 1e-6
    assert np.array_equal(data["generated"], golden("coeff_assembly")["generated"]), "what went in is left alone"


def test_eyelids_follow_only_what_closes_them() -> None:
    chance = np.random.default_rng(0)
    direction = chance.standard_normal(64).astype(np.float32)
    lips = chance.standard_normal((64, 64)).astype(np.float32)
    lips -= np.outer(lips @ direction, direction) / (direction @ direction)
    closed = np.zeros(60, np.float32)
    closed[20:25] = (0.5, 0.9, 1.0, 0.9, 0.5)
    expressions = closed[:, None] * direction + chance.standard_normal((60, 64)).astype(np.float32) @ lips + 3
    found = eyelid_ratio(expressions, direction)
    assert found[22] == pytest.approx(1, abs=1e-3)
    assert not found[:20].any()
    assert not found[25:].any()
    assert not eyelid_ratio(expressions, np.zeros(64, np.float32)).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 120), st.sampled_from([25.0, 30.0, 50.0, 12.5, 23.976, 60.0, 240.0]), st.integers(0, 9))
def test_resampling_in_a_stream(frames: int, fps: float, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((frames, 3)).astype(np.float32)
    count = int(np.ceil(frames / 25 * fps - 1e-6))

    def run(parts: list[np.ndarray]) -> np.ndarray:
        resampler = Resampler(25, fps)
        out = [resampler.push(part) for part in parts if len(part)]
        rest = resampler.finish(count)
        return np.concatenate([*out, rest] if len(rest) else out)[:count]

    cuts = np.sort(np.random.default_rng(seed + 1).integers(0, frames + 1, 5))
    whole = run([rows])
    assert np.array_equal(whole, run(np.split(rows, cuts)))
    place = np.minimum(np.arange(count) * 25 / fps, frames - 1)
    wanted = np.stack([np.interp(place, np.arange(frames), rows[:, i]) for i in range(3)], axis=1)
    assert np.abs(whole - wanted).max() <= 1e-5
