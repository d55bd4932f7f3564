from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paksatalker.core.animation.live import LivePerformance
from paksatalker.core.timeline import FaceTrack
from tests.unit.core.animation.test_rules import ROWS

FPS = 25.0
STEPS = {"head_rotation": 1.2, "breath": 0.25, "gaze": 9.0, "seal": 0.7}  # most of a change from frame to frame


def frames(performance: LivePerformance, count: int) -> FaceTrack:
    return FaceTrack.concatenate([performance.advance() for _ in range(count)])


def lips(track: FaceTrack) -> np.ndarray:
    return track.coefficient("jawOpen")


def assert_smooth(track: FaceTrack) -> None:
    for name, step in STEPS.items():
        assert np.abs(np.diff(getattr(track, name), axis=0)).max() < step, name
    assert np.abs(np.diff(lips(track))).max() < 0.35


def test_a_face_at_rest_breathes_blinks_and_moves_a_little():
    rest = frames(LivePerformance(FPS), 300)
    assert lips(rest).max() < 0.02
    assert rest.coefficient("eyeBlinkLeft").max() > 0.5
    assert np.ptp(rest.breath) > 0.5
    assert 0.5 < np.ptp(rest.head_rotation[:, 0]) < 12
    assert_smooth(rest)


def test_speech_begins_where_it_should_and_rest_follows(make_speech):
    performance = LivePerformance(FPS)
    before = frames(performance, 50)
    speech = make_speech("HH AH0 L OW1 M AA1 M AH0", start=50 / FPS, lead=0.1)
    performance.say(speech)
    said = frames(performance, 80)
    whole = FaceTrack.concatenate([before, said])
    first, last = speech.phones[0].start, speech.phones[-1].end
    open_at = np.flatnonzero(lips(whole) > 0.1) / FPS
    assert first - 0.1 < open_at[0] < first + 0.25
    assert last - 0.3 < open_at[-1] < last + 0.2
    assert_smooth(whole)


def test_what_is_stopped_is_over_within_a_fifth_of_a_second(make_speech):
    performance = LivePerformance(FPS)
    performance.advance(10)
    performance.say(make_speech("AA1 L AA1 L AA1 L AA1 L AA1 L AA1 L AA1 L AA1 L AA1", start=10 / FPS, lead=0.1))
    said = frames(performance, 20)
    assert lips(said)[-1] > 0.1
    performance.cut(performance.done / FPS)
    after = frames(performance, 50)
    assert lips(after)[6:].max() < 0.03
    assert_smooth(FaceTrack.concatenate([said, after]))


def test_it_speaks_again_after_it_was_stopped(make_speech):
    performance = LivePerformance(FPS)
    performance.say(make_speech("AA1 L AA1 L AA1 L AA1 L AA1", lead=0.0))
    frames(performance, 5)
    performance.cut(0.2)
    frames(performance, 20)
    performance.say(make_speech("M AA1 M AA1", start=1.0, lead=0.1))
    again = frames(performance, 40)
    assert lips(again).max() > 0.1
    assert again.seal.max() > 0.5


def test_speech_that_comes_too_late_is_taken_up_in_the_middle(make_speech):
    performance = LivePerformance(FPS)
    performance.advance(10)
    performance.say(make_speech("AA1 L AA1 L AA1 L AA1", start=5 / FPS, lead=0.0))
    assert lips(frames(performance, 10)).max() > 0.1


def test_the_same_seed_lives_the_same_life(make_speech):
    def life(seed: int) -> FaceTrack:
        performance = LivePerformance(FPS, seed)
        first = frames(performance, 20)
        performance.say(make_speech("HH AH0 L OW1", start=1.0))
        return FaceTrack.concatenate([first, frames(performance, 60)])

    one, again, other = life(3), life(3), life(4)
    for name in ROWS:
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    assert np.abs(one.head_rotation - other.head_rotation).max() > 1


def test_an_hour_takes_no_more_memory_than_a_minute(make_speech):
    performance = LivePerformance(FPS)
    sizes = []
    for second in range(0, 60, 3):
        performance.say(make_speech("HH AH0 L OW1", start=float(second)))
        performance.advance(75)
        context = performance._context
        sizes.append(len(context._times) + len(context.sounds) + len(context.phrases) + len(context.moods))
    assert max(sizes[-5:]) <= max(sizes[5:10]) + 5


def test_what_no_face_can_do_is_refused(make_speech):
    performance = LivePerformance(FPS)
    with pytest.raises(ValueError, match="emotion"):
        performance.say(replace(make_speech("HH AH0"), emotion="bored"))
