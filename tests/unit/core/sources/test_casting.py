from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from paksatalker.core.engines import Capabilities, EngineInfo, Voice
from paksatalker.core.request import SpeechRequest
from paksatalker.core.sources import casting, voices
from paksatalker.core.sources.casting import Casting
from paksatalker.core.timeline import Speech, Utterance, Word
from paksatalker.errors import InvalidOption, TextEmpty, TextUnspeakable, UnknownVoice

RATES = {"small": 8000, "large": 16000}


class Engine:
    def __init__(self, name: str, *known: tuple[str, str, str]) -> None:
        self.name = name
        self.known = [Voice(voice, name, language, gender) for voice, language, gender in known]

    def voices(self) -> tuple[Voice, ...]:
        return tuple(self.known)

    def voice(self, name: str = "auto") -> Voice:
        for voice in self.known:
            if name in ("auto", voice.name):
                return voice
        raise UnknownVoice("no")

    def speak(self, utterances: Any, voice: str = "auto", speed: float = 1.0, pitch: float = 0.0) -> Iterator[Speech]:
        rate, start, words = RATES[self.name], 0.0, 0
        for u in utterances:
            said = tuple(Word(f"{u.voice}:{w}", start, start + 0.5) for w in u.text.split() if w.isalpha())
            words += len(said)
            yield Speech(np.ones(rate, np.float32), rate, start, said, u.text)
            start += 1.0
        if not words:
            raise TextEmpty("nothing")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Any:
    engines = {
        "small": Engine("small", ("ann", "en-US", "female")),
        "large": Engine(
            "large",
            ("bea", "en-US", "female"),
            ("cat", "en-GB", "female"),
            ("dan", "en-US", "male"),
            ("eva", "es", "female"),
        ),
    }
    about = Capabilities("text", "Speech", ("en-US", "es"))
    infos = tuple(EngineInfo(name, "speech", about, "x:y", priority=9) for name in engines)
    lost = EngineInfo(
        "lost", "speech", Capabilities("text", "Speech", ("de",)), "x:y", ("no_such_module",), "pip install lost"
    )
    for module in (casting, voices):
        monkeypatch.setattr(module, "installed", lambda stage: (*infos, lost))
        monkeypatch.setattr(module, "find", lambda stage, name: next(i for i in infos if name in (i.name, "auto")))
    return lambda info: engines[info.name]


def cast(make: Any, *utterances: Utterance, speakers: tuple[str, ...] = (), language="en", letters=99, **options: Any):
    casting_ = Casting(SpeechRequest(text="x", **options), make, language, speakers, letters)
    return casting_, list(casting_.speak(utterances))


def said(pieces: list[Speech]) -> list[str]:
    return [word.text for piece in pieces for word in piece.words]


def test_without_wishes_the_best_engine_speaks(make):
    chosen, pieces = cast(make, Utterance("hello"), Utterance("again"))
    assert said(pieces) == ["ann:hello", "ann:again"]
    assert chosen.notes == chosen.foreign_notes == ()


def test_each_sentence_has_a_voice_of_its_language_on_one_clock_and_rate(make):
    _, pieces = cast(make, Utterance("hi", language="en"), Utterance("hola", language="es"), Utterance("bye"))
    assert said(pieces) == ["ann:hi", "eva:hola", "ann:bye"]
    assert [p.sample_rate for p in pieces] == [8000] * 3
    assert [p.start for p in pieces] == pytest.approx([0.0, 1.0, 2.0])
    assert pieces[1].words[0].start == pytest.approx(1.0)


def test_a_foreign_phrase_without_a_voice_is_read_by_the_main_one_and_noted(make):
    chosen, pieces = cast(make, Utterance("hi"), Utterance("hallo", language="de"))
    assert said(pieces) == ["ann:hi", "ann:hallo"]
    assert chosen.foreign_notes == ("1 sentence is in 'de', read by the voice 'ann' as if in its own language",)


def test_a_text_without_a_voice_names_the_command(make):
    with pytest.raises(TextUnspeakable, match="pip install lost"):
        cast(make, language="de")
    with pytest.raises(TextUnspeakable, match="Installed voices speak: en, es"):
        cast(make, language="xx")


def test_a_chosen_voice_of_another_language_is_refused_with_those_that_can(make):
    with pytest.raises(TextUnspeakable, match=r"'ann' cannot read.*Choose one of: eva"):
        cast(make, voice="ann", language="es")
    _, pieces = cast(make, Utterance("hola"), voice="ann", language="es", letters=4)
    assert said(pieces) == ["ann:hola"], "too little to be certain"


def test_speakers_have_different_voices(make):
    lines = [Utterance("hi", speaker=name) for name in ("Ada", "Bob", "Cy", "Ada")]
    chosen, pieces = cast(make, *lines, speakers=("Ada", "Bob", "Cy"))
    assert said(pieces) == ["ann:hi", "dan:hi", "bea:hi", "ann:hi"]
    assert chosen.notes == ("voices: Ada is ann, Bob is dan, Cy is bea",)


def test_speakers_have_the_voices_that_are_named(make):
    lines = [Utterance("hi", speaker="Ada"), Utterance("hi", speaker="Bob"), Utterance("hi", voice="cat")]
    _, pieces = cast(make, *lines, speakers=("Ada", "Bob"), voice="dan")
    assert said(pieces)[0] == "dan:hi"
    assert said(pieces)[2] == "cat:hi"
    assert said(pieces)[1] != "dan:hi"


def test_british_is_taken_where_it_is_asked_for(make):
    assert said(cast(make, Utterance("hi"), language="en")[1]) == ["ann:hi"]
    request = SpeechRequest(text="x", language="en-GB")
    assert Casting(request, make, "en", (), 9).main.voice.name == "cat"


def test_who_is_not_in_the_script_has_no_voice(make):
    request = SpeechRequest(text="x", speakers=("Eve=ann",))
    with pytest.raises(InvalidOption, match="Ada, Bob"):
        Casting(request, make, "en", ("Ada", "Bob"), 9)
    chosen = Casting(SpeechRequest(text="x", speakers=("bob = bea",)), make, "en", ("Ada", "Bob"), 9)
    assert chosen.notes == ("voices: Ada is ann, Bob is bea",)


def test_words_there_must_be(make):
    with pytest.raises(TextEmpty):
        cast(make, Utterance("…"), Utterance("!", language="es"))
    assert said(cast(make, Utterance("…", language="es"), Utterance("hi"))[1]) == ["ann:hi"]


def test_a_voice_of_many_languages_reads_them_all(make):
    engine = make(type("Info", (), {"name": "large"}))
    engine.known.append(Voice("poly", "large", "en", also=("fr", "es")))
    chosen, pieces = cast(make, Utterance("bonjour", language="fr"), language="fr", voice="poly")
    assert said(pieces) == ["poly:bonjour"]
    assert chosen.foreign_notes == ()
    with pytest.raises(TextUnspeakable):
        cast(make, Utterance("hej"), language="sv", voice="poly")
