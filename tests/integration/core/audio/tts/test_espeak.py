"""With the real library, where it is installed: pip install espeakng-loader. It is GPL-3, so no test needs it."""

import itertools

import numpy as np
import pytest
import soxr

pytest.importorskip("espeakng_loader")

from paksatalker.core.audio.loudness import PEAK, integrated_loudness
from paksatalker.core.audio.pitch import PITCH_RATE, PitchTracker
from paksatalker.core.audio.tts.espeak import EspeakSpeech
from paksatalker.core.timeline import ARPABET, Speech, Utterance

TEXT = "Guten Tag, meine Damen und Herren. Im Jahr 2024 haben wir — endlich — drei neue Produkte vorgestellt."


def said(**options: float) -> Speech:
    (piece,) = EspeakSpeech().speak([Utterance(TEXT)], "espeak:de", **options)
    return piece


def pitch_of(piece: Speech) -> float:
    track = PitchTracker().track(soxr.resample(piece.samples, 24000, PITCH_RATE).astype(np.float32))
    return float(np.median(track[track > 0]))


def test_german_is_spoken_with_timed_words() -> None:
    piece = said()
    assert " ".join(word.text for word in piece.words) == TEXT
    assert all(phone.symbol in ARPABET for phone in piece.phones)
    assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(piece.phones))
    assert piece.phones[-1].end <= piece.end
    assert 4 < piece.duration < 12
    assert -17.5 < integrated_loudness(piece.samples, 24000) < -14.5
    assert np.abs(piece.samples).max() <= PEAK
    loud = [np.abs(piece.samples[round(w.start * 24000) : round(w.end * 24000)]).max() for w in piece.words]
    assert min(loud) > 0.05, "every word is heard where it is said to be"
    np.testing.assert_array_equal(piece.samples, said().samples)


def test_speed_and_pitch() -> None:
    plain, fast, high = said(), said(speed=1.6), said(pitch=5)
    assert fast.duration / plain.duration == pytest.approx(1 / 1.6, rel=0.15)
    assert 12 * np.log2(pitch_of(high) / pitch_of(plain)) == pytest.approx(5, abs=1)


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("ur", "آج موسم بہت اچھا ہے اور ہم سب باغ میں جا رہے ہیں۔"),
        ("ru", "Сегодня хорошая погода."),
        ("ar", "مرحبا بكم في بيتنا"),
        ("el", "Καλημέρα σας."),
        ("vi", "Xin chào các bạn."),
        ("en-us", "a" * 200),
    ],
)
def test_other_scripts(voice: str, text: str) -> None:
    pieces = list(EspeakSpeech().speak([Utterance(text)], f"espeak:{voice}"))
    assert " ".join(word.text for piece in pieces for word in piece.words) == text
    assert sum(len(word.phones) for piece in pieces for word in piece.words) > 8


def test_every_voice_can_speak() -> None:
    engine = EspeakSpeech()
    for voice in engine.voices():
        assert next(iter(engine.speak([Utterance("1 2 3 mama мама")], voice.name))).phones, voice.name
