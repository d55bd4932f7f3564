from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.animation.registry import RULES
from paksatalker.core.animation.rules import RuleFace
from paksatalker.core.engines import FaceEngine
from paksatalker.core.timeline import EMOTIONS, FaceTrack, Prosody, Speech, Word
from paksatalker.errors import InvalidOption

ROWS = ("coefficients", "head_rotation", "head_translation", "gaze", "seal", "tongue", "activity", "breath")


def animate(*pieces, fps=25.0, **options) -> FaceTrack:
    return FaceTrack.concatenate(list(RuleFace(fps, **options).animate(pieces)))


def cut(speech: Speech, borders: list[float]) -> list[Speech]:
    """The same speech in pieces, cut at the given times (between phones)."""
    pieces = []
    edges = [speech.start, *borders, speech.end]
    for a, b in pairwise(edges):
        phones = tuple(p for p in speech.phones if a - 1e-9 <= p.start < b - 1e-9)
        words = (Word("w", phones[0].start, phones[-1].end, phones),) if phones else ()
        i, j = round((a - speech.start) * 100), round((b - speech.start) * 100)
        p = speech.prosody
        prosody = Prosody(
            p.rate, p.f0[i:j], p.energy[i:j], p.voiced[i:j], p.accent[i:j],
            tuple((max(x, a), min(y, b)) for x, y in p.pauses if min(y, b) > max(x, a)),
        )  # fmt: skip
        last = b >= speech.end
        samples = speech.samples[round((a - speech.start) * 16000) : round((b - speech.start) * 16000)]
        pieces.append(replace(speech, samples=samples, start=a, words=words, prosody=prosody, text="?" if last else ""))
    return pieces


def assert_same(a: FaceTrack, b: FaceTrack, tolerance: float) -> None:
    assert len(a) == len(b)
    for name in ROWS:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=tolerance, err_msg=name)


def test_registered_engine_satisfies_the_protocol():
    engine = RULES.create(fps=30.0, seed=3)
    assert isinstance(engine, FaceEngine)
    assert isinstance(engine, RuleFace)


@pytest.mark.parametrize("fps", [24, 25, 30000 / 1001, 50, 60])
def test_tracks_are_neighbours_and_cover_every_frame(sentence, make_speech, fps):
    second = make_speech("M AA1 M AH0", start=sentence.end)
    tracks = list(RuleFace(fps).animate([sentence, second]))
    whole = FaceTrack.concatenate(tracks)
    assert tracks[0].first_frame == 0
    assert len(whole) == math.ceil((second.end - 1e-6) * fps)
    assert all(np.isfinite(getattr(whole, name)).all() for name in ROWS)


def test_values_stay_in_their_ranges(sentence):
    for emotion in EMOTIONS:
        track = animate(sentence, emotion=emotion, expression_scale=2.0, head_motion=2.0)
        assert track.coefficients.min() >= 0
        assert track.coefficients.max() <= 1
        assert np.abs(track.head_rotation).max() <= 8.0
        assert np.abs(track.gaze).max() <= 25
        for name in ("seal", "tongue", "activity"):
            assert getattr(track, name).min() >= 0
            assert getattr(track, name).max() <= 1
        assert np.abs(track.breath).max() <= 1


def test_lags_by_look_ahead_only(sentence, make_speech):
    fed = []

    def feed():
        clock = 0.0
        for _ in range(4):
            piece = make_speech("HH AH0 L OW1 W ER1 L D", start=clock)
            fed.append(piece)
            clock = piece.end
            yield piece

    done = 0
    for track in RuleFace(25.0).animate(feed()):
        done += len(track)
        assert done >= int(25 * (fed[-1].end - 0.45)) or done >= int(25 * fed[-1].start)
    assert done == math.ceil((fed[-1].end - 1e-6) * 25)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.sampled_from([24.0, 25.0, 50.0]), st.integers(0, 9))
def test_cutting_the_speech_does_not_change_the_frames(indices, fps, seed):
    speech = build(
        "P IY1 T ER0 M EY1 B IY0 F AW1 N D 0.4 DH AH0 CH UW1 Z IH0 NG W AO1 SH R UW1 M S 0.1 V EH1 R IY0 OW1 L D 0.7 Y"
        " AY1 HH AE1 K OY1 TH G UH1 JH ZH AA1 P",
        text="Is it so?",
    )
    starts = sorted({speech.phones[i % len(speech.phones)].start for i in indices})
    borders: list[float] = []
    for start in starts:  # on the prosody's grid, and pieces longer than the look-ahead
        if start - (borders[-1] if borders else 0.0) > 0.45 and speech.end - start > 0.45:
            borders.append(start)
    whole = animate(speech, fps=fps, seed=seed)
    pieces = animate(*cut(speech, borders), fps=fps, seed=seed)
    assert_same(whole, pieces, 1e-5)


def test_same_seed_same_frames_other_seed_other_frames(sentence):
    a, b, c = animate(sentence, seed=5), animate(sentence, seed=5), animate(sentence, seed=6)
    assert_same(a, b, 0.0)
    assert np.abs(a.head_rotation - c.head_rotation).max() > 0.5
    np.testing.assert_allclose(a.seal, c.seal)


@pytest.mark.parametrize("scale", [0.05, 1.0, 2.0])
@pytest.mark.parametrize("emotion", ["happy", "surprised", "angry"])
def test_lips_close_at_any_scale_and_emotion(sentence, scale, emotion):
    track = animate(sentence, expression_scale=scale, emotion=emotion)
    for phone in (p for p in sentence.phones if p.symbol in "PBM"):
        rows = slice(math.floor(phone.start * 25) - 1, math.ceil(phone.end * 25) + 2)
        assert track.seal[rows].max() == 1


def test_expression_scale_scales_the_mouth_and_zero_stops_it(sentence):
    jaw = [animate(sentence, expression_scale=s).coefficient("jawOpen").mean() for s in (0.0, 0.5, 1.0)]
    assert jaw[0] == 0
    assert jaw[1] == pytest.approx(jaw[2] / 2, rel=0.02)
    assert animate(sentence, expression_scale=0.0).activity.max() == 0


def test_silence_moves_nothing_of_the_mouth(make_speech):
    speech = make_speech("HH AH0 L OW1 1.0 M AA1 P", tail=1.5)
    track = animate(speech)
    times = np.arange(len(track)) / 25
    silent = np.zeros(len(times), bool)
    for a, b in speech.prosody.pauses:
        silent |= (times > a + 0.15) & (times < b - 0.13)
    mouth = track.coefficients[:, [i for i, n in enumerate(names()) if n in ("jawOpen", "mouthFunnel", "mouthPucker")]]
    assert silent.sum() > 30
    assert mouth[silent].max() < 1e-6
    assert track.seal[silent].max() == 0
    assert track.coefficient("mouthLowerDownLeft")[silent].max() < 1e-6
    assert track.coefficient("mouthSmileLeft")[silent].max() < 0.1


def test_mouth_is_taken_over_once_and_stays_so_in_every_pause(make_speech):
    activity = animate(make_speech("0.6 HH AA1 0.4 HH AA1 15.0 HH AA1")).activity
    assert activity[:10].max() == 0
    assert (np.diff(activity) >= 0).all()
    assert activity[26:].min() == 1


def test_still_and_head_motion(sentence):
    normal = animate(sentence).head_rotation
    still = animate(sentence, still=True).head_rotation
    none = animate(sentence, head_motion=0.0).head_rotation
    assert np.abs(still).max() < 1.2
    assert still.std() > 0.02
    assert np.abs(none).max() < 1e-6
    assert normal.std() > 4 * still.std()


def test_emotion_of_the_utterance_shows_and_fades(make_speech):
    first = make_speech("HH AH0 L OW1", tail=1.0, emotion="happy")
    second = make_speech("HH AH0 L OW1", start=first.end, tail=1.0)
    smile = animate(first, second).coefficient("mouthSmileLeft")
    border = round(first.end * 25)
    assert smile[0] < 0.05 < 0.25 < smile[border - 12]
    assert smile[-1] < 0.1
    assert np.abs(np.diff(smile)).max() < 0.15


def test_override_replaces_the_emotion(make_speech):
    speech = make_speech("HH AH0 L OW1", tail=1.0, emotion="happy")
    track = animate(speech, emotion="sad", intensity=0.8)
    assert track.coefficient("mouthFrownLeft").max() > 0.15
    assert track.coefficient("mouthSmileLeft").max() < 0.12


def test_recording_without_phones_follows_loudness_and_silence():
    count = 400
    times = np.arange(count) / 100
    energy = np.where((times > 1) & (times < 3), 0.55 + 0.4 * np.sin(2 * np.pi * 4 * times), 0.05).astype(np.float32)
    prosody = Prosody(100.0, energy * 0, energy, energy > 0.3, energy * 0, ((0.0, 1.0), (3.0, 4.0)))
    track = animate(Speech(np.zeros(64000, np.float32), 16000, prosody=prosody))
    jaw = track.coefficient("jawOpen")
    at = np.arange(len(jaw)) / 25
    inside = (at > 1.1) & (at < 2.9)
    assert jaw[inside].std() > 0.05
    assert np.corrcoef(jaw[inside], np.interp(at[inside] + 0.03, times, energy))[0, 1] > 0.8
    assert jaw[(at < 0.85) | (at > 3.2)].max() < 1e-6


def test_phones_found_in_noise_do_not_move_the_mouth(make_speech):
    speech = make_speech("HH AH0 L OW1 1.2 AA1 1.2 M AA1")
    noise = speech.phones[4]
    pauses = tuple((a, b) for a, b in speech.prosody.pauses)
    merged = ((pauses[0][0], pauses[0][1]), (pauses[1][0], pauses[2][1]), pauses[3])
    track = animate(replace(speech, prosody=replace(speech.prosody, pauses=merged)))
    rows = slice(round(noise.start * 25) - 3, round(noise.end * 25) + 3)
    assert track.coefficient("jawOpen")[rows].max() < 1e-6


@pytest.mark.parametrize(
    "options",
    [
        {"fps": 0},
        {"expression_scale": 2.5},
        {"head_motion": -1},
        {"pose_style": 46},
        {"emotion": "bored"},
        {"intensity": 2},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidOption):
        RuleFace(**options)


def test_no_pieces_no_frames_and_silence_is_fine():
    assert list(RuleFace().animate([])) == []
    silent = Speech(np.zeros(16000, np.float32), 16000)
    assert len(animate(silent)) == 25


def test_overlapping_pieces_and_unknown_phones_are_refused(sentence, make_speech):
    with pytest.raises(ValueError, match="before the end"):
        list(RuleFace().animate([sentence, make_speech("AA1", start=0.5)]))
    with pytest.raises(ValueError, match="ARPAbet"):
        list(RuleFace().animate([make_speech("QQ")]))


def test_memory_is_flat(make_speech):
    """What the engine keeps does not grow with the number of pieces."""
    from paksatalker.core.animation.context import SpeechContext

    context, clock, sizes = SpeechContext(), 0.0, []
    for _ in range(60):
        piece = make_speech("HH AH0 L OW1 W ER1 L D 0.3 Y EH1 S", start=clock)
        context.add(piece)
        context.forget(piece.end - 0.4)
        sizes.append(len(context.sounds) + len(context.phrases) + len(context.moods))
        clock = piece.end
    assert max(sizes[30:]) <= max(sizes[:30])


def names():
    from paksatalker.core.timeline import ARKIT_NAMES

    return ARKIT_NAMES


def build(symbols: str, **more) -> Speech:
    return BUILDER[0](symbols, **more)


BUILDER: list = []


@pytest.fixture(autouse=True)
def _builder(make_speech):
    BUILDER[:] = [make_speech]
