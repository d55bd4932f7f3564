import wave
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paksatalker.config.settings import Settings
from paksatalker.core.engines import Capabilities, EngineInfo
from paksatalker.core.request import Request
from paksatalker.core.sources import casting, source
from paksatalker.core.sources.source import LEAD_IN, LEAD_OUT, SpeechSource, open_source
from paksatalker.core.timeline import Speech, Word
from paksatalker.errors import AudioTooLong, AudioUnreadable, TextEmpty, TextTooLong, TextUnreadable

RATE = 8000


class Listener:
    def __init__(self) -> None:
        self.transcripts: list[str | None] = []
        self.notes: list[str] = []
        self.languages: list[str] = []
        self.speak = Speaker().speak

    def listen(self, recording: Path, transcript: str | None = None, language: str = "") -> Iterator[Speech]:
        self.transcripts.append(transcript)
        self.languages.append(language)
        said = (transcript or "").split()
        words = tuple(Word(word, i / 100, (i + 1) / 100) for i, word in enumerate(said))
        yield Speech(np.zeros(RATE, np.float32), RATE, 0.0, words, transcript or "")


class Voice:
    language = "en-US"
    also = ()
    name = "ann"


class Speaker:
    def voice(self, name: str) -> Voice:
        return Voice()

    def speak(self, utterances: Any, voice: str = "auto", speed: float = 1.0, **_: Any) -> Iterator[Speech]:
        start = 0.0
        for utterance in utterances:
            word = Word(utterance.text, start + 0.1, start + 0.9)
            yield Speech(np.ones(RATE, np.float32), RATE, start, (word,), utterance.text)
            start += 1.0


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    info = EngineInfo("ear", "recording", Capabilities("audio", "Speech"), "a:b")
    monkeypatch.setattr(source, "find", lambda stage, name: info)
    monkeypatch.setattr(source, "installed", lambda stage: (info,))
    made: Any = SimpleNamespace(info=info, engine=Speaker(), voice=Voice())
    for module in (source, casting):
        monkeypatch.setattr(module, "find_speaker", lambda voice, engine, make: made)
    monkeypatch.setattr(casting, "find", lambda stage, name: info)
    return Listener()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "said.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * RATE))
    return path


def opened(listener: Listener, settings: Settings | None = None, **options: Any) -> SpeechSource:
    return open_source(Request(image="f", **options), settings or Settings(), lambda _: listener)


def test_a_text_is_spoken_between_rests(listener: Listener) -> None:
    source = opened(listener, text="Hello there. How are you?")
    pieces = list(source.pieces())
    assert source.stage == "speech"
    assert source.characters == len("Hello there. How are you?")
    assert [round(piece.start, 3) for piece in pieces] == [0.0, LEAD_IN, LEAD_IN + 1, LEAD_IN + 2]
    assert [piece.text for piece in pieces] == ["", "Hello there.", "How are you?", ""]
    assert pieces[1].words[0].start == pytest.approx(LEAD_IN + 0.1)
    assert len(pieces[-1].samples) == round(LEAD_OUT * RATE)
    assert not pieces[0].samples.any()
    assert not pieces[-1].samples.any()


def test_a_text_file_is_a_text(listener: Listener, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfHello there.\r\n")
    for name in (tmp_path / "a.txt", str(tmp_path / "a.txt")):
        assert [p.text for p in opened(listener, text_file=name).pieces()] == ["", "Hello there.", ""]


def test_emoji_are_noted(listener: Listener) -> None:
    assert any("emoji" in note for note in opened(listener, text="Hi 🙂.").notes)


def test_texts_that_cannot_be_said(listener: Listener, tmp_path: Path) -> None:
    with pytest.raises(TextEmpty):
        opened(listener, text=" \n")
    with pytest.raises(TextUnreadable):
        opened(listener, text_file=tmp_path / "none.txt")
    with pytest.raises(TextTooLong, match="10 are allowed"):
        opened(listener, Settings(max_text_characters=10), text="Eleven long words")


def test_a_recording_is_heard_with_its_length(listener: Listener, recording: Path) -> None:
    source = opened(listener, audio=recording)
    assert (source.stage, source.engine, source.duration, source.characters) == ("recording", "ear", 1.0, 0)
    assert len(list(source.pieces())) == 1
    assert listener.transcripts == [None]


def test_what_an_engine_found_out_is_told_when_it_is_done(listener: Listener, recording: Path) -> None:
    source = opened(listener, audio=recording)
    list(source.pieces())
    before = source.late_notes()
    listener.notes = ["it is damaged"]
    assert source.late_notes() == ("it is damaged", *before)


@pytest.mark.parametrize(
    ("language", "written", "said", "tag"),
    [
        ("auto", "It costs $5, Dr. Smith. See Henry VIII.",
         "It costs five dollars, Doctor Smith. See Henry the eighth.", "en"),
        ("auto", "La casa cuesta 21 euros hoy.", "La casa cuesta veintiún euros hoy.", "es"),
        ("de-AT", "Am 3. Mai um 14:30 Uhr.", "Am dritten Mai um vierzehn Uhr dreißig.", "de"),
    ],
)  # fmt: skip
def test_a_transcript_is_read_as_a_voice_would(
    listener: Listener, recording: Path, language: str, written: str, said: str, tag: str
) -> None:
    (piece,) = opened(listener, audio=recording, transcript=written, language=language).pieces()
    assert (listener.transcripts, listener.languages) == ([said], [tag])
    assert " ".join(word.text for word in piece.words) == written
    assert piece.text == written


def test_a_transcript_is_a_text_or_a_file(listener: Listener, recording: Path, tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("I *said* it.", encoding="utf-8")
    for transcript in ("I *said* it.", tmp_path / "said.txt"):
        list(opened(listener, audio=str(recording), transcript=transcript).pieces())
    assert listener.transcripts == ["I said it.", "I said it."]
    with pytest.raises(TextUnreadable):
        opened(listener, audio=recording, transcript=tmp_path / "none.txt")
    with pytest.raises(TextEmpty):
        opened(listener, audio=recording, transcript="")


def test_a_recording_has_the_emotion_asked_for(listener: Listener, recording: Path) -> None:
    (piece,) = opened(listener, audio=recording, emotion="happy", emotion_intensity=0.5).pieces()
    assert (piece.emotion, piece.intensity) == ("happy", 0.5)


def test_a_recording_is_brought_to_a_loudness(
    listener: Listener, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = 0.01 * np.sin(np.arange(RATE) * 0.8)
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((32767 * sound).astype("<i2").tobytes())
    monkeypatch.setattr(listener, "listen", lambda _: iter([Speech(sound.astype(np.float32), RATE)]))
    source = opened(listener, audio=recording, loudness=-20)
    (piece,) = source.pieces()
    (note,) = [note for note in source.late_notes() if "LUFS" in note]
    assert "to -20.0 LUFS" in note
    louder = float(note.split(" dB")[0].split()[-1])
    assert 20 * np.log10(np.abs(piece.samples).max() / 0.01) == pytest.approx(louder, abs=0.1)


def test_recordings_that_cannot_be_heard(listener: Listener, recording: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable):
        opened(listener, audio=tmp_path / "none.wav")
    with pytest.raises(AudioTooLong, match="PAKSATALKER_MAX_AUDIO_MINUTES"):
        opened(listener, Settings(max_audio_minutes=0.01), audio=recording)
