import itertools

import numpy as np
import pytest

from paksatalker.core.audio.extras import ESPEAK
from paksatalker.core.audio.tts import espeak
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.tts.espeak import EspeakSpeech
from paksatalker.core.audio.tts.espeak_languages import LANGUAGES
from paksatalker.core.timeline import Utterance
from paksatalker.errors import InvalidOption, TextEmpty, UnknownVoice


def mark(seconds: float, phone: str = "", word: int = -1) -> espeak._Mark:
    return espeak._Mark(seconds, phone, word)


MARKS = [
    mark(0.0, word=0), mark(0.01, "ɡ"), mark(0.05, "ˈuː"), mark(0.15, "t"), mark(0.2),
    mark(0.3, word=2), mark(0.3, "dʒ"), mark(0.4, "aɪ"), mark(0.5),
]  # fmt: skip


class Library:
    """Two words whatever the text, a buzz."""

    asked: list[tuple[str, str, Delivery]]

    def __init__(self) -> None:
        self.asked = []

    def say(self, text, voice, delivery):
        self.asked.append((text, voice, delivery))
        return np.random.default_rng(0).normal(0, 0.1, 15000).astype(np.float32), MARKS


@pytest.fixture
def library(monkeypatch) -> Library:
    made = Library()
    monkeypatch.setattr(espeak, "_library", lambda: made)
    return made


def test_there_is_a_voice_for_a_hundred_languages() -> None:
    voices = {voice.name: voice for voice in EspeakSpeech().voices()}
    assert len(voices) >= 100
    assert voices["espeak:de"].language == "de"
    assert voices["espeak:pt-br"].language == "pt-BR"
    assert voices["espeak:cmn"].language == "zh"
    assert {"de", "ur", "nl", "ru", "ar", "fr", "en-us", "zh"} <= set(ESPEAK.capabilities.languages)
    assert EspeakSpeech().voice("auto").name == "espeak:en-us"


@pytest.mark.parametrize("name", ["de", "espeak:", "espeak:xx", "espeak:../de", "nobody"])
def test_other_voices_are_unknown(name: str) -> None:
    with pytest.raises(UnknownVoice):
        EspeakSpeech().voice(name)


def test_words_and_phones_have_the_times_of_the_events(library: Library) -> None:
    (piece,) = EspeakSpeech().speak([Utterance("gut — [Jay](/ʤˈI/)!")], "espeak:de")
    assert library.asked[0][:2] == ("gut — Jay!", "de")
    assert [word.text for word in piece.words] == ["gut —", "Jay!"]
    offset = piece.words[0].start - 0.01
    assert [phone.symbol for phone in piece.phones] == ["G", "UW", "T", "JH", "AY"]
    assert [phone.start - offset for phone in piece.phones] == pytest.approx([0.01, 0.05, 0.15, 0.3, 0.4])
    assert piece.words[0].end - offset == pytest.approx(0.2), "the pause is nobody's"
    assert piece.phones[1].stress == 1


def test_pieces_follow_each_other_and_silence_is_a_pause(library: Library) -> None:
    utterances = [
        Utterance("Hallo du da.", pause_after=0.4),
        Utterance("…", pause_after=0.5),
        Utterance("Ja und nein."),
    ]
    pieces = list(EspeakSpeech().speak(utterances, "espeak:de"))
    assert len(library.asked) == 2
    assert pieces[1].duration == pytest.approx(0.5)
    for one, other in itertools.pairwise(pieces):
        assert other.start == pytest.approx(one.end)
    with pytest.raises(TextEmpty):
        list(EspeakSpeech().speak([Utterance("🙂")], "espeak:de"))


def test_how_it_is_said_becomes_espeaks_own_numbers() -> None:
    assert espeak._parameters(Delivery()) == {1: 175, 3: 50, 4: 50}
    assert espeak._parameters(Delivery(2.0, 4.7, 1.5)) == {1: 350, 3: 75, 4: 75}
    assert espeak._parameters(Delivery(0.2, -12.0, 9.0)) == {1: 80, 3: 0, 4: 99}


def test_what_is_out_of_range_is_told() -> None:
    with pytest.raises(InvalidOption, match="speed"):
        EspeakSpeech().speak([], speed=3)
    assert all(name.islower() or "-" in name for name in LANGUAGES)
