"""With the real model: skipped where the extra or the weights are not installed."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import soxr

from paksatalker.core.audio.recordings import whisper
from paksatalker.core.audio.recordings.whisper import Recogniser
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.engines import find
from paksatalker.core.text.subtitles import SubtitleWriter
from paksatalker.core.timeline import Speech, Utterance
from paksatalker.errors import AudioSilent
from paksatalker.models.base import WeightsStore

_HINDRANCE = find("recording", "whisper").hindrance()
pytestmark = pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))

SENTENCES = (
    "Today I want to explain how a single photo can learn to speak.",
    "My brother Daniel lives in Chicago with his wife and two children.",
    "Please send the report before noon on Friday.",
    "Could you tell me where the nearest library is?",
)


@pytest.fixture(scope="module")
def spoken() -> list[Speech]:
    return list(HibariSpeech().speak(Utterance(s, pause_after=0.5) for s in SENTENCES))


@pytest.fixture(scope="module")
def recording(spoken: list[Speech], tmp_path_factory: pytest.TempPathFactory, write_wav) -> Path:
    samples = soxr.resample(np.concatenate([p.samples for p in spoken]), 24000, 44100)
    return write_wav(tmp_path_factory.mktemp("recording") / "speech.wav", samples, 44100)


@pytest.fixture(scope="module")
def engine():
    return find("recording", "whisper").create()


@pytest.fixture(scope="module")
def understood(engine, recording: Path) -> list[Speech]:
    return list(engine.listen(recording))


def plain(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_auto_takes_it() -> None:
    assert find("recording").name == "whisper"


def test_speech_is_understood(understood: list[Speech], engine) -> None:
    assert plain(" ".join(p.text for p in understood)) == plain(" ".join(SENTENCES))
    assert engine.language == "en"


def test_words_in_circles_are_not_timed(monkeypatch: pytest.MonkeyPatch, spoken: list[Speech]) -> None:
    sound = soxr.resample(spoken[0].samples, 24000, 16000)
    recogniser = Recogniser(WeightsStore().path("whisper-base"))
    assert recogniser.words(sound, "en")
    timed: list[int] = []
    find_alignment = type(recogniser._model).find_alignment

    def counted(model, tokenizer, tokens, *rest):
        timed.append(len(tokens))
        return find_alignment(model, tokenizer, tokens, *rest)

    monkeypatch.setattr(type(recogniser._model), "find_alignment", counted)
    assert recogniser.words(sound, "en")
    assert timed == [1]  # one window
    monkeypatch.setattr(whisper, "_REPETITIVE", 0.1)  # now all speech is taken for circles
    assert recogniser.words(sound, "en") == []
    assert timed == [1]


def test_phones_are_timed(understood: list[Speech], spoken: list[Speech]) -> None:
    truth = [p for piece in spoken for p in piece.phones]
    found = [p for piece in understood for p in piece.phones]
    assert [p.symbol for p in found] == [p.symbol for p in truth]
    errors = np.array([abs(a.start - b.start) for a, b in zip(found, truth, strict=True)])
    assert np.median(errors) <= 0.02
    assert np.mean(errors <= 0.05) >= 0.9
    assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(found))


def test_the_same_recording_gives_the_same_words(engine, recording: Path, understood: list[Speech]) -> None:
    assert [p.words for p in engine.listen(recording)] == [p.words for p in understood]


def test_recordings_get_subtitles(understood: list[Speech], tmp_path: Path) -> None:
    with SubtitleWriter(tmp_path / "out.srt") as writer:
        for piece in understood:
            writer.add(piece)
        writer.complete()
    lines = (tmp_path / "out.srt").read_text(encoding="utf-8")
    spoken = [line for line in lines.splitlines() if line and "-->" not in line and not line.isdigit()]
    assert plain(" ".join(spoken)) == plain(" ".join(SENTENCES))


def test_nothing_is_heard_in_music_and_noise(engine, tmp_path: Path, write_wav) -> None:
    times = np.arange(16000 * 6) / 16000
    chord = sum(np.sin(2 * np.pi * f * times) for f in (220, 277.2, 329.6)) * np.exp(-3 * (times * 2 % 1)) * 0.2
    noise = np.random.default_rng(1).normal(0, 0.05, len(times))
    for number, sound in enumerate((chord, noise)):
        with pytest.raises(AudioSilent):
            next(engine.listen(write_wav(tmp_path / f"{number}.wav", sound, 16000)))


def test_no_words_are_made_up_around_speech(engine, spoken: list[Speech], tmp_path: Path, write_wav) -> None:
    times = np.arange(24000 * 8) / 24000
    chord = sum(np.sin(2 * np.pi * f * times) for f in (220, 277.2, 329.6)) * np.exp(-3 * (times * 2 % 1)) * 0.1
    sound = np.concatenate([chord, spoken[0].samples, chord, np.zeros(24000 * 20), spoken[1].samples, chord])
    found = list(engine.listen(write_wav(tmp_path / "between.wav", sound, 24000)))
    assert plain(" ".join(p.text for p in found)) == plain(" ".join(SENTENCES[:2]))


def test_telephone_sound_is_understood(engine, spoken: list[Speech], tmp_path: Path, write_wav) -> None:
    sound = soxr.resample(np.concatenate([p.samples for p in spoken]), 24000, 8000)
    said = plain(" ".join(p.text for p in engine.listen(write_wav(tmp_path / "phone.wav", sound, 8000))))
    assert len(set(said) & set(plain(" ".join(SENTENCES)))) >= 0.9 * len(set(said))
