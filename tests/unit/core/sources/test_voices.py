import pytest

from paksatalker.core.engines import Capabilities, EngineInfo, Voice
from paksatalker.core.sources import voices
from paksatalker.core.sources.voices import find_speaker
from paksatalker.errors import EngineUnavailable, UnknownVoice, WeightsMissing


class Fake:
    def __init__(self, *names: str, missing: bool = False) -> None:
        self.names, self.missing = names, missing

    def voices(self):
        return () if self.missing else tuple(Voice(name, "fake", "en-US") for name in self.names)

    def voice(self, name="auto"):
        if name not in (*self.names, "auto"):
            raise UnknownVoice("no")
        if self.missing:
            raise WeightsMissing("it is not here")
        return Voice(name, "fake", "en-US")

    def speak(self, utterances, voice="auto", speed=1.0, pitch=0.0):
        return iter(())


def info(name: str, priority: int, weights: tuple[str, ...] = ()) -> EngineInfo:
    return EngineInfo(name, "speech", Capabilities("text", "Speech"), "x:y", priority=priority, weights=weights)


@pytest.fixture
def make(monkeypatch):
    engines = {"first": Fake("ann", "bob"), "second": Fake("cid"), "third": Fake("dan", missing=True)}
    infos = (info("first", 9), info("second", 5), info("third", 1, ("third-weights",)))
    monkeypatch.setattr(voices, "installed", lambda stage: infos)
    monkeypatch.setattr(voices, "find", lambda stage, name: next(i for i in infos if name in (i.name, "auto")))
    return lambda found: engines[found.name]


@pytest.mark.parametrize(
    ("voice", "engine", "expected"),
    [("auto", "auto", "first"), ("cid", "auto", "second"), ("auto", "second", "second"), ("bob", "first", "first")],
)
def test_the_engine_that_has_the_voice_is_found(make, voice, engine, expected):
    found = find_speaker(voice, engine, make)
    assert (found.info.name, found.voice.name) == (expected, voice)


def test_a_named_engine_is_not_replaced(make):
    with pytest.raises(UnknownVoice):
        find_speaker("cid", "first", make)


def test_an_unknown_voice_names_all_there_are_and_how_to_get_more(make):
    with pytest.raises(UnknownVoice, match=r"ann, bob, cid; more .* download third-weights"):
        find_speaker("eve", "auto", make)


def test_a_voice_that_must_be_downloaded_first_says_so(make):
    with pytest.raises(WeightsMissing):
        find_speaker("dan", "auto", make)


def test_a_voice_can_be_named_with_its_engine(make, monkeypatch):
    with pytest.raises(UnknownVoice):
        find_speaker("second:nobody", "auto", make)
    missing = EngineInfo("gone", "speech", Capabilities("text", "Speech"), "x:y", ("no_such",), "pip install no-such")
    monkeypatch.setattr(voices, "installed", lambda stage: (missing,))
    with pytest.raises(EngineUnavailable, match="pip install no-such"):
        find_speaker("gone:de", "auto", make)
