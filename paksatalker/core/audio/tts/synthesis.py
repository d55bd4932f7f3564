"""What all networks that say phonemes share: cutting long texts, timing the words, trimming, levelling, joining."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from paksatalker.core.audio.audible import audible, last_audible
from paksatalker.core.audio.loudness import Leveller, amplified
from paksatalker.core.audio.phones import is_phone, segments
from paksatalker.core.audio.pronunciation import Pronunciation
from paksatalker.core.audio.tts.delivery import BREAKS, STRESS_GAIN, Delivery, hump, manner_of
from paksatalker.core.audio.tts.opening import Part, held_together, parts
from paksatalker.core.timeline import FloatArray, Phone, Speech, Utterance, Word
from paksatalker.errors import TextEmpty

SAMPLE_RATE = 24000
#: Phonemes a network says at once; longer utterances are cut at punctuation, else between words. The networks take
#: more, but their memory grows with the square, and they learned from sentences.
MAX_SYMBOLS = 250

FRAME = 0.025
"""Seconds that one unit of a duration tensor stands for."""
FIRST_LEAD = 0.15  # silence before the very first phone, so that a face can start from rest
LEAD = 0.05  # sound kept before the first phone of later pieces
_RELEASE = 0.15  # sound kept after the last phone: release of a stop, decay of a vowel
_SHORTEST_PAUSE = 0.1  # seconds between two pieces
_LONG_PHONE = 0.3  # a longer one at normal speed may hide a pause


class Network(Protocol):
    """One voice of a network in misaki's alphabet."""

    def pronounce(self, text: str) -> Pronunciation:
        """Written text to phonemes."""
        ...

    def plan(self, symbols: str, delivery: Delivery, number: int, /) -> Plan:
        """Plans how phonemes are said.

        Args:
            symbols: Phonemes, at most :data:`MAX_SYMBOLS` and an end mark.
            delivery: How.
            number: How many plans this text had before; makes noise that differs between them repeatable.
        """
        ...


class Plan(Protocol):
    """Phonemes whose sound can be made bit by bit."""

    @property
    def borders(self) -> npt.NDArray[np.float64]:
        """Of all symbols [S + 1], seconds from the first sample."""
        ...

    def say(self, start: float = 0.0, end: float = math.inf) -> FloatArray:
        """Makes sound.

        Args:
            start: Where it is needed from, seconds; before, there may be silence.
            end: Where it is needed to. A network makes exactly that, or all there is.

        Returns:
            Samples [N] at 24 kHz, from the first of the whole on.
        """
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """The plan of a network that is so quick that it makes all at once: samples, and borders of the symbols."""

    samples: FloatArray
    borders: npt.NDArray[np.float64]

    def say(self, start: float = 0.0, end: float = math.inf) -> FloatArray:  # noqa: ARG002  (it is all there)
        """The samples."""
        return self.samples


class Narrator:
    """Has networks speak utterance by utterance, each in its own voice, rate, pitch and volume where it names them.

    Args:
        network: Gives the network of a voice's name.
        voice: Name of the voice of the utterances that name none.
        leveller: Makes what keeps the loudness of one voice even.
        early: Whether the first words of the first utterance are given out before the rest of it is made; for networks
            that are not much faster than speech.
    """

    def __init__(
        self,
        network: Callable[[str], Network],
        voice: str,
        leveller: Callable[[], Leveller],
        *,
        early: bool = False,
    ) -> None:
        self._network = network
        self._voice = voice
        self._leveller = leveller
        self._levellers: dict[str, Leveller] = {}
        self._early = early
        self._position = 0  # samples before the next piece
        self._count = 0  # plans of the networks

    def speak(self, utterances: Iterable[Utterance], delivery: Delivery) -> Iterator[Speech]:
        """Speaks.

        Args:
            utterances: What to say; taken one by one as needed.
            delivery: How everything is said; the utterances' own rate and pitch come on top.

        Yields:
            Pieces that follow each other sample by sample: one for each utterance, several for long ones.

        Raises:
            TextEmpty: Nothing in the utterances can be said.
        """
        for utterance in utterances:
            network = self._network(utterance.voice or self._voice)
            chunks = _chunks(_with_stress(network.pronounce(utterance.text), utterance))
            for index, chunk in enumerate(chunks):
                pause = utterance.pause_after if index == len(chunks) - 1 else 0.0
                yield from self._pieces(network, utterance, chunk, pause, delivery)
            if not chunks and (silence := round(utterance.pause_after * SAMPLE_RATE)):
                # Nothing to say ("…"), only a pause.
                start = self._position / SAMPLE_RATE
                self._position += silence
                yield Speech(np.zeros(silence, np.float32), SAMPLE_RATE, start, text=utterance.text)
        if not self._count:
            raise TextEmpty("there is nothing to say", "the text has no words", "Write at least one word")

    def _pieces(
        self, network: Network, utterance: Utterance, chunk: Pronunciation, pause: float, delivery: Delivery
    ) -> Iterator[Speech]:
        lead = LEAD if self._count else FIRST_LEAD
        early = self._early and not self._count
        own = replace(delivery.of(utterance), stresses=_stresses(chunk))
        number = self._count
        self._count += 1
        for part in _said(network, chunk, own, number, pause=pause, early=early, utterance=utterance):
            samples, words = framed(part, lead, pause)
            start = self._position / SAMPLE_RATE
            self._position += len(samples)
            speech = Speech(
                self._levelled(samples, utterance, part),
                SAMPLE_RATE,
                words=words,
                text=" ".join(word.text for word in words),
                emotion=utterance.emotion,
                intensity=utterance.intensity,
            )
            yield speech.shifted(start)

    def _levelled(self, samples: FloatArray, utterance: Utterance, part: Part) -> FloatArray:
        leveller = self._levellers.setdefault(utterance.voice, self._leveller())
        samples = leveller.apply(samples, SAMPLE_RATE, partial=part.end is not None, joined=part.begin is not None)
        if volume := utterance.volume + manner_of(utterance).volume:
            samples = amplified(samples, SAMPLE_RATE, volume)
        return samples


def symbol_borders(
    durations: npt.NDArray[np.generic], known: npt.NDArray[np.bool_], earlier: float
) -> npt.NDArray[np.float64]:
    """Borders [S + 1] of the symbols, seconds from the first sample.

    Args:
        durations: What the network predicted, in its frames, for a pad, every known symbol, and a pad.
        known: Which of the symbols [S] the network has; the others last no time.
        earlier: By how many seconds the sound comes before the borders of the frames.
    """
    borders = np.concatenate([[0.0], np.cumsum(durations.ravel().astype(np.float64))]) * FRAME
    # Known symbol i lasts from border i + 1 (after the leading pad) to i + 2.
    position = 1 + np.concatenate([[0], np.cumsum(known)])
    return np.asarray(np.maximum(0.0, borders - earlier)[position])


def _chunks(whole: Pronunciation) -> list[Pronunciation]:
    """Cuts a pronunciation into runs of at most :data:`MAX_SYMBOLS`, without those that hold no phone."""
    symbols = whole.symbols
    borders = [0]
    while len(symbols) - borders[-1] > MAX_SYMBOLS:
        spaces = [i + 1 for i in _spaces(whole, borders[-1] + 1, borders[-1] + MAX_SYMBOLS)]
        clause = next((i for i in spaces if symbols[i - 2] in BREAKS and i - borders[-1] > MAX_SYMBOLS // 3), None)
        borders.append(clause or (spaces[0] if spaces else borders[-1] + MAX_SYMBOLS))
    borders.append(len(symbols))
    chunks = []
    for start, end in pairwise(borders):
        if any(is_phone(symbol) for symbol in symbols[start:end]):
            first = 0 if start == 0 else whole.owners[start]
            last = len(whole.words) if end == len(symbols) else whole.owners[end - 1] + 1
            owners = tuple(owner - first for owner in whole.owners[start:end])
            stressed = frozenset(word - first for word in whole.stressed if first <= word < last)
            chunks.append(Pronunciation(symbols[start:end].rstrip(), owners, whole.words[first:last], stressed))
    return chunks


def _with_stress(whole: Pronunciation, utterance: Utterance) -> Pronunciation:
    """Marks the words that the utterance stresses."""
    if not utterance.emphasis:
        return whole
    stressed, position = set(), 0
    for index, word in enumerate(whole.words):
        start = utterance.text.find(word, position)
        if start < 0:
            continue
        position = start + len(word)
        if any(a < position and b > start for a, b in utterance.emphasis):
            stressed.add(index)
    return replace(whole, stressed=frozenset(stressed))


def _stresses(chunk: Pronunciation) -> tuple[tuple[int, int], ...]:
    """First and last index of the phonemes of each stressed word."""
    spans = []
    for word in sorted(chunk.stressed):
        said = [i for i, owner in enumerate(chunk.owners) if owner == word and chunk.symbols[i : i + 1].strip()]
        said = [i for i in said if chunk.symbols[i] not in BREAKS]
        if said:
            spans.append((said[0], said[-1]))
    return tuple(spans)


def _spaces(whole: Pronunciation, start: int, end: int) -> list[int]:
    """Indices of the spaces between written words in a stretch of symbols, the last first."""
    symbols, owners = whole.symbols, whole.owners
    last = min(end, len(symbols) - 1)
    return [i for i in range(last - 1, start - 1, -1) if symbols[i] == " " and owners[i] != owners[i + 1]]


def _said(
    network: Network,
    chunk: Pronunciation,
    delivery: Delivery,
    number: int,
    *,
    pause: float,
    early: bool,
    utterance: Utterance,
) -> Iterator[Part]:
    """Has the network speak: what it says, at once or in parts."""
    # Without an end mark the network breaks off abruptly.
    symbols = chunk.symbols if chunk.symbols[-1] in BREAKS or not pause else chunk.symbols + "."
    plan = network.plan(symbols, delivery, number)

    def say(start: float, end: float) -> FloatArray:
        raw = plan.say(start, end)
        if delivery.stresses:
            raw = _louder(raw, [(float(plan.borders[a]), float(plan.borders[b + 1])) for a, b in delivery.stresses])
        return raw

    def timed(raw: FloatArray) -> tuple[Word, ...]:
        return _words(chunk, plan.borders, audible(raw, SAMPLE_RATE), _LONG_PHONE / delivery.speed)

    if not early:
        samples = say(0.0, math.inf)
        return iter([Part(samples, timed(samples), None, None)])
    return parts(say, timed, SAMPLE_RATE, float(plan.borders[-1]), lambda words: held_together(words, utterance))


def framed(part: Part, lead: float, pause: float) -> tuple[FloatArray, tuple[Word, ...]]:
    """Trims the silence of a part: ``lead`` before the first phone, ``pause`` less a lead after the last."""
    raw, words = part.samples, part.words
    tail = max(pause, _SHORTEST_PAUSE) - LEAD
    if part.begin is None:
        skip = max(0, math.floor((words[0].start - LEAD) * SAMPLE_RATE))
        before = max(0, skip + round((lead - words[0].start) * SAMPLE_RATE))
    else:
        skip, before = part.begin, 0
    stop = sounding = part.end or 0
    if part.end is None:
        sounding = math.ceil((words[-1].end + min(_RELEASE, tail)) * SAMPLE_RATE)
        stop = math.ceil((words[-1].end + tail) * SAMPLE_RATE)
    take = raw[skip:sounding].copy()
    _fade(take, fade_in=0.005 if part.begin is None else 0.0, fade_out=0.03 if part.end is None else 0.0)
    samples = np.zeros(before - skip + stop, np.float32)
    samples[before : before + len(take)] = take[: len(samples) - before]
    return samples, Speech(samples, SAMPLE_RATE, words=words).shifted((before - skip) / SAMPLE_RATE).words


def _louder(samples: FloatArray, spans: list[tuple[float, float]]) -> FloatArray:
    """The samples with stressed spans, seconds, raised."""
    times = np.arange(len(samples)) / SAMPLE_RATE
    decibels = STRESS_GAIN * np.max([hump(times, start, end) for start, end in spans], axis=0)
    return np.asarray(samples * 10 ** (decibels / 20), np.float32)


def _fade(samples: FloatArray, fade_in: float, fade_out: float) -> None:
    """Raised-cosine fades in place, seconds."""
    for seconds, part in ((fade_in, samples), (fade_out, samples[::-1])):
        count = min(len(samples), round(seconds * SAMPLE_RATE))
        part[:count] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)


def _words(
    chunk: Pronunciation, borders: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_], long_phone: float
) -> tuple[Word, ...]:
    """Times of the words, seconds from the first sample. Words without sound join the one before (else after).

    Phones follow each other closely, except that a network hides pauses in the last phone before them: there a phone
    ends where it can no longer be heard.
    """
    found = segments(chunk.symbols, chunk.owners)
    phones: dict[int, list[Phone]] = {}
    for index, segment in enumerate(found):
        start = float(borders[segment.first])
        after = found[index + 1].first if index + 1 < len(found) else len(chunk.symbols)
        pause = after == len(chunk.symbols) or any(c in BREAKS for c in chunk.symbols[segment.last + 1 : after])
        end = float(borders[segment.last + 1 if pause else after])
        if pause or end - start > long_phone:
            end = last_audible(heard, start, end)
        phones.setdefault(chunk.owners[segment.last], []).append(Phone(segment.symbol, start, end, segment.stress))
    return timed_words(chunk.words, phones)


def timed_words(written: Sequence[str], phones: Mapping[int, Sequence[Phone]]) -> tuple[Word, ...]:
    """Words with their phones; those without sound join the one before (else after).

    Args:
        written: The words.
        phones: Those of each word that has some, by its index.
    """
    words: list[Word] = []
    silent = ""
    for number, text in enumerate(written):
        said = tuple(phones.get(number, ()))
        if said:
            words.append(Word(f"{silent} {text}".strip(), said[0].start, said[-1].end, said))
            silent = ""
        elif words:
            words[-1] = Word(f"{words[-1].text} {text}", words[-1].start, words[-1].end, words[-1].phones)
        else:
            silent = f"{silent} {text}"
    return tuple(words)
