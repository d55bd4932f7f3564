"""What is said in a stretch of sound, word by word, by Whisper: offline, deterministic, and silent about silence."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paksatalker.core.timeline import FloatArray

#: Seconds that the network hears at once; less is filled up with silence and takes as long.
WINDOW = 30.0
#: Languages that are written without spaces, so that a "word" is one or a few characters.
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue", "bo", "km"})

_RATE = 16000  # Hz
_BEAM = 5
_NO_SPEECH = 0.6  # probability that there is none, together with …
_UNLIKELY = -1.0  # … this mean log probability of the words
_REPETITIVE = 2.4  # compression ratio of text that goes in circles; prose has 1–2 (Radford et al. 2022, section 4.5)
_DOUBTFUL = 0.25  # mean probability of words that are made up
_TWICE = 0.15  # seconds between the two readings of a word at a border
_LEFTOVER = 0.6  # seconds of sound in which nobody says a word that is still missing
_FASTEST = 30.0  # characters a second; the fastest speakers reach 25
_LONGEST_PHRASE = 8  # words
_TIMES_A_WORD, _TIMES_A_PHRASE = 5, 3  # so often in a row nobody says it


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as recognised, with rough times (about ±0.1 s), seconds from the start of the sound."""

    text: str
    start: float
    end: float
    probability: float = 1.0


class Recogniser:
    """Whisper on the CPU. Reads the model from a folder and never a network.

    Args:
        folder: The model in CTranslate2's format.
        threads: How many it may use.
        model: A loaded model; the seam for tests.
    """

    def __init__(self, folder: Path, threads: int = 2, model: Any = None) -> None:
        self._model = _load(folder, threads) if model is None else model
        self._digits: list[int] | None = None

    def language(self, samples: FloatArray) -> tuple[str, float]:
        """The language of up to 30 s of sound at 16 kHz: its ISO 639-1 code and the probability."""
        code, probability, _ = self._model.detect_language(samples)
        return str(code), float(probability)

    def words(self, samples: FloatArray, language: str) -> list[HeardWord]:
        """What is said in up to 30 s of sound.

        Numbers come as digits in English only, where they can be pronounced; elsewhere Whisper has to spell them.

        Args:
            samples: At 16 kHz.
            language: ISO 639-1 code.

        Returns:
            Words with their punctuation, in order. None where the network seems to make them up.
        """
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=_BEAM,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            no_speech_threshold=_NO_SPEECH,
            log_prob_threshold=_UNLIKELY,
            suppress_tokens=[-1] if language == "en" else [-1, *self._digit_tokens()],
        )
        heard: list[HeardWord] = []
        end = _sound_end(samples)
        for segment in segments:  # made as they are asked for
            words = _joined(segment.words or (), spaced=language not in UNSPACED)
            if words and _credible(segment, words):
                heard += words[1:] if heard and _same(heard[-1], words[0]) else words
            if words and end - words[-1].end < _LEFTOVER:
                break  # a window of nearly nothing costs as much as a full one, and tempts the network to talk on
        return without_loops(heard)

    def _digit_tokens(self) -> Sequence[int]:
        if self._digits is None:
            vocabulary: dict[str, int] = self._model.hf_tokenizer.get_vocab()
            self._digits = sorted(
                number for token, number in vocabulary.items() if "<|" not in token and any(c.isdigit() for c in token)
            )
        return self._digits


def _sound_end(samples: FloatArray) -> float:
    """Seconds until the silence (of zeros) at the end of a piece."""
    sounding = np.flatnonzero(samples)
    return (int(sounding[-1]) + 1) / _RATE if len(sounding) else 0.0


def _load(folder: Path, threads: int) -> Any:
    """Whisper without the timing of words that are thrown away anyway."""
    from faster_whisper import WhisperModel  # heavy: loads the runtime

    class Model(WhisperModel):  # type: ignore[misc]  # the library has no types
        def add_word_timestamps(
            self, segments: list[list[dict[str, Any]]], tokenizer: Any, *args: Any, **kw: Any
        ) -> Any:
            """Times the words of windows. One in circles has as many as fit, and timing those takes 30 MB more."""
            for window in segments:
                if _circles(window, tokenizer.decode):
                    window.clear()
            kept = [window for window in segments if window]
            return super().add_word_timestamps(kept, tokenizer, *args, **kw)

    return Model(
        str(folder), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
    )


def _circles(window: Sequence[dict[str, Any]], decode: Callable[[list[int]], str]) -> bool:
    """Whether a window's text (segments with ``tokens``) says the same over and over."""
    text = "".join(decode(segment["tokens"]) for segment in window).encode()
    return len(text) > _REPETITIVE * len(zlib.compress(text))


def _joined(tokens: Sequence[Any], *, spaced: bool) -> list[HeardWord]:
    """Words as a reader sees them: what has no space before it belongs to the word before."""
    words: list[HeardWord] = []
    for token in tokens:
        text = token.word.strip()
        if not text:
            continue
        start, end, probability = float(token.start), float(token.end), float(token.probability)
        letters = any(c.isalnum() for c in text)
        if words and not (token.word.startswith(" ") if spaced and letters else letters and not spaced):
            before = words[-1]
            glue = " " if spaced and token.word.startswith(" ") else ""
            words[-1] = HeardWord(f"{before.text}{glue}{text}", before.start, max(before.end, end), before.probability)
        elif letters:
            words.append(HeardWord(text, start, end, probability))
    return words


def _same(before: HeardWord, after: HeardWord) -> bool:
    """Whether a word at the border of two segments was heard twice."""
    return after.start - before.end < _TWICE and _key(before) == _key(after)


def _key(word: HeardWord) -> str:
    return "".join(c for c in word.text.casefold() if c.isalnum())


def _credible(segment: Any, words: Sequence[HeardWord]) -> bool:
    """Whether the words of a segment were said rather than made up from noise, music or silence."""
    if segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _UNLIKELY:
        return False
    if segment.compression_ratio > _REPETITIVE:
        return False
    seconds = max(words[-1].end - words[0].start, 0.02)
    if sum(len(word.text) for word in words) > _FASTEST * seconds + 10:
        return False
    mean = math.exp(sum(math.log(max(word.probability, 1e-4)) for word in words) / len(words))
    return mean >= _DOUBTFUL


def without_loops(words: Sequence[HeardWord]) -> list[HeardWord]:
    """The words with what is repeated over and over said once: a decoder that is lost goes in circles."""
    keys = [_key(word) for word in words]
    kept: list[HeardWord] = []
    index = 0
    while index < len(words):
        for length in range(1, _LONGEST_PHRASE + 1):
            times = _repeats(keys, index, length)
            if times >= (_TIMES_A_WORD if length == 1 else _TIMES_A_PHRASE):
                kept += words[index : index + length]
                index += times * length
                break
        else:
            kept.append(words[index])
            index += 1
    return kept


def _repeats(keys: Sequence[str], index: int, length: int) -> int:
    phrase = keys[index : index + length]
    times = 1
    while keys[index + times * length : index + (times + 1) * length] == phrase:
        times += 1
    return times
