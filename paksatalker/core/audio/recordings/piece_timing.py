"""The words and phones of one piece of a recording: aligned, spread or merely heard, and kept out of silence."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from paksatalker.core.audio.audible import audible, first_audible, last_audible
from paksatalker.core.audio.phones import is_vowel
from paksatalker.core.audio.recordings.recording import SPEECH_RATE, Cut
from paksatalker.core.audio.recordings.sphinx import ForcedAligner
from paksatalker.core.audio.recordings.transcript import TranscriptWord
from paksatalker.core.timeline import Phone, Speech, Word

_log = logging.getLogger(__name__)

_AUDIBLE_DB = 35.0
_GAP = 0.1  # seconds without sound that separate two runs of phones
_SURROUND = 0.1  # seconds around the speech that alignment is given
_LONGEST_STOP = 0.15  # seconds
_SHORTEST = 0.02  # seconds that a phone has at least where words are squeezed
_STOPS = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH"})


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece and the phones that are heard in it, seconds from the start of the piece."""

    cut: Cut
    phones: tuple[Phone, ...]


def piece_of(cut: Cut, words: tuple[Word, ...]) -> Speech:
    """The piece as speech, its words (seconds from its start) moved to their place on the clock."""
    text = " ".join(word.text for word in words if word.text)
    return Speech(cut.samples, cut.sample_rate, words=words, text=text).shifted(cut.start)


def in_speech(phones: Sequence[Phone], cut: Cut) -> tuple[Phone, ...]:
    """The phones that lie in speech and can be heard for the better part, cut to it."""
    mask = audible(cut.heard, SPEECH_RATE, _AUDIBLE_DB)
    step = len(cut.heard) / SPEECH_RATE / max(len(mask), 1)
    kept = []
    for phone in phones:
        overlaps = [(max(phone.start, a), min(phone.end, b)) for a, b in cut.speech]
        start, end = max(overlaps, key=lambda span: span[1] - span[0])
        inside = mask[int(start / step) : max(int(end / step), int(start / step) + 1)]
        if end - start >= 0.5 * (phone.end - phone.start) and inside.mean() >= 0.5:
            kept.append(Phone(phone.symbol, start, end))
    return tuple(kept)


def runs(phones: Sequence[Phone]) -> tuple[Word, ...]:
    """Phones grouped between silences, as words without text."""
    found: list[list[Phone]] = []
    for phone in phones:
        if found and phone.start - found[-1][-1].end < _GAP:
            found[-1].append(phone)
        else:
            found.append([phone])
    return tuple(Word("", run[0].start, run[-1].end, tuple(run)) for run in found)


def timed(aligner: ForcedAligner, heard: Heard, words: Sequence[TranscriptWord]) -> tuple[Word, ...]:
    """The words with the times of their phones, seconds from the start of the piece; what is heard if they misfit."""
    found = aligned(aligner, heard.cut, words) if words else None
    if found is not None:
        return found
    if words:
        _log.warning("at %.1f s the words of the transcript are not heard; phones are used instead", heard.cut.start)
    return runs(heard.phones)


def aligned(aligner: ForcedAligner, cut: Cut, words: Sequence[TranscriptWord]) -> tuple[Word, ...] | None:
    """The words with the times of their phones, seconds from the start of the piece; None if they are not in it."""
    start = max(0.0, cut.speech[0][0] - _SURROUND)
    end = cut.speech[-1][1] + _SURROUND
    samples = cut.heard[round(start * SPEECH_RATE) : round(end * SPEECH_RATE)]
    spans = aligner.align(samples, [[symbol for symbol, _ in word.phones] for word in words])
    if spans is None:
        return None
    phones = [
        [
            Phone(symbol, a + start, b + start, stress)
            for (symbol, stress), (a, b) in zip(word.phones, found, strict=True)
        ]
        for word, found in zip(words, spans, strict=True)
    ]
    return _regrouped(words, _without_silence([phone for found in phones for phone in found], cut))


def spread(words: Sequence[TranscriptWord], spans: Sequence[tuple[float, float]], cut: Cut) -> tuple[Word, ...]:
    """Words whose own times are known roughly: phones share each word's sound, vowels and what can be heard most.

    Args:
        words: In order.
        spans: Start and end of each, seconds from the start of the piece; made to follow each other here.
        cut: The piece.
    """
    mask = audible(cut.heard, SPEECH_RATE, _AUDIBLE_DB)
    length = len(cut.heard) / SPEECH_RATE
    phones: list[Phone] = []
    position = 0.0
    for index, (word, (start, end)) in enumerate(zip(words, spans, strict=True)):
        least = _SHORTEST * len(word.phones)
        room = length - sum(_SHORTEST * len(later.phones) for later in words[index:])
        start = max(position, min(start, room))  # noqa: PLW2901  (made to follow each other)
        end = max(start + least, min(end, length))  # noqa: PLW2901  (made to follow each other)
        heard_from = min(first_audible(mask, start, end, least), end - least)
        heard_to = max(last_audible(mask, heard_from, end, least), heard_from + least)
        weights = [1.6 if is_vowel(symbol) else 1.0 for symbol, _ in word.phones]
        scale = (heard_to - heard_from) / sum(weights)
        position = heard_from
        for (symbol, stress), weight in zip(word.phones, weights, strict=True):
            phones.append(Phone(symbol, position, position + weight * scale, stress))
            position += weight * scale
    return _regrouped(words, phones)


def _regrouped(words: Sequence[TranscriptWord], flat: Sequence[Phone]) -> tuple[Word, ...]:
    result: list[Word] = []
    position = 0
    for word in words:
        phones = tuple(flat[position : position + len(word.phones)])
        position += len(word.phones)
        result.append(Word(word.text, phones[0].start, phones[-1].end, phones))
    return tuple(result)


def _without_silence(phones: list[Phone], cut: Cut) -> list[Phone]:
    """Trims the phones beside pauses: an aligner stretches them over the silence."""
    mask = audible(cut.heard, SPEECH_RATE, _AUDIBLE_DB)
    after = [True, *(b.start - a.end > 0.015 for a, b in pairwise(phones)), True]
    trimmed = []
    for index, phone in enumerate(phones):
        start, end = phone.start, phone.end
        if after[index]:
            start = max(start, end - _LONGEST_STOP) if phone.symbol in _STOPS else first_audible(mask, start, end)
        if after[index + 1]:
            end = last_audible(mask, start, end)
        trimmed.append(Phone(phone.symbol, start, end, phone.stress))
    return trimmed
