"""Blinks, gaze, head, breath, emotion and noise."""

from __future__ import annotations

import numpy as np
import pytest

from paksatalker.core.animation.context import Mood
from paksatalker.core.animation.emotion import FEELINGS, mix
from paksatalker.core.animation.gaze import in_head
from paksatalker.core.animation.head import Character
from paksatalker.core.animation.noise import bump, normal, spline_noise, stream_key, uniform
from paksatalker.core.animation.rules import RuleFace
from paksatalker.core.timeline import ARKIT_INDEX, EMOTIONS, FaceTrack


@pytest.fixture(scope="module")
def minute(make_speech):
    """A minute of talk with pauses, as pieces."""
    pieces, clock = [], 0.0
    while clock < 60:
        piece = make_speech(
            "DH AH0 W EH1 DH ER0 W IH0 L B IY1 0.4 W AA1 N D ER0 F AH0 L T UW0 D EY1", start=clock, tail=0.5, lead=0.1
        )
        pieces.append(piece)
        clock = piece.end
    return pieces


@pytest.fixture(scope="module", params=[0, 1, 2])
def track(minute, request):
    return FaceTrack.concatenate(list(RuleFace(25.0, request.param).animate(minute)))


def events(curve, level=0.5):
    return np.flatnonzero((curve[1:] > level) & (curve[:-1] <= level))


def test_blinks_come_at_a_natural_rate_and_shut_the_eyes(track):
    left, right = track.coefficient("eyeBlinkLeft"), track.coefficient("eyeBlinkRight")
    starts = events(left)
    assert 12 <= len(starts) / (len(track) / 1500) <= 28
    peaks = np.array([left[s : s + 6].max() for s in starts])
    assert (peaks == 1).mean() > 0.75
    assert np.corrcoef(left, right)[0, 1] > 0.99
    gaps = np.diff(starts) / 25
    assert gaps.max() < 9
    assert np.std(gaps) > 0.5


def test_blinks_last_about_a_tenth_of_a_second(minute):
    fine = FaceTrack.concatenate(list(RuleFace(200.0, 1).animate(minute))).coefficient("eyeBlinkLeft")
    starts = events(fine)
    widths = np.array([np.argmax(fine[s + 1 :] <= 0.5) / 200 for s in starts])
    assert 0.08 < np.median(widths) < 0.16


def test_head_moves_like_a_speaker(track):
    sd = track.head_rotation.std(axis=0)
    assert (sd > 1.5).all()
    assert (sd < 3.6).all()
    assert np.abs(track.head_rotation).max() <= 8
    speed = np.linalg.norm(np.diff(track.head_rotation, axis=0), axis=1) * 25
    assert 6 < np.median(speed) < 20
    assert speed.max() < 80


def test_head_never_freezes(track):
    speed = np.linalg.norm(np.diff(track.head_rotation, axis=0), axis=1) * 25
    windows = speed[: len(speed) // 25 * 25].reshape(-1, 25).max(axis=1)
    assert windows.min() > 1.0


def test_eyes_stay_on_the_viewer_while_the_head_turns(track):
    seen = track.gaze[:, 0] + track.head_rotation[:, 0]
    assert np.median(np.abs(seen)) < 1.6
    away = np.abs(seen) > 3.5
    assert 0.01 < away.mean() < 0.30


def test_looks_match_the_gaze(track):
    out, inward = track.coefficient("eyeLookOutLeft"), track.coefficient("eyeLookInLeft")
    right = track.gaze[:, 0] > 0.5
    assert (out[right] > 0).all()
    assert (inward[right] == 0).all()
    np.testing.assert_allclose(out, track.coefficient("eyeLookInRight"))


def test_counter_roll_keeps_the_line_of_sight():
    eyes = in_head(np.zeros((1, 2)), np.array([[4.0, -3.0, 0.0]]))
    np.testing.assert_allclose(eyes, [[-4.0, 3.0]], atol=0.1)


def test_breath_is_about_a_quarter_hertz_and_drawn_before_phrases(track, minute):
    breath = track.breath - track.breath.mean()
    crossings = events(breath, 0.0)
    assert 0.12 < len(crossings) / (len(track) / 25) < 0.8
    rises = []
    for piece in minute[3:-3]:
        start = piece.phones[0].start
        rises.append(track.breath[round(start * 25)] - track.breath[round((start - 0.35) * 25)])
    assert np.mean(np.array(rises) > 0) > 0.9


def test_brows_rise_on_accents_without_flicker(track):
    brow = track.coefficient("browInnerUp")
    assert 0.15 < brow.max() < 0.8
    assert (brow < 0.08).mean() > 0.35


def test_questions_raise_brows_and_tilt_the_head(make_speech):
    plain, asked = (make_speech("HH UW1 IH0 Z IH0 T", text=t, prosody=False) for t in ("Who is it.", "Who is it?"))
    a, b = (FaceTrack.concatenate(list(RuleFace(25.0).animate([s]))) for s in (plain, asked))
    assert b.coefficient("browOuterUpLeft").max() > a.coefficient("browOuterUpLeft").max() + 0.2
    assert np.abs(b.head_rotation[:, 2] - a.head_rotation[:, 2]).max() > 1


def test_every_emotion_is_known_and_moderate():
    assert set(FEELINGS) == set(EMOTIONS)
    times = np.arange(100) / 25
    for emotion in EMOTIONS:
        shown = mix([Mood(0.0, 10.0, emotion, 1.0)], times, seed=0)
        assert shown.face.max() < 0.9
        # at rest an emotion may hardly part the lips: nothing that opens them
        assert shown.face[:, ARKIT_INDEX["jawOpen"]].max() == 0
        assert shown.face[:, ARKIT_INDEX["mouthLowerDownLeft"]].max() == 0


def test_intensity_scales_the_emotion():
    times = np.array([5.0])
    half, full = (mix([Mood(0.0, 10.0, "happy", i)], times, 0).face.max() for i in (0.5, 1.0))
    assert half == pytest.approx(full / 2)


def test_pose_styles_differ_and_repeat():
    characters = [Character.of_style(i) for i in range(46)]
    assert len({c.pose for c in characters}) == 46
    assert Character.of_style(7) == Character.of_style(7)
    with pytest.raises(ValueError, match="pose_style"):
        Character.of_style(46)


def test_noise_depends_on_key_and_time_only():
    key = stream_key(1, "x")
    times = np.linspace(100, 200, 4001)
    whole = spline_noise(key, times, 0.5)
    np.testing.assert_array_equal(whole[1000:1500], spline_noise(key, times[1000:1500], 0.5))
    assert abs(whole.mean()) < 0.25
    assert 0.8 < whole.std() < 1.2
    assert np.abs(np.diff(whole, 3)).max() < 0.01  # two continuous derivatives
    assert not np.allclose(whole, spline_noise(stream_key(2, "x"), times, 0.5))


def test_uniform_and_normal_have_the_right_moments():
    key = stream_key(0, "moments")
    u, n = uniform(key, np.arange(20000)), normal(key, np.arange(20000))
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(u.var() - 1 / 12) < 0.003
    assert abs(n.mean()) < 0.03
    assert abs(n.std() - 1) < 0.03


def test_bump_is_one_at_its_peak_and_zero_outside():
    values = bump(np.array([0.0, 1.0, 2.0, 3.5, 5.0]), 1.0, 2.0, 4.0)
    np.testing.assert_allclose(values[[0, 1, 2, 4]], [0, 0, 1, 0])
