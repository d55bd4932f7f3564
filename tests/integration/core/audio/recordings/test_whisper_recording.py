import itertools
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

pytest.importorskip("anyascii", reason="the extra [whisper] is not installed")

from paksatalker.core.audio.recordings.whisper import HeardWord
from paksatalker.core.audio.recordings.whisper_recording import WhisperRecording
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import Speech, Utterance

SENTENCES = ("It cost $9.99 at the market.", "Then we left the town together.")


class FakeRecogniser:
    """Hears the words that it is told, at the times that it is told."""

    def __init__(self, words: list[HeardWord], language: str = "en") -> None:
        self._words, self._language = words, language
        self.calls: list[str] = []

    def language(self, _samples: np.ndarray) -> tuple[str, float]:
        self.calls.append("?")
        return self._language, 0.9

    def words(self, _samples: np.ndarray, language: str) -> list[HeardWord]:
        self.calls.append(language)
        return self._words


@pytest.fixture(scope="module")
def spoken() -> list[Speech]:
    return list(HibariSpeech().speak(Utterance(s, pause_after=1.2) for s in SENTENCES))


@pytest.fixture(scope="module")
def recording(spoken: list[Speech], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whisper") / "speech.wav"
    samples = soxr.resample(np.concatenate([p.samples for p in spoken]), 24000, 48000)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def truth(spoken: list[Speech]) -> list[HeardWord]:
    return [HeardWord(w.text, w.start + 0.08, w.end - 0.05) for piece in spoken for w in piece.words]


def listen(recording: Path, words: list[HeardWord], language: str = "en", **options) -> list[Speech]:
    return list(WhisperRecording(recogniser=FakeRecogniser(words, language), **options).listen(recording))


def test_words_get_the_times_of_their_sounds(recording, truth, spoken) -> None:
    pieces = listen(recording, truth)
    found = [w for p in pieces for w in p.words]
    said = [w for p in spoken for w in p.words]
    assert [w.text for w in found] == [w.text for w in said]
    assert np.median([abs(a.start - b.start) for a, b in zip(found, said, strict=True)]) < 0.03
    assert " ".join(p.text for p in pieces if p.text) == " ".join(SENTENCES)


def test_words_outside_all_speech_are_not_believed(recording, truth, spoken) -> None:
    ghost = HeardWord("Subscribe!", spoken[-1].end - 0.45, spoken[-1].end - 0.05)
    assert "Subscribe!" not in " ".join(p.text for p in listen(recording, [*truth, ghost]))


def test_speech_that_is_not_understood_still_has_phones(recording) -> None:
    pieces = listen(recording, [])
    assert sum(len(p.phones) for p in pieces) > 20
    assert {w.text for p in pieces for w in p.words} == {""}


def test_words_that_do_not_fit_keep_their_rough_times(recording, truth) -> None:
    wrong = [HeardWord("incomprehensibilities", w.start, w.end) for w in truth]
    for phone, after in itertools.pairwise([p for piece in listen(recording, wrong) for p in piece.phones]):
        assert phone.end > phone.start
        assert after.start >= phone.end - 1e-6


def test_other_languages_are_read_by_their_own_rules(recording, truth) -> None:
    words = [HeardWord("llama", w.start, w.end) for w in truth]
    pieces = listen(recording, words, "es")
    assert {" ".join(p.symbol for p in w.phones) for piece in pieces for w in piece.words} == {"Y AE M AE"}


def test_text_without_spaces_stays_so(recording, truth) -> None:
    pieces = listen(recording, [HeardWord("你", w.start, w.end) for w in truth], "zh")
    assert set("".join(p.text for p in pieces)) == {"你"}


def test_the_language_is_listened_for_unless_it_is_given(recording, truth) -> None:
    recogniser = FakeRecogniser(truth, "fr")
    engine = WhisperRecording(recogniser=recogniser, language="en")
    list(engine.listen(recording))
    assert set(recogniser.calls) == {"en"}
    recogniser = FakeRecogniser([], "fr")
    engine = WhisperRecording(recogniser=recogniser)
    list(engine.listen(recording))
    assert recogniser.calls[:2] == ["?", "fr"]
    assert engine.language == "fr"


def test_a_transcript_is_taken_as_given(recording) -> None:
    recogniser = FakeRecogniser([])
    pieces = list(WhisperRecording(recogniser=recogniser).listen(recording, " ".join(SENTENCES)))
    assert " ".join(p.text for p in pieces if p.text) == " ".join(SENTENCES)
    assert recogniser.calls == []


def test_pieces_cover_the_recording(recording, truth, spoken) -> None:
    position = 0.0
    for piece in listen(recording, truth):
        assert piece.start == pytest.approx(position, abs=1e-6)
        position = piece.end
    assert position == pytest.approx(spoken[-1].end, abs=0.01)
