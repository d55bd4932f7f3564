import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.soundtrack import SoundTrack
from paksatalker.core.timeline import Speech


@given(
    lengths=st.lists(st.integers(1, 5000), min_size=1, max_size=8),
    rate=st.sampled_from([16000, 24000, 44100, 48000]),
    fps=st.sampled_from([24.0, 25.0, 30000 / 1001, 60.0]),
)
def test_shares_join_to_the_whole_track(lengths: list[int], rate: int, fps: float) -> None:
    whole = np.random.default_rng(0).random(sum(lengths)).astype(np.float32)
    sound, position = SoundTrack(fps), 0
    for length in lengths:
        sound.add(Speech(whole[position : position + length], rate))
        position += length
    frames = int(np.ceil(len(whole) / rate * fps)) + 1
    shares = [sound.take(k) for k in range(frames)]
    joined = np.concatenate(shares)
    np.testing.assert_array_equal(joined[: len(whole)], whole)
    assert not joined[len(whole) :].any()
    assert len(joined) == round(frames * rate / fps)
    assert all(abs(len(share) - rate / fps) <= 1 for share in shares)


def test_silence_fills_the_last_share() -> None:
    sound = SoundTrack(25.0)
    sound.add(Speech(np.ones(100, np.float32), 16000))
    share = sound.take(0)
    assert len(share) == 640
    assert share.sum() == 100
    assert not sound.take(1).any()


def test_no_sound_at_all() -> None:
    assert len(SoundTrack(25.0).take(0)) == 0


def test_sample_rate_may_not_change() -> None:
    sound = SoundTrack(25.0)
    sound.add(Speech(np.ones(100, np.float32), 16000))
    with pytest.raises(ValueError, match="16000 to 24000"):
        sound.add(Speech(np.ones(100, np.float32), 24000))
