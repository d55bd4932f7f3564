"""Text to speech by espeak-ng: a robotic voice in about a hundred languages, with the true timings of its phones.

The library is GPL-3: an extra that nothing else needs. It is loaded here without a wrapper; its own events tell when
each word and each phone begins. It has one state for the whole process, so that one text is spoken at a time.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import soxr

from paksatalker.core.audio.audible import audible, last_audible
from paksatalker.core.audio.loudness import LOUDNESS, Leveller, amplified
from paksatalker.core.audio.phones import segments
from paksatalker.core.audio.tts.delivery import Delivery, manner_of
from paksatalker.core.audio.tts.espeak_languages import LANGUAGES
from paksatalker.core.audio.tts.opening import Part
from paksatalker.core.audio.tts.synthesis import FIRST_LEAD, LEAD, SAMPLE_RATE, framed, timed_words
from paksatalker.core.engines import Voice
from paksatalker.core.timeline import FloatArray, Phone, Speech, Utterance, Word
from paksatalker.errors import EngineUnavailable, TextEmpty, UnknownVoice

_PREFIX = "espeak:"
_SYNCHRONOUS, _PHONEME_EVENTS, _IPA, _DONT_EXIT = 2, 1, 2, 0x8000  # of espeak_Initialize
_UTF8, _CHARACTERS = 1, 1  # of espeak_Synth: encoding, and that positions count characters
_END, _WORD, _PHONEME = 0, 1, 7  # of espeak_EVENT
_RATE, _PITCH, _RANGE = 1, 3, 4  # of espeak_SetParameter
_NORMAL_RATE, _SLOWEST, _FASTEST = 175, 80, 450  # words a minute
#: Measured of its German voice; it goes no lower than about five semitones.
_SEMITONES, _PITCHES = (-5.0, -4.4, -3.4, -1.7, 0.0, 2.25, 4.7, 7.4), (0, 10, 25, 37, 50, 62, 75, 90)
_TYPICAL_GAIN_DB = 0.0
#: What misaki has one letter for.
_LETTERS = {"eɪ": "A", "aɪ": "I", "oʊ": "O", "əʊ": "Q", "aʊ": "W", "ɔɪ": "Y", "tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ"}
_GIVEN = re.compile(r"\[([^\[\]]*)\]\(/[^()]*/\)")  # a pronunciation in misaki's alphabet: espeak cannot take it


class _Id(ctypes.Union):
    _fields_: ClassVar = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class _Mark:
    """The beginning of a phone (IPA; empty for a pause) or of a word (its index)."""

    seconds: float
    phone: str
    word: int


class _Library:
    """espeak-ng itself.

    What it says depends on all that it said before (the phase of its flutter outlives even its own Terminate), so it is
    loaded anew for every text, which takes a few milliseconds: the same text, the same samples.
    """

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._path = espeakng_loader.get_library_path()
        self._data = espeakng_loader.get_data_path().encode()

    @contextmanager
    def _loaded(self) -> Iterator[tuple[ctypes.CDLL, int]]:
        """The library as new, and its sample rate."""
        with self._lock:
            library = ctypes.CDLL(self._path)
            rate = int(library.espeak_Initialize(_SYNCHRONOUS, 0, self._data, _PHONEME_EVENTS | _IPA | _DONT_EXIT))
            try:
                if rate <= 0:
                    fix = "Run: pip install --force-reinstall espeakng-loader"
                    raise EngineUnavailable("espeak-ng cannot be used", "its data cannot be read", fix)
                yield library, rate
            finally:
                library.espeak_Terminate()
                _unload(library)

    def say(self, text: str, voice: str, delivery: Delivery) -> tuple[FloatArray, list[_Mark]]:
        """Samples [N] at 24 kHz and the marks in order."""
        starts = [match.start() for match in re.finditer(r"\S+", text)]
        sound: list[bytes] = []
        marks: list[_Mark] = []

        def receive(samples: Any, count: int, events: Any) -> int:
            if samples and count:
                sound.append(ctypes.string_at(samples, 2 * count))
            index = 0
            while events[index].type != _END:
                event = events[index]
                word = int(np.searchsorted(starts, event.position - 1, "right")) - 1
                phone = event.id.string.decode("utf-8", "ignore") if event.type == _PHONEME else ""
                if event.type in (_WORD, _PHONEME):
                    marks.append(_Mark(event.sample, phone, word if event.type == _WORD else -1))
                index += 1
            return 0

        content = text.encode("utf-8")
        with self._loaded() as (library, rate):
            callback = _Callback(receive)  # alive as long as it may be called
            library.espeak_SetSynthCallback(callback)
            if library.espeak_SetVoiceByName(voice.encode()) != 0:
                fix = "Run: pip install --force-reinstall espeakng-loader"
                raise EngineUnavailable(f"espeak-ng cannot speak '{voice}'", "its data lacks the language", fix)
            for parameter, value in _parameters(delivery).items():
                library.espeak_SetParameter(parameter, value, 0)
            library.espeak_ng_SetRandSeed(ctypes.c_long(1))
            size = ctypes.c_size_t(len(content) + 1)
            library.espeak_Synth(content, size, 0, _CHARACTERS, 0, _UTF8, None, None)
        samples = np.frombuffer(b"".join(sound), np.int16).astype(np.float32) / 32768
        timed = [_Mark(mark.seconds / rate, mark.phone, mark.word) for mark in marks]
        return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32), timed


def _unload(library: ctypes.CDLL) -> None:
    import _ctypes

    release = getattr(_ctypes, "dlclose", None) or getattr(_ctypes, "FreeLibrary")  # noqa: B009  (on Windows only)
    release(library._handle)


def _parameters(delivery: Delivery) -> dict[int, int]:
    """What espeak calls them; 50 of its range are the usual one."""
    return {
        _RATE: round(min(max(_NORMAL_RATE * delivery.speed, _SLOWEST), _FASTEST)),
        _PITCH: round(float(np.interp(delivery.pitch, _SEMITONES, _PITCHES))),
        _RANGE: round(min(max(50 * delivery.range, 0), 99)),
    }


@cache
def _library() -> _Library:
    return _Library()


class EspeakSpeech:
    """The ``espeak`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`.

    A voice is ``espeak:`` and a language: ``espeak:de``. There is no randomness in it.

    Args:
        loudness: Target, LUFS.
    """

    def __init__(self, loudness: float = LOUDNESS) -> None:
        self._loudness = loudness

    def voices(self) -> tuple[Voice, ...]:
        """A voice for each language."""
        return tuple(_voice(code) for code in LANGUAGES)

    def voice(self, name: str = "auto") -> Voice:
        """The voice of a name; ``auto`` is American English.

        Raises:
            UnknownVoice: There is no such voice.
        """
        code = "en-us" if name == "auto" else name.removeprefix(_PREFIX).lower()
        if code not in LANGUAGES or (name != "auto" and not name.startswith(_PREFIX)):
            raise UnknownVoice(f"there is no voice '{name}'", "espeak does not have it", "See: paksatalker voices")
        return _voice(code)

    def speak(
        self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0, pitch: float = 0.0
    ) -> Iterator[Speech]:
        """Speaks utterance by utterance.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: What :meth:`voice` takes.
            speed: 0.5 (slow) to 2 (fast).
            pitch: Semitones above the voice's own, −6 to 6; below −5 it gets no lower.

        Yields:
            Pieces at 24 kHz that follow each other sample by sample.

        Raises:
            UnknownVoice: There is no such voice.
            InvalidOption: Speed or pitch out of range.
            TextEmpty: Nothing in the utterances can be said.
        """
        delivery = Delivery.asked(speed, pitch)
        self.voice(voice)
        return self._pieces(utterances, voice, delivery)

    def _pieces(self, utterances: Iterable[Utterance], voice: str, delivery: Delivery) -> Iterator[Speech]:
        leveller = Leveller(self._loudness, _TYPICAL_GAIN_DB)
        position, said = 0, False
        for utterance in utterances:
            text = " ".join(_GIVEN.sub(r"\1", utterance.text).split())
            code = self.voice(utterance.voice or voice).name.removeprefix(_PREFIX)
            raw, words = self._said(text, code, delivery.of(utterance))
            if words:
                part = Part(raw, words, None, None)
                samples, words = framed(part, LEAD if said else FIRST_LEAD, utterance.pause_after)
                samples = leveller.apply(samples, SAMPLE_RATE)
                if volume := utterance.volume + manner_of(utterance).volume:
                    samples = amplified(samples, SAMPLE_RATE, volume)
                said = True
            else:
                samples = np.zeros(round(utterance.pause_after * SAMPLE_RATE), np.float32)
            if not len(samples):
                continue
            piece = Speech(samples, SAMPLE_RATE, 0.0, words, text, None, utterance.emotion, utterance.intensity)
            yield piece.shifted(position / SAMPLE_RATE)
            position += len(samples)
        if not said:
            raise TextEmpty("there is nothing to say", "the text has no words", "Write at least one word")

    @staticmethod
    def _said(text: str, code: str, delivery: Delivery) -> tuple[FloatArray, tuple[Word, ...]]:
        if not any(map(str.isalnum, text)):
            return np.zeros(0, np.float32), ()
        samples, marks = _library().say(text, code, delivery)
        return samples, _words(text.split(), marks, samples)


def _words(written: list[str], marks: list[_Mark], samples: FloatArray) -> tuple[Word, ...]:
    """Words with their phones; those without sound join the one before (else after)."""
    phones: dict[int, list[Phone]] = {}
    heard = audible(samples, SAMPLE_RATE)
    timed = [mark for mark in marks if mark.word < 0]
    ends = {id(mark): after.seconds for mark, after in pairwise(timed)}
    word = 0
    for mark in marks:
        if mark.word >= 0:
            word = max(word, mark.word)
            continue
        end = ends.get(id(mark), len(samples) / SAMPLE_RATE)
        found = segments(_in_misaki(mark.phone))
        if not found or end - mark.seconds < 0.002:
            continue
        end = last_audible(heard, mark.seconds, end) if end - mark.seconds > 0.3 else end
        step = (end - mark.seconds) / len(found)  # a diphthong or an affricate
        phones.setdefault(word, []).extend(
            Phone(s.symbol, mark.seconds + i * step, mark.seconds + (i + 1) * step, s.stress)
            for i, s in enumerate(found)
        )
    return timed_words(written, phones)


def _in_misaki(ipa: str) -> str:
    """A phone with one letter for each diphthong and affricate."""
    spelled = ipa.replace("\u0361", "")
    for sounds, letter in _LETTERS.items():
        spelled = spelled.replace(sounds, letter)
    return spelled


def _voice(code: str) -> Voice:
    language, _, region = code.partition("-")
    if language == "cmn":  # what everybody calls zh
        return Voice(f"{_PREFIX}{code}", "espeak", "zh", "", f"{LANGUAGES[code]}, robotic")
    tag = f"{language}-{region.upper()}" if len(region) == 2 else code
    return Voice(f"{_PREFIX}{code}", "espeak", tag, "", f"{LANGUAGES[code]}, robotic")
