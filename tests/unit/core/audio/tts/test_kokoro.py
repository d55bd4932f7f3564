import importlib.util

import pytest

from paksatalker.core.audio.tts.blend import SavedVoices, parse_blend
from paksatalker.core.audio.tts.kokoro import KokoroSpeech
from paksatalker.core.audio.tts.kokoro_voices import KOKORO_VOICES
from paksatalker.errors import EngineUnavailable, InvalidOption, UnknownVoice, WeightsMissing
from paksatalker.models.base import WeightsStore
from paksatalker.models.manifest import builtin_manifest


@pytest.fixture
def engine(tmp_path) -> KokoroSpeech:
    """Without its network."""
    saved = SavedVoices(tmp_path / "voices")
    saved.save("mine", parse_blend("af_heart+bf_emma"))
    saved.save("lost", parse_blend("af_heart+no_one"))
    return KokoroSpeech(WeightsStore(tmp_path / "weights"), saved)


def test_every_voice_has_its_file_in_the_manifest():
    files = {file.name for file in builtin_manifest()["kokoro"].files}
    assert files == {"kokoro.onnx", *(f"{name}.bin" for name in KOKORO_VOICES)}
    assert len(KOKORO_VOICES) == 54
    assert {v.language for v in KOKORO_VOICES.values()} >= {"en-US", "en-GB", "es", "ja"}
    assert KOKORO_VOICES["am_puck"].gender == "male"


@pytest.mark.parametrize("name", ["auto", "af_heart", "af_heart:0.6+bf_emma:0.4", "mine"])
def test_before_the_download_the_command_is_told(engine, name):
    assert engine.voices() == ()
    with pytest.raises(WeightsMissing, match="paksatalker models download kokoro"):
        engine.voice(name)
    with pytest.raises(WeightsMissing):
        engine.speak([], name)


@pytest.mark.parametrize("name", ["nobody", "../af_heart", "lost", "af_heart+nobody"])
def test_other_voices_are_unknown(engine, name):
    with pytest.raises(UnknownVoice):
        engine.voice(name)


def test_a_language_that_cannot_be_pronounced_is_told(engine, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match="pip install pyopenjtalk-plus"):
        engine.voice("jf_alpha")
    assert engine.lacking("ja") == "pip install pyopenjtalk-plus"
    assert engine.lacking("es") is engine.lacking("tlh") is None


def test_what_is_wrong_with_the_options_is_told(engine):
    with pytest.raises(InvalidOption, match="speed"):
        engine.speak([], speed=3)
    with pytest.raises(InvalidOption, match="pitch"):
        engine.speak([], pitch=7)
    with pytest.raises(InvalidOption, match="mixture"):
        engine.voice("af_heart:x+b")
