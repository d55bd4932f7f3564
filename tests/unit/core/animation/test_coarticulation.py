from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.animation.coarticulation import articulate, intended_opening, opening
from paksatalker.core.animation.context import SpeechContext
from paksatalker.core.animation.visemes import INDEX, VISEMES
from paksatalker.core.timeline import ARPABET, Phone

FINE = 200.0


def mouth(speech, fps=FINE):
    context = SpeechContext()
    context.add(speech)
    context.close()
    return articulate(context, np.arange(int(speech.end * fps)) / fps, fps)


def at(curve, time):
    return float(curve[round(time * FINE)])


def middle(phone):
    return (phone.start + phone.end) / 2


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from("PBM"),
    st.floats(0.012, 0.2),
    st.floats(0, 0.05),
    st.sampled_from([24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60.0]),
)
def test_every_bilabial_closes_on_a_frame(symbol, length, offset, fps):
    start = 0.5 + offset
    phones = [
        Phone("AA", start - 0.1, start, 1),
        Phone(symbol, start, start + length),
        Phone("AA", start + length, start + length + 0.1, 1),
    ]
    opened = intended_opening(phones, fps)
    times = np.arange(len(opened)) / fps
    near = (times >= start - 1 / fps - 1e-9) & (times <= start + length + 1 / fps + 1e-9)
    assert opened[near].min() == 0


def test_mouth_opens_between_neighbouring_closures(make_speech):
    speech = make_speech("M AA1 M AA1 M")
    curves = mouth(speech)
    for phone in speech.phones[1::2]:
        assert at(curves.seal, middle(phone)) < 0.05
        assert at(opening(curves), middle(phone)) > 0.1


def test_open_vowels_open_more_than_close_ones(make_speech):
    def height(vowel):
        speech = make_speech(f"T {vowel}1 T")
        return at(opening(mouth(speech)), middle(speech.phones[1]))

    assert height("AA") > height("EH") > height("IY") > 0.03
    assert height("AA") > 2.5 * height("UW")


@pytest.mark.parametrize("symbol", ["UW", "OW", "W", "SH", "CH"])
def test_rounded_sounds_round_and_are_prepared(make_speech, symbol):
    speech = make_speech(f"S IY1 T {symbol}1 T")
    curves = mouth(speech)
    rounding = curves.values[:, INDEX["mouthPucker"]] + curves.values[:, INDEX["mouthFunnel"]]
    target = speech.phones[3]
    peak = rounding[int(target.start * FINE) : int(target.end * FINE)].max()
    assert peak > 0.6
    assert at(rounding, target.start - 0.04) > 0.25 * peak  # already on its way in the consonant before


def test_labiodentals_tuck_the_lower_lip(make_speech):
    speech = make_speech("AA1 F AA1 V AA1")
    curves = mouth(speech)
    for phone in speech.phones[1::2]:
        assert at(curves.values[:, INDEX["mouthRollLower"]], middle(phone)) > 0.55
        assert at(opening(curves), middle(phone)) < 0.04


def test_sibilants_nearly_shut_the_jaw(make_speech):
    speech = make_speech("AA1 S AA1")
    jaw = mouth(speech).values[:, INDEX["jawOpen"]]
    assert at(jaw, middle(speech.phones[1])) < 0.45 * at(jaw, middle(speech.phones[0]))


def test_tongue_sounds_do_not_pump_the_jaw(make_speech):
    speech = make_speech("AA1 L AA1 N AA1 G AA1")
    jaw = mouth(speech).values[:, INDEX["jawOpen"]]
    inside = jaw[int(middle(speech.phones[0]) * FINE) : int(middle(speech.phones[-1]) * FINE)]
    assert inside.min() > 0.4 * inside.max()


def test_diphthongs_move_from_one_shape_to_another(make_speech):
    speech = make_speech("T AY1 T", pace=0.15)
    phone = speech.phones[1]
    curves = mouth(speech)
    jaw, stretch = (curves.values[:, INDEX[n]] for n in ("jawOpen", "mouthStretch"))
    early, late = phone.start + 0.06, phone.end - 0.03
    assert at(jaw, early) > at(jaw, late) + 0.1
    assert at(stretch, late) > at(stretch, early) + 0.08


def test_fast_and_unstressed_and_quiet_speech_is_reduced(make_speech):
    def height(text, **more):
        speech = make_speech(text, **more)
        return opening(mouth(speech)).max()

    full = height("T AA1 T")
    assert height("T AA1 T", pace=0.035) < 0.8 * full
    assert height("T AH0 T AH1 T") > height("T AH1 T AH0 T") * 0.5
    loud = make_speech("T AA1 T")
    loud.prosody.energy[:] *= 0.4
    assert opening(mouth(loud)).max() < 0.85 * full


def test_curves_are_smooth(sentence):
    values = mouth(sentence).values[:, :-1]  # all but the quick tongue
    assert np.abs(np.diff(values, axis=0)).max() * FINE < 25  # full range in no less than 40 ms
    assert np.abs(np.diff(mouth(sentence).seal)).max() * FINE < 70


def test_rest_between_phrases(make_speech):
    speech = make_speech("P AA1 0.5 P AA1")
    opened = opening(mouth(speech))
    first, second = speech.phones[1].end, speech.phones[2].start
    assert opened[int((first + 0.15) * FINE) : int((second - 0.13) * FINE)].max() < 1e-9


def test_every_phone_has_a_shape():
    assert set(ARPABET) - {"SIL", "AW", "AY", "EY", "OW", "OY"} <= set(VISEMES)


def test_intended_opening_takes_speech_or_phones(sentence):
    a = intended_opening(sentence, 25)
    b = intended_opening(sentence.phones, 25, frames=len(a))
    np.testing.assert_array_equal(a, b)
    assert len(a) == np.ceil(sentence.end * 25 - 1e-6)
    assert 0.6 < a.max() <= 1
    assert a.min() == 0
    assert intended_opening([], 25, frames=10).tolist() == [0] * 10


@pytest.mark.parametrize("said", ["F AA1 DH ER0 W AA1 T", "V AE1 N IH0 SH AE1 N D", "F AY1 V V EH1 R IY0"])
def test_lips_part_no_faster_than_a_speakers(make_speech, said):
    opened = opening(mouth(make_speech(said, pace=0.06)))
    apart = np.abs(np.diff(opened[:: round(FINE / 25)])) * 25  # as frames show it
    assert apart.max() < 2.8  # eye distances a second, as 99 of 100 frames of a tracked speaker
    assert opened.max() > 0.1  # and yet they open
