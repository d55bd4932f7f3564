"""What is written, normalised and spoken is what Whisper hears. Skipped where the extra or the weights are missing."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest

from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.engines import find
from paksatalker.core.sources.speaking import speak_directed
from paksatalker.core.text.normalise import normalise, spoken_text
from paksatalker.core.timeline import Speech, Utterance

_HINDRANCE = find("recording", "whisper").hindrance()

SENTENCES = (
    "The house costs $3.5 million today.",
    "We met on 3/4/2026 in Paris.",
    "It was −3 °C last night.",
    "Call me at 555-123-4567 tomorrow.",
    "Add 2½ cups of flour.",
    "Visit www.example.com for more.",
)


@pytest.fixture(scope="module")
def spoken() -> list[Speech]:
    utterances = (normalise(Utterance(s, language="en", pause_after=0.6)) for s in SENTENCES)
    return list(speak_directed(HibariSpeech().speak, utterances))


def test_words_come_back_as_they_were_written(spoken: list[Speech]) -> None:
    assert " ".join(word.text for piece in spoken for word in piece.words) == " ".join(SENTENCES)


@pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))
def test_what_is_heard_is_what_was_written(spoken: list[Speech], tmp_path: Path) -> None:
    first = next(i for i, piece in enumerate(spoken) if SENTENCES[3].split()[-1] in piece.text)
    samples = np.concatenate([piece.samples for piece in spoken[:first]])
    recording = tmp_path / "speech.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    heard = " ".join(piece.text for piece in find("recording", "whisper").create().listen(recording))
    assert words(heard) == words(" ".join(SENTENCES[:3]))


def words(text: str) -> list[str]:
    return re.findall("[a-z]+", spoken_text(text, "en").lower())
