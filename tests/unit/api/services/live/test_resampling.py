"""A microphone's sound at 16 kHz, at once."""

import numpy as np
import pytest

from paksatalker.api.services.live.resampling import PromptResampler


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 24_000, 44_099, 44_100, 48_000])
def test_sound_is_there_at_once_and_has_no_seams(rate):
    seconds = np.arange(rate) / rate
    sound = (0.5 * np.sin(2 * np.pi * 500 * seconds)).astype(np.float32)
    resampler, heard, fed = PromptResampler(rate), [], 0
    for packet in np.array_split(sound, 50):
        heard.append(resampler.feed(packet))
        fed += len(packet)
        assert fed / rate - sum(map(len, heard)) / 16_000 < 0.0025
    samples = np.concatenate(heard)
    wanted = 0.5 * np.sin(2 * np.pi * 500 * np.arange(len(samples)) / 16_000)
    assert samples.dtype == np.float32
    assert np.abs(samples - wanted)[100:-100].max() < 0.01


def test_what_is_too_high_is_not_folded_down():
    high = (0.5 * np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000)).astype(np.float32)
    assert np.abs(PromptResampler(48_000).feed(high)[200:]).max() < 0.001


def test_nothing_is_nothing():
    assert len(PromptResampler(48_000).feed(np.zeros(0, np.float32))) == 0
