"""What a script directs is heard and marked: real voice, real timings."""

import numpy as np
import pytest

from paksatalker.config.settings import get_settings
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.request import Request
from paksatalker.core.sources.source import SpeechSource, open_source
from paksatalker.core.timeline import Speech, Word

TEXT = (
    "Ada: [happy 0.6]Hello Paksa.[pause 0.5]This is really good. [neutral]This is [emphasis]really[/emphasis] good. "
    "[pause 1.25][slow]This is really good.[/slow] [gesture wave][hapy]"
)


@pytest.fixture(scope="module")
def source() -> SpeechSource:
    request = Request(image=None, text=TEXT, pronounce=("Paksa = Pack sah",), emotion="sad", speech_engine="hibari")
    return open_source(request, get_settings(), lambda info: info.create())


@pytest.fixture(scope="module")
def pieces(source: SpeechSource) -> list[Speech]:
    return [piece for piece in attach_prosody(source.pieces(), 100.0) if piece.words]


def test_words_are_those_written(pieces: list[Speech]) -> None:
    assert " ".join(p.text for p in pieces).startswith("Hello Paksa. This is really good. This is really good.")
    assert pieces[0].words[1].text == "Paksa."


def test_pauses_are_exact(pieces: list[Speech]) -> None:
    hello, happy, stressed, slow = pieces[:4]
    assert happy.words[0].start - hello.words[-1].end == pytest.approx(0.5, abs=0.02)
    assert slow.words[0].start - stressed.words[-1].end == pytest.approx(1.25, abs=0.02)


def test_emotions_are_those_of_the_script(pieces: list[Speech]) -> None:
    assert [(p.emotion, p.intensity) for p in pieces[:3]] == [("happy", 0.6), ("happy", 0.6), ("neutral", 1.0)]


def test_slow_is_slower(pieces: list[Speech]) -> None:
    usual, slow = (p.words[-1].end - p.words[0].start for p in (pieces[2], pieces[3]))
    assert slow == pytest.approx(usual / 0.8, rel=0.15)


def test_stressed_words_are_accented(pieces: list[Speech]) -> None:
    def accent(piece: Speech, word: Word) -> float:
        assert piece.prosody is not None
        times = np.ceil(piece.start * 100) / 100 + np.arange(len(piece.prosody.accent)) / 100
        return float(piece.prosody.accent[(times >= word.start) & (times <= word.end)].max())

    assert [w.text for p in pieces for w in p.words if w.emphasised] == ["really"]
    assert accent(pieces[2], pieces[2].words[2]) > 0.95
    assert accent(pieces[2], pieces[2].words[2]) > accent(pieces[1], pieces[1].words[2])


def test_notes_tell_what_to_know(source: SpeechSource) -> None:
    notes = " | ".join(source.notes)
    assert "did you mean [happy]?" in notes
    assert "'Ada:' is taken as the name of the speaker" in notes
    assert "1 gesture cue is not yet acted on" in notes
