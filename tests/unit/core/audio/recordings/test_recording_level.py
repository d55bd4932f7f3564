"""Recordings that are brought to a loudness."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paksatalker.core.audio.decode import AudioReader
from paksatalker.core.audio.loudness import integrated_loudness, true_peaks
from paksatalker.core.audio.recordings.recording_level import MOST_GAIN, RecordingLevel
from paksatalker.core.timeline import FloatArray, Speech
from paksatalker.errors import Cancelled

_RATE = 24000


def _talk(level_db: float, seconds: float = 12.0) -> FloatArray:
    """Something like speech: noise in bursts with pauses, softer and louder."""
    time = np.arange(round(seconds * _RATE)) / _RATE
    bursts = np.clip(np.sin(2 * np.pi * 2 * time), 0, 1) * (0.5 + 0.5 * np.sin(2 * np.pi * 0.2 * time))
    noise = np.random.default_rng(1).standard_normal(len(time))
    return (10 ** (level_db / 20) * 0.3 * bursts * noise).astype(np.float32)


def _written(path: Path, samples: FloatArray) -> AudioReader:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, _RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return AudioReader(path)


def _pieces(samples: FloatArray) -> Iterator[Speech]:
    for first in range(0, len(samples), 3 * _RATE):
        yield Speech(samples[first : first + 3 * _RATE], _RATE, first / _RATE)


def _made(level: RecordingLevel, samples: FloatArray) -> FloatArray:
    return np.concatenate([piece.samples for piece in level.apply(_pieces(samples))])


@pytest.mark.parametrize("level_db", [-30.0, -10.0, 6.0])
def test_a_recording_gets_the_loudness_wanted(tmp_path: Path, level_db: float) -> None:
    samples = np.clip(_talk(level_db), -1, 1)
    level = RecordingLevel(_written(tmp_path / "a.wav", samples), -16)
    made = _made(level, samples)
    assert integrated_loudness(made, _RATE) == pytest.approx(-16, abs=0.5)
    assert true_peaks(made).max() <= 10 ** (-1 / 20)
    assert len(made) == len(samples)
    assert ("louder" if level_db < 0 else "softer") in level.notes[0]
    assert "to -16.0 LUFS" in level.notes[0]


def test_all_of_it_gets_the_same_gain(tmp_path: Path) -> None:
    samples = _talk(-20)
    made = _made(RecordingLevel(_written(tmp_path / "a.wav", samples), -20), samples)
    loud = np.abs(samples) > 0.001
    gains = made[loud] / samples[loud]
    assert gains.std() / gains.mean() < 1e-3


def test_noise_is_not_raised_without_end(tmp_path: Path) -> None:
    samples = _talk(-44)
    level = RecordingLevel(_written(tmp_path / "a.wav", samples), -16)
    made = _made(level, samples)
    assert np.abs(made).max() / np.abs(samples).max() == pytest.approx(10 ** (MOST_GAIN / 20), rel=1e-3)
    assert "not to -16" in level.notes[0]


def test_silence_stays_silent(tmp_path: Path) -> None:
    samples = np.zeros(_RATE, np.float32)
    level = RecordingLevel(_written(tmp_path / "a.wav", samples), -16)
    assert not _made(level, samples).any()
    assert level.notes == ()


def test_measuring_stops_when_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    samples = _talk(-20)
    level = RecordingLevel(_written(tmp_path / "a.wav", samples), -16, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        next(level.apply(_pieces(samples)))
