"""When eyes blink, whatever is said: the law of the intervals, by seed."""

from __future__ import annotations

import numpy as np
import pytest

from paksatalker.core.animation.blinks import Blinks


def drawn(seed: int, seconds: float, pull: float) -> Blinks:
    blinks = Blinks(seed, 25.0)
    steps = blinks.steps(seconds)
    blinks.advance(steps, np.full(len(steps), pull))
    return blinks


@pytest.mark.parametrize("pull", [0.0, 0.3, 0.7, 5.0])
def test_a_clip_of_four_seconds_shows_a_whole_blink_whatever_the_seed(pull):
    for seed in range(60):
        first = drawn(seed, 4.0, pull).recent[0]
        assert first.end < 3.7
        assert first.depth == 1


def test_first_blinks_do_not_all_come_at_the_same_time():
    starts = [drawn(seed, 4.0, 0.0).recent[0].start for seed in range(12)]
    assert np.std(starts) > 0.2


def test_a_minute_has_ten_to_thirty_blinks_whatever_the_seed():
    counts = [len(drawn(seed, 60.0, 0.7).recent) for seed in range(12)]
    assert min(counts) >= 10
    assert max(counts) <= 30
