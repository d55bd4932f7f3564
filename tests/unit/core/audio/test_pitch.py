import numpy as np
import pytest

from paksatalker.core.audio.pitch import HOP, PITCH_RATE, PitchTracker


def glide(seconds: float) -> np.ndarray:
    """A voice-like tone that rises from 100 Hz by 40 Hz a second."""
    times = np.arange(round(seconds * PITCH_RATE)) / PITCH_RATE
    phase = 2 * np.pi * (100 * times + 20 * times**2)
    return sum(np.sin(n * phase) / n for n in range(1, 12)).astype(np.float32) * 0.2


@pytest.mark.parametrize("length", [1, HOP, 3 * HOP + 7, 125 * HOP, 260 * HOP])
def test_a_value_every_sixteen_milliseconds(length: int) -> None:
    assert len(PitchTracker().track(np.zeros(length, np.float32))) == max(1, length // HOP)


def test_windows_leave_no_seams() -> None:
    tone = glide(7.0)
    found = PitchTracker().track(tone)
    times = np.arange(len(found)) * HOP / PITCH_RATE
    inner = slice(5, -5)
    np.testing.assert_allclose(found[inner], 100 + 40 * times[inner], rtol=0.02)
    shifted = PitchTracker().track(tone[70 * HOP :])  # the windows now lie elsewhere
    np.testing.assert_allclose(shifted[12:-12], found[82:-12], rtol=1e-4)


def test_silence_has_no_pitch() -> None:
    assert not PitchTracker().track(np.zeros(3 * PITCH_RATE, np.float32)).any()
