"""Text to speech by hibari: a small Kokoro-like network whose predicted durations are the true phone timings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paksatalker.core.audio.audible import audible, last_audible
from paksatalker.core.audio.loudness import Leveller
from paksatalker.core.audio.onnx_output import with_output
from paksatalker.core.audio.phones import is_phone, segments
from paksatalker.core.audio.pronunciation import Pronouncer, Pronunciation
from paksatalker.core.engines import Voice
from paksatalker.core.options import SPEED, require_range
from paksatalker.core.timeline import FloatArray, Phone, Speech, Utterance, Word
from paksatalker.errors import EngineUnavailable, TextEmpty, UnknownVoice

SAMPLE_RATE = 24000
#: Phonemes the network says at once; longer utterances are cut at punctuation, else between words. The network itself
#: takes any length, but its memory grows with the square (30 MB at 250, 100 MB at 400), and it learned from sentences.
MAX_SYMBOLS = 250

_FRAME = 0.025  # seconds that one unit of the duration tensor stands for
_DURATION_TENSOR = "/Clip_output_0"
_TYPICAL_GAIN_DB = 8.0  # the bundled voice speaks at −26 LUFS
_FIRST_LEAD = 0.15  # silence before the very first phone, so that a face can start from rest
_LEAD = 0.05  # sound kept before the first phone of later pieces
_RELEASE = 0.15  # sound kept after the last phone: release of a stop, decay of a vowel
_SHORTEST_PAUSE = 0.1  # seconds between two pieces
_LONG_PHONE = 0.3  # a longer one at normal speed may hide a pause
_BREAKS = frozenset(",.!?;:—…")


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One run of the network: samples, and words with times from the first sample."""

    samples: FloatArray
    words: tuple[Word, ...]


class _Model:
    """One voice: the network with its durations exposed, its alphabet and its pronunciation."""

    def __init__(self, name: str) -> None:
        import onnxruntime  # heavy, and only speaking needs it
        from hibari.tts import ASSETS
        from hibari.voices import VOICES, voice_path

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # fast enough; and bit for bit repeatable
        options.log_severity_level = 3
        # An arena would keep memory for every length of sentence that it has met, and saves no measurable time.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        model = Path(voice_path(name, download_missing=False)).read_bytes()
        try:
            self._session = onnxruntime.InferenceSession(
                with_output(model, _DURATION_TENSOR, "duration"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions derive from Exception only
            raise EngineUnavailable(
                f"the hibari voice '{name}' cannot be used",
                "its model file is damaged or has another structure than hibari 0.2.1's",
                "Run: pip install --force-reinstall hibari-tts==0.2.1",
            ) from error
        self._vocabulary: dict[str, int] = json.loads((Path(ASSETS) / "vocab.json").read_text("utf-8"))
        self.pronouncer = Pronouncer(british=bool(VOICES[name]["british"]))

    def run(self, symbols: str, speed: float, rng: np.random.Generator) -> tuple[FloatArray, npt.NDArray[np.float64]]:
        """Says phonemes.

        Returns:
            Samples [N] at 24 kHz and the borders [len(symbols) + 1] of the symbols in seconds from the first sample.
        """
        from hibari import dsp

        ids = [self._vocabulary.get(symbol, -1) for symbol in symbols]
        known = [number for number in ids if number >= 0]
        *spectrum, duration = self._session.run(
            None,
            {"ids": np.array([[0, *known, 0]], np.int64), "speed": np.array([speed], np.float32)},
        )
        samples: FloatArray = dsp.synth(*(part[0] for part in spectrum), rng)
        # Known symbol i lasts from border i + 1 (after the leading pad) to i + 2; unknown ones last no time.
        borders = np.concatenate([[0.0], np.cumsum(duration.ravel().astype(np.float64))]) * _FRAME
        # The sound comes earlier than the borders: 62 ms at normal speed, as forced alignment of 6 sentences at five
        # speeds shows (median 98, 75, 65, 55, 55 ms at speed 0.5, 0.75, 1, 1.5, 2).
        borders = np.maximum(0.0, borders - (0.0325 + 0.03 / speed))
        position = 1 + np.concatenate([[0], np.cumsum(np.array(ids) >= 0)])
        return samples, borders[position]


class HibariSpeech:
    """The ``hibari`` speech engine: see :class:`~paksatalker.core.engines.SpeechEngine`.

    Each utterance becomes one piece (several when it is longer than the network should say at once), so the first sound
    is there after the first sentence, about a hundredth of its duration later.

    ``Word.text`` is the word as written with its punctuation, so that the texts joined by spaces give the utterance
    back. A reading of several spoken words (``$9.99``) is one word.

    Args:
        seed: Of the noise part of the voice. The same seed and utterances give the same samples bit for bit.
        loudness: Target, LUFS.
    """

    def __init__(self, seed: int = 0, loudness: float = -18.0) -> None:
        self._seed = seed
        self._loudness = loudness
        self._models: dict[str, _Model] = {}

    def voices(self) -> tuple[Voice, ...]:
        """The voices that are on this machine: the bundled one and those already in hibari's cache folder."""
        from hibari.voices import VOICES, voice_path

        found = []
        for name, facts in VOICES.items():
            try:
                present = Path(voice_path(name, download_missing=False)).is_file()
            except FileNotFoundError:
                present = False
            if present:
                description = f"{facts['accent']} English"
                found.append(Voice(name, "hibari", facts["language"], facts["gender"], description))
        return tuple(found)

    def speak(self, utterances: Iterable[Utterance], voice: str = "auto", speed: float = 1.0) -> Iterator[Speech]:
        """Speaks utterance by utterance.

        ``pause_after`` (at least 0.1 s) lies between the last phone of an utterance and the first of the next.

        Args:
            utterances: What to say; taken one by one as needed.
            voice: A name from :meth:`voices`; ``auto`` is the bundled one.
            speed: 0.5 (slow) to 2 (fast). Pauses keep their length.

        Yields:
            Pieces at 24 kHz that follow each other sample by sample.

        Raises:
            UnknownVoice: The voice is not on this machine.
            InvalidOption: Speed out of range.
            TextEmpty: Nothing in the utterances can be said.
        """
        require_range("speed", speed, SPEED)
        name = self._voice_name(voice)
        return self._speak(utterances, name, speed)

    def warm_up(self, voice: str = "auto") -> None:
        """Loads a voice now, so that the first sentence comes quickly.

        Raises:
            UnknownVoice: The voice is not on this machine.
        """
        model = self._model(self._voice_name(voice))
        model.run(model.pronouncer.pronounce("Warm up.").symbols, 1.0, np.random.default_rng(0))

    def _voice_name(self, voice: str) -> str:
        from hibari.voices import DEFAULT, VOICES

        present = [item.name for item in self.voices()]
        if voice == "auto":
            return DEFAULT if DEFAULT in present else present[0]
        if voice in present:
            return voice
        names = ", ".join(present)
        if voice in VOICES:
            raise UnknownVoice(
                f"the voice '{voice}' is not on this machine",
                "hibari knows it but its model file has not been downloaded",
                f"Run: hibari --voice {voice} -o voice.wav Hello (fetches it once); or choose one of: {names}",
            )
        raise UnknownVoice(f"there is no voice '{voice}'", "hibari does not know it", f"Choose one of: {names}")

    def _model(self, name: str) -> _Model:
        if name not in self._models:
            self._models[name] = _Model(name)
        return self._models[name]

    def _speak(self, utterances: Iterable[Utterance], voice: str, speed: float) -> Iterator[Speech]:
        model = self._model(voice)
        leveller = Leveller(self._loudness, _TYPICAL_GAIN_DB)
        position, count = 0, 0  # samples before the next piece; runs of the network
        for utterance in utterances:
            chunks = _chunks(model.pronouncer.pronounce(utterance.text))
            for index, chunk in enumerate(chunks):
                rng = np.random.default_rng([self._seed, count])
                pause = utterance.pause_after if index == len(chunks) - 1 else 0.0
                spoken = _say(model, chunk, rng, speed=speed, lead=_LEAD if count else _FIRST_LEAD, pause=pause)
                count += 1
                piece = Speech(
                    leveller.apply(spoken.samples, SAMPLE_RATE),
                    SAMPLE_RATE,
                    words=spoken.words,
                    text=" ".join(chunk.words),
                    emotion=utterance.emotion,
                    intensity=utterance.intensity,
                ).shifted(position / SAMPLE_RATE)
                position += len(spoken.samples)
                yield piece
            if not chunks and (silence := round(utterance.pause_after * SAMPLE_RATE)):
                # Nothing to say ("…"), only a pause.
                yield Speech(np.zeros(silence, np.float32), SAMPLE_RATE, position / SAMPLE_RATE, text=utterance.text)
                position += silence
        if not count:
            raise TextEmpty("there is nothing to say", "the text has no words", "Write at least one word")


def _chunks(whole: Pronunciation) -> list[Pronunciation]:
    """Cuts a pronunciation into runs of at most :data:`MAX_SYMBOLS`, without those that hold no phone."""
    symbols = whole.symbols
    borders = [0]
    while len(symbols) - borders[-1] > MAX_SYMBOLS:
        window = range(borders[-1] + MAX_SYMBOLS - 1, borders[-1], -1)
        spaces = [i + 1 for i in window if symbols[i] == " " and whole.owners[i] != whole.owners[i + 1]]
        clause = next((i for i in spaces if symbols[i - 2] in _BREAKS and i - borders[-1] > MAX_SYMBOLS // 3), None)
        borders.append(clause or (spaces[0] if spaces else borders[-1] + MAX_SYMBOLS))
    borders.append(len(symbols))
    chunks = []
    for start, end in pairwise(borders):
        if any(is_phone(symbol) for symbol in symbols[start:end]):
            first = 0 if start == 0 else whole.owners[start]
            last = len(whole.words) if end == len(symbols) else whole.owners[end - 1] + 1
            owners = tuple(owner - first for owner in whole.owners[start:end])
            chunks.append(Pronunciation(symbols[start:end].rstrip(), owners, whole.words[first:last]))
    return chunks


def _say(
    model: _Model, chunk: Pronunciation, rng: np.random.Generator, *, speed: float, lead: float, pause: float
) -> _Spoken:
    """Runs the network and trims its silence: ``lead`` before the first phone, ``pause`` less a lead after the last."""
    # Without an end mark the network breaks off abruptly.
    symbols = chunk.symbols if chunk.symbols[-1] in _BREAKS or not pause else chunk.symbols + "."
    raw, borders = model.run(symbols, speed, rng)
    words = _words(chunk, borders, audible(raw, SAMPLE_RATE), _LONG_PHONE / speed)
    start, end = words[0].start, words[-1].end
    tail = max(pause, _SHORTEST_PAUSE) - _LEAD
    skip = max(0, math.floor((start - _LEAD) * SAMPLE_RATE))
    take = raw[skip : math.ceil((end + min(_RELEASE, tail)) * SAMPLE_RATE)].copy()
    _fade(take, fade_in=0.005, fade_out=0.03)
    before = max(0, skip + round((lead - start) * SAMPLE_RATE))
    length = before - skip + math.ceil((end + tail) * SAMPLE_RATE)
    samples = np.zeros(length, np.float32)
    samples[before : before + len(take)] = take[: length - before]
    moved = Speech(samples, SAMPLE_RATE, words=words).shifted((before - skip) / SAMPLE_RATE)
    return _Spoken(samples, moved.words)


def _fade(samples: FloatArray, fade_in: float, fade_out: float) -> None:
    """Raised-cosine fades in place, seconds."""
    for seconds, part in ((fade_in, samples), (fade_out, samples[::-1])):
        count = min(len(samples), round(seconds * SAMPLE_RATE))
        part[:count] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)


def _words(
    chunk: Pronunciation, borders: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_], long_phone: float
) -> tuple[Word, ...]:
    """Times of the words, seconds from the first sample. Words without sound join the one before (else after).

    Phones follow each other closely, except that the network hides pauses in the last phone before them: there a phone
    ends where it can no longer be heard.
    """
    found = segments(chunk.symbols, chunk.owners)
    phones: dict[int, list[Phone]] = {}
    for index, segment in enumerate(found):
        start = float(borders[segment.first])
        after = found[index + 1].first if index + 1 < len(found) else len(chunk.symbols)
        pause = after == len(chunk.symbols) or any(c in _BREAKS for c in chunk.symbols[segment.last + 1 : after])
        end = float(borders[segment.last + 1 if pause else after])
        if pause or end - start > long_phone:
            end = last_audible(heard, start, end)
        phones.setdefault(chunk.owners[segment.last], []).append(Phone(segment.symbol, start, end, segment.stress))
    words: list[Word] = []
    silent = ""
    for number, text in enumerate(chunk.words):
        said = tuple(phones.get(number, ()))
        if said:
            words.append(Word(f"{silent} {text}".strip(), said[0].start, said[-1].end, said))
            silent = ""
        elif words:
            words[-1] = Word(f"{words[-1].text} {text}", words[-1].start, words[-1].end, words[-1].phones)
        else:
            silent = f"{silent} {text}"
    return tuple(words)
