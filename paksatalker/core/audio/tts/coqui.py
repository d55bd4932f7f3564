"""Text to speech by Coqui's models, in a process and an environment of their own; phones are force-aligned.

``coqui-tts`` is MPL-2.0; the weights of XTTS-v2 are for non-commercial use only (Coqui Public Model License). Nothing
of it is imported here, and nothing is downloaded before its licence is accepted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from paksatalker.config import get_settings
from paksatalker.core.audio.cloning.xtts import ClonedVoice, XttsVoices
from paksatalker.core.audio.g2p import RULED
from paksatalker.core.audio.loudness import LOUDNESS, Leveller, amplified
from paksatalker.core.audio.recordings.piece_timing import aligned, spread
from paksatalker.core.audio.recordings.recording import SPEECH_RATE, Cut
from paksatalker.core.audio.recordings.sphinx import ForcedAligner
from paksatalker.core.audio.recordings.transcript import TranscriptWord
from paksatalker.core.audio.tts.coqui_process import CoquiProcess
from paksatalker.core.audio.tts.delivery import Delivery
from paksatalker.core.audio.word_phones import WordReader
from paksatalker.core.engines import Voice
from paksatalker.core.languages import primary
from paksatalker.core.timeline import FloatArray, Speech, Utterance, Word
from paksatalker.errors import EngineUnavailable, TextEmpty, UnknownVoice

SAMPLE_RATE = 24000
#: Coqui's own variable: set to 1 by who has read the licence and accepts it.
AGREED = "COQUI_TOS_AGREED"
_TYPICAL_GAIN_DB = 3.0
_LEAD = 0.15  # seconds before the first piece
_SOUNDING = 0.02  # of the largest sample: where speech begins and ends
_CPML = (
    "the weights of XTTS-v2 are under the Coqui Public Model License: non-commercial use only "
    "(https://coqui.ai/cpml.txt)"
)
_XTTS_LANGUAGES = (
    "en",
    "es",
    "fr",
    "de",
    "it",
    "pt",
    "pl",
    "tr",
    "ru",
    "nl",
    "cs",
    "ar",
    "zh-cn",
    "hu",
    "ko",
    "ja",
    "hi",
)


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    licence: str
    languages: tuple[str, ...]
    asks: bool


_MODELS = {
    "xtts": _Model("tts_models/multilingual/multi-dataset/xtts_v2", _CPML, _XTTS_LANGUAGES, asks=True),
    "vits": _Model("tts_models/en/ljspeech/vits", "the weights of VITS (LJSpeech) are Apache-2.0", ("en",), asks=False),
}


class CoquiSpeech:
    """The ``coqui`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`. Voices: ``xtts`` and ``vits``.

    Its process starts with the first text and ends with the last, or when the stream is closed.

    Args:
        python: The interpreter that has ``coqui-tts``; None takes ``PAKSATALKER_COQUI_PYTHON``.
        loudness: Target, LUFS.
        cloned: The user's own voices; None takes the settings' folder.
    """

    def __init__(self, python: str | None = None, loudness: float = LOUDNESS, cloned: XttsVoices | None = None) -> None:
        self._python = get_settings().coqui_python if python is None else python
        self._loudness = loudness
        self._cloned = cloned or XttsVoices(get_settings().voices)

    def voices(self) -> tuple[Voice, ...]:
        """Those that can be spoken with: none without an interpreter, none whose licence is not accepted."""
        usable = [name for name, model in _MODELS.items() if self._python and (_agreed() or not model.asks)]
        own = self._cloned.names() if "xtts" in usable else ()
        return tuple(_voice(name) for name in usable) + tuple(_own_voice(name) for name in own)

    def voice(self, name: str = "auto") -> Voice:
        """The voice of a name; ``auto`` is ``xtts``.

        Raises:
            UnknownVoice: Coqui has no such voice here.
            EngineUnavailable: There is no interpreter, or the licence of the weights is not accepted.
            ConsentMissing: It was cloned, and the record of the speaker's consent is missing or was changed.
            InvalidOption: It was cloned, and its files are damaged.
        """
        name = "xtts" if name == "auto" else name.removeprefix("coqui:")
        cloned = self._cloned.load(name)
        model = _MODELS["xtts"] if cloned else _MODELS.get(name)
        if model is None:
            raise UnknownVoice(
                f"there is no voice '{name}'", "coqui does not have it here", f"One of: {', '.join(_MODELS)}"
            )
        if not self._python:
            fix = "Make an environment with coqui-tts, and set PAKSATALKER_COQUI_PYTHON to its python"
            raise EngineUnavailable(f"the voice '{name}' cannot speak here", "Coqui is not installed", fix)
        if model.asks and not _agreed():
            raise EngineUnavailable(
                f"the voice '{name}' is not loaded", model.licence, f"If you accept that, set {AGREED}=1"
            )
        return _own_voice(name) if cloned else _voice(name)

    def speak(
        self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0, pitch: float = 0.0
    ) -> Iterator[Speech]:
        """Speaks utterance by utterance, all with one voice.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: What :meth:`voice` takes.
            speed: 0.5 (slow) to 2 (fast).
            pitch: Semitones, −6 to 6; the formants move with it, and the speed is made up for.

        Yields:
            Pieces at 24 kHz that follow each other sample by sample.

        Raises:
            PaksaTalkerError: As :meth:`voice` has them.
            EngineUnavailable: The process failed, took too long, or died.
            InvalidOption: Speed or pitch out of range.
            TextEmpty: Nothing in the utterances can be said.
        """
        delivery = Delivery.asked(speed, pitch)
        return self._speak(utterances, self.voice(voice), delivery)

    def _speak(self, utterances: Iterable[Utterance], voice: Voice, delivery: Delivery) -> Iterator[Speech]:
        position = 0
        leveller = Leveller(self._loudness, _TYPICAL_GAIN_DB)
        timer = _Timer()
        cloned = self._cloned.load(voice.name)
        model = _MODELS["xtts" if cloned else voice.name]
        with CoquiProcess(str(self._python), model.name) as process:
            for utterance in utterances:
                if not any(c.isalnum() for c in utterance.text):
                    continue
                language = utterance.language or voice.language
                factor = 2 ** ((delivery.pitch + utterance.pitch) / 12)
                request: dict[str, Any] = {"text": utterance.text, "speed": delivery.speed * utterance.rate / factor}
                if len(model.languages) > 1:
                    tag = primary(language)
                    request["language"] = "zh-cn" if tag == "zh" else tag
                    request |= _speaker(cloned, process.speakers)
                sound = soxr.resample(process.say(**request), process.rate * factor, SAMPLE_RATE).astype(np.float32)
                samples, words = timer.timed(sound, utterance, language, first=not position)
                start, position = position / SAMPLE_RATE, position + len(samples)
                samples = leveller.apply(samples, SAMPLE_RATE)
                if utterance.volume:
                    samples = amplified(samples, SAMPLE_RATE, utterance.volume)
                piece = Speech(samples, SAMPLE_RATE, words=words, text=utterance.text,
                               emotion=utterance.emotion, intensity=utterance.intensity)  # fmt: skip
                yield piece.shifted(start)
        if not position:
            raise TextEmpty("there is nothing to say", "the text has no words", "Write at least one word")


class _Timer:
    """Trims what was said, and finds its words in it: aligned where there are rules of reading, else spread."""

    def __init__(self) -> None:
        self._aligner: ForcedAligner | None = None
        self._readers: dict[str, WordReader] = {}

    def timed(
        self, sound: FloatArray, utterance: Utterance, language: str, *, first: bool
    ) -> tuple[FloatArray, tuple[Word, ...]]:
        loud = np.flatnonzero(np.abs(sound) > _SOUNDING * np.abs(sound).max(initial=1e-9))
        begin, end = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(sound))
        before = round((_LEAD if first else 0.05) * SAMPLE_RATE)
        after = round(max(utterance.pause_after, 0.1) * SAMPLE_RATE)
        samples = np.concatenate([np.zeros(before, np.float32), sound[begin:end], np.zeros(after, np.float32)])
        spoken = (before / SAMPLE_RATE, (len(samples) - after) / SAMPLE_RATE)
        heard = soxr.resample(samples, SAMPLE_RATE, SPEECH_RATE).astype(np.float32)
        cut = Cut(samples, SAMPLE_RATE, 0, heard, (spoken,))
        tag = primary(language)
        words = self._readers.setdefault(tag, WordReader(tag)).words(utterance.text)
        if not words:
            return samples, ()
        found = self._aligned(cut, words) if tag in RULED else None
        if found is None:
            edges = np.cumsum([0, *(len(word.phones) for word in words)])
            times = spoken[0] + edges / edges[-1] * (spoken[1] - spoken[0])
            found = spread(words, list(zip(times[:-1].tolist(), times[1:].tolist(), strict=True)), cut)
        return samples, found

    def _aligned(self, cut: Cut, words: list[TranscriptWord]) -> tuple[Word, ...] | None:
        self._aligner = self._aligner or ForcedAligner()
        return aligned(self._aligner, cut, words)


def _voice(name: str) -> Voice:
    model = _MODELS[name]
    also = tuple(primary(tag) for tag in model.languages[1:])
    return Voice(name, "coqui", model.languages[0], "", f"{model.name}; {len(model.languages)} languages", also)


def _own_voice(name: str) -> Voice:
    also = _voice("xtts").also
    return Voice(name, "coqui", "en", "", f"cloned from recordings by XTTS-v2; {len(also) + 1} languages", also)


def _speaker(cloned: ClonedVoice | None, speakers: tuple[str, ...]) -> dict[str, Any]:
    """Who speaks, as Coqui's ``tts`` takes it."""
    if cloned is not None:
        return {"speaker_wav": str(cloned.recording)}
    return {"speaker": speakers[0] if speakers else None}


def _agreed() -> bool:
    return os.environ.get(AGREED) == "1"
