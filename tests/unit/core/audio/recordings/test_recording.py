import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.audio.audible import audible, first_audible, last_audible
from paksatalker.core.audio.decode import AudioReader
from paksatalker.core.audio.recordings.recording import SPEECH_RATE, VoiceActivity, _Planner, cut_at_pauses
from paksatalker.errors import AudioSilent

NOISE = (np.random.default_rng(0).standard_normal(SPEECH_RATE * 3) * 0.05).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = SPEECH_RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("samples", [np.zeros(SPEECH_RATE), NOISE], ids=["silence", "noise"])
def test_without_speech_nothing_comes(tmp_path: Path, samples: np.ndarray) -> None:
    pieces = cut_at_pauses(AudioReader(write(tmp_path / "a.wav", samples)))
    with pytest.raises(AudioSilent):
        next(pieces)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(100, 3000), min_size=1, max_size=5))
def test_activity_does_not_depend_on_the_blocks(sizes: list[int]) -> None:
    samples = NOISE[:9000] * np.linspace(0, 1, 9000, dtype=np.float32)
    whole, expected = VoiceActivity().feed(samples, final=True)
    detector, parts, found = VoiceActivity(), [], []
    position, index = 0, 0
    while position < len(samples):
        size = sizes[index % len(sizes)]
        levelled, more = detector.feed(samples[position : position + size])
        parts.append(levelled)
        found += more
        position, index = position + size, index + 1
    levelled, more = detector.feed(np.zeros(0, np.float32), final=True)
    np.testing.assert_array_equal(np.concatenate([*parts, levelled]), whole)
    assert found + more == expected
    assert len(whole) == len(samples)


def plan(activity: str) -> list[int]:
    """Cuts, in frames, for a string of speech (s) and silence (.) of 32 ms each."""
    planner, cuts = _Planner(), []
    for char in activity:
        planner.add(0.9 if char == "s" else 0.05, 0.1 if char == "s" else 0.001)
        if (frames := planner.cut()) is not None:
            cuts.append(frames)
            planner.forget(frames)
    return cuts


def test_pieces_end_in_pauses() -> None:
    assert plan("s" * 100 + "." * 20 + "s" * 100) == [107]
    assert plan("s" * 40 + "." * 20 + "s" * 60 + "." * 20) == [127]  # not before three seconds
    assert plan("s" * 100 + "." * 5 + "s" * 100) == []  # too short a pause


def test_endless_speech_is_cut_where_it_is_weakest() -> None:
    assert plan("s" * 400 + "..." + "s" * 300) == [401]
    assert all(cut * 0.032 <= 20 for cut in plan("s" * 3000))


def test_long_silence_comes_in_pieces() -> None:
    assert plan("." * 1000) == [250] * 4


def test_speech_spans_are_padded_and_merged() -> None:
    planner = _Planner()
    for char in "....sssss...sssss.......s......":
        planner.add(0.9 if char == "s" else 0.05, 0.1)
    assert planner.speech(None) == ((pytest.approx(2 * 0.032), pytest.approx(19 * 0.032)),)


def test_audible_finds_where_sound_dies_away() -> None:
    samples = np.concatenate([np.zeros(4800), np.sin(np.arange(4800) * 0.1), np.zeros(4800)]).astype(np.float32)
    mask = audible(samples, 24000)
    assert last_audible(mask, 0.25, 0.55) == pytest.approx(0.4, abs=0.011)
    assert first_audible(mask, 0.1, 0.3) == pytest.approx(0.2, abs=0.011)
    assert last_audible(mask, 0.5, 0.6) == pytest.approx(0.53)
    assert last_audible(mask, 0.3, 0.35) == 0.35
    assert len(audible(np.zeros(10, np.float32), 24000)) == 0
