import itertools
from dataclasses import replace

import numpy as np
import pytest

from paksatalker.core import engines
from paksatalker.core.audio.loudness import PEAK, integrated_loudness
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import ARPABET, Speech, Utterance
from paksatalker.errors import InvalidOption, TextEmpty, UnknownVoice, WeightsMissing

SCRIPT = (
    Utterance("Hello there, this is a test of the voice.", "happy", 0.7, pause_after=0.35),
    Utterance("It costs $9.99 at 3:30 pm — really!", pause_after=0.8),
    Utterance("…", pause_after=0.5),
    Utterance("No.", pause_after=0.3),
    Utterance("Big boats bump badly beneath the bridge", pause_after=0.0),
)


@pytest.fixture(scope="module")
def engine() -> HibariSpeech:
    return HibariSpeech()


@pytest.fixture(scope="module")
def pieces(engine: HibariSpeech) -> list[Speech]:
    return list(engine.speak(SCRIPT))


def samples_before(piece: Speech) -> float:
    return piece.start * piece.sample_rate


def test_it_is_registered_and_is_a_speech_engine() -> None:
    assert isinstance(engines.find("speech", "hibari").create(), engines.SpeechEngine)


def test_pieces_follow_each_other_sample_by_sample(pieces: list[Speech]) -> None:
    position = 0
    for piece in pieces:
        assert samples_before(piece) == pytest.approx(position, abs=1e-6)
        position += len(piece.samples)


def test_words_are_those_written(pieces: list[Speech]) -> None:
    assert [" ".join(w.text for w in p.words) for p in pieces if p.words] == [u.text for u in SCRIPT if u.text != "…"]
    assert [p.text for p in pieces] == [u.text for u in SCRIPT]


def test_phones_lie_in_order_inside_their_piece(pieces: list[Speech]) -> None:
    for piece in pieces:
        phones = piece.phones
        assert all(p.symbol in ARPABET and p.end - p.start > 0.01 for p in phones)
        assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(phones))
        assert not phones or (piece.start <= phones[0].start and phones[-1].end <= piece.end)
        assert all(w.start == w.phones[0].start and w.end == w.phones[-1].end for w in piece.words)


def test_pauses_are_as_long_as_asked_for_and_silent(pieces: list[Speech]) -> None:
    greeting, price, silence, no, boats = pieces
    assert price.words[0].start - greeting.words[-1].end == pytest.approx(0.35, abs=0.001)
    assert no.words[0].start - price.words[-1].end == pytest.approx(0.8 + 0.5, abs=0.001)
    assert silence.duration == pytest.approx(0.5)
    assert not silence.samples.any()
    assert boats.words[0].start - no.words[-1].end == pytest.approx(0.3, abs=0.001)
    tail = price.samples[-round(0.2 * price.sample_rate) :]
    assert np.abs(tail).max() < 1e-3


def test_level_is_even_without_clipping_or_clicks(pieces: list[Speech]) -> None:
    for piece in pieces:
        if piece.duration > 1.5:
            assert -19 < integrated_loudness(piece.samples, piece.sample_rate) < -14
        assert np.abs(piece.samples).max(initial=0) <= PEAK
        assert abs(piece.samples[0]) < 1e-3
        assert abs(piece.samples[-1]) < 1e-3


def test_direction_travels_along(pieces: list[Speech]) -> None:
    assert (pieces[0].emotion, pieces[0].intensity) == ("happy", 0.7)


def test_same_seed_same_samples(engine: HibariSpeech, pieces: list[Speech]) -> None:
    again = list(HibariSpeech().speak(SCRIPT[:1]))
    np.testing.assert_array_equal(again[0].samples, pieces[0].samples)
    other = next(iter(HibariSpeech(seed=1).speak(SCRIPT[:1])))
    assert not np.array_equal(other.samples, pieces[0].samples)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_changes_the_pace(engine: HibariSpeech, speed: float) -> None:
    plain = [replace(SCRIPT[0], emotion="neutral")]
    normal, piece = (next(iter(engine.speak(plain, speed=rate))) for rate in (1.0, speed))
    spoken, usual = (p.words[-1].end - p.words[0].start for p in (piece, normal))
    assert spoken == pytest.approx(usual / speed, rel=0.2)


def test_an_endless_utterance_is_cut_and_nothing_is_lost(engine: HibariSpeech) -> None:
    text = " ".join(["one hundred and twenty three thousand apples"] * 30)
    pieces = list(engine.speak([Utterance(text)]))
    assert len(pieces) > 2
    assert " ".join(w.text for p in pieces for w in p.words) == text
    assert all(p.duration < 40 for p in pieces)


def test_a_word_of_two_hundred_letters_is_said(engine: HibariSpeech) -> None:
    assert next(iter(engine.speak([Utterance("ab" * 100 + " end")]))).phones


def test_utterances_are_taken_one_by_one(engine: HibariSpeech) -> None:
    taken = []

    def script():
        for utterance in SCRIPT:
            taken.append(utterance)
            yield utterance

    next(iter(engine.speak(script())))
    assert len(taken) == 1


def test_bad_requests(engine: HibariSpeech) -> None:
    with pytest.raises(UnknownVoice, match="heart"):
        engine.speak(SCRIPT, voice="nobody")
    with pytest.raises(WeightsMissing, match="hibari --voice emma"):
        HibariSpeech().speak(SCRIPT, voice="emma") if "emma" not in {v.name for v in engine.voices()} else pytest.skip()
    with pytest.raises(InvalidOption):
        engine.speak(SCRIPT, speed=3)
    with pytest.raises(TextEmpty):
        list(engine.speak([Utterance("…"), Utterance("!?")]))


def test_voices_say_what_they_are(engine: HibariSpeech) -> None:
    assert ("heart", "en-US", "female") in {(v.name, v.language, v.gender) for v in engine.voices()}


def test_emotions_are_heard(engine: HibariSpeech) -> None:
    said = {
        emotion: next(iter(engine.speak([Utterance("The old train finally arrived here today.", emotion=emotion)])))
        for emotion in ("neutral", "sad", "excited")
    }
    spans = {emotion: p.words[-1].end - p.words[0].start for emotion, p in said.items()}
    assert spans["excited"] < spans["neutral"] < spans["sad"]
    levels = {emotion: integrated_loudness(p.samples, p.sample_rate) for emotion, p in said.items()}
    assert levels["sad"] < levels["neutral"] - 1


def test_a_stressed_word_is_longer_and_the_rest_keeps_its_length(engine: HibariSpeech) -> None:
    text = "The old train finally arrived here today."
    plain, stressed = (next(iter(engine.speak([Utterance(text, emphasis=e)]))) for e in ((), ((14, 21),)))

    def length(piece: Speech, index: int) -> float:
        return piece.words[index].end - piece.words[index].start

    assert length(stressed, 3) > length(plain, 3) * 1.1
    assert length(stressed, 1) == pytest.approx(length(plain, 1), abs=0.001)


def test_pitch_keeps_the_timing(engine: HibariSpeech) -> None:
    plain, high, low = (next(iter(engine.speak(SCRIPT[:1], pitch=pitch))) for pitch in (0, 6, -6))
    starts = [[phone.start for phone in piece.phones] for piece in (plain, high, low)]
    assert starts[0] == starts[1] == starts[2]
