"""The engine with a real process whose ``TTS`` is a stand-in of the same surface."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from paksatalker.core.audio.cloning.consent import consent_for
from paksatalker.core.audio.cloning.xtts import XttsVoices
from paksatalker.core.audio.tts.coqui import AGREED, CoquiSpeech
from paksatalker.core.audio.tts.coqui_process import CoquiProcess
from paksatalker.core.timeline import Utterance
from paksatalker.errors import ConsentMissing, EngineUnavailable, TextEmpty, UnknownVoice

FAKE = """
import sys, time
import numpy as np
print("a library that talks on stdout")
class TTS:
    def __init__(self, name, progress_bar=True):
        if name == "broken":
            raise RuntimeError("no such model")
        self.speakers = ["Ann"]
        self.synthesizer = type("S", (), {"output_sample_rate": 22050})()
    def tts(self, text, speed=1.0, language=None, speaker=None, speaker_wav=None):
        if speaker_wav:
            assert speaker is None
            open(speaker_wav, "rb").close()
            sys.stderr.write("listening to " + speaker_wav + "\\n")
            text = text * 3
        if text == "crash":
            import os
            sys.stderr.write("out of memory\\n"); sys.stderr.flush()
            os._exit(9)
        if text == "hang":
            time.sleep(60)
        if text == "fail":
            raise ValueError("cannot say it")
        n = int(22050 * 0.08 * len(text) / speed)
        return (0.3 * np.sin(np.arange(n) * 0.05)).tolist()
"""


@pytest.fixture(autouse=True)
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "TTS").mkdir()
    (tmp_path / "TTS" / "__init__.py").write_text("")
    (tmp_path / "TTS" / "api.py").write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv(AGREED, "1")


def test_nothing_is_loaded_before_the_licence_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(AGREED)
    engine = CoquiSpeech(sys.executable)
    assert [voice.name for voice in engine.voices()] == ["vits"]
    with pytest.raises(EngineUnavailable, match="non-commercial"):
        engine.speak([Utterance("Hello.")])
    assert CoquiSpeech("").voices() == ()
    with pytest.raises(EngineUnavailable, match="PAKSATALKER_COQUI_PYTHON"):
        CoquiSpeech("").voice("vits")
    with pytest.raises(UnknownVoice):
        CoquiSpeech("").voice("af_heart")


def test_pieces_follow_each_other_and_their_words_are_timed() -> None:
    texts = [
        Utterance("Hola amigo.", language="es", pause_after=0.3),
        Utterance("..."),
        Utterance("Adiós.", language="es"),
    ]
    first, second = CoquiSpeech(sys.executable).speak(texts, "xtts")
    assert second.start == pytest.approx(first.end, abs=1e-6)
    assert [word.text for word in first.words] == ["Hola", "amigo."]
    assert first.words[0].start >= 0.14
    assert first.end - first.words[-1].end >= 0.29
    assert all(word.phones for word in (*first.words, *second.words))
    assert second.words[0].start > second.start


def test_a_cloned_voice_is_spoken_after_its_recording(tmp_path: Path) -> None:
    cloned = XttsVoices(tmp_path / "voices")
    consent = consent_for("ada", "I am Ada Lovelace and I agree to this voice.", ())
    cloned.save("ada", np.full(24000, 0.1, np.float32), consent)
    engine = CoquiSpeech(sys.executable, cloned=cloned)
    assert [voice.name for voice in engine.voices()] == ["xtts", "vits", "ada"]
    (own,), (stock,) = (list(engine.speak([Utterance("Hello you.")], name)) for name in ("ada", "xtts"))
    assert own.end > 2 * stock.end, "the model got the recording"
    assert [word.text for word in own.words] == ["Hello", "you."]
    cloned.file("ada").with_name("ada.consent.json").unlink()
    with pytest.raises(ConsentMissing):
        engine.speak([Utterance("Hello.")], "ada")


def test_a_clone_needs_the_licence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloned = XttsVoices(tmp_path / "voices")
    cloned.save("ada", np.full(24000, 0.1, np.float32), consent_for("ada", "I am Ada Lovelace and I agree.", ()))
    monkeypatch.delenv(AGREED)
    engine = CoquiSpeech(sys.executable, cloned=cloned)
    assert [voice.name for voice in engine.voices()] == ["vits"]
    with pytest.raises(EngineUnavailable, match="non-commercial"):
        engine.voice("ada")


def test_only_punctuation() -> None:
    with pytest.raises(TextEmpty):
        list(CoquiSpeech(sys.executable).speak([Utterance("…")], "vits"))


def test_a_stream_that_is_closed_ends_its_process() -> None:
    stream = CoquiSpeech(sys.executable).speak([Utterance("Hola.", language="es"), Utterance("hang")])
    next(stream)
    began = time.monotonic()
    stream.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 20


def test_failures_are_told_and_the_process_ends() -> None:
    with CoquiProcess(sys.executable, "m", say_s=1.0) as process:
        assert (process.rate, process.speakers) == (22050, ("Ann",))
        with pytest.raises(EngineUnavailable, match="cannot say it"):
            process.say(text="fail")
        assert len(process.say(text="ok")) > 0  # it goes on
        with pytest.raises(EngineUnavailable, match="longer than 1 s"):
            process.say(text="hang")
    with CoquiProcess(sys.executable, "m") as process, pytest.raises(EngineUnavailable, match="out of memory"):
        process.say(text="crash")
    with pytest.raises(EngineUnavailable, match="no such model"):
        CoquiProcess(sys.executable, "broken")
    with pytest.raises(EngineUnavailable, match="nowhere"):
        CoquiProcess("/nowhere/python", "m")
