"""The first sentence of a text, given out before it is finished: so that its sound comes soon, whatever its length.

A network plans the durations and the melody of a whole sentence quickly; what takes time is making sound of them. So
the sound of its first words is made at first, then of more: the prosody is that of the whole sentence, and the seams
lie between words. Where a part is made alone, the network's normalisation over time differs a little from that of the
whole, the more the shorter it is; so parts are made from the beginning of the sentence on, or from far before their
seam. There the two are blended, and the difference in level is evened out.

A part has to be there when the one before has been played. On two slow cores, a second of sound is made in about a
quarter of a second; reaching twice as far each time is then what succeeds with the least in hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from paksatalker.core.timeline import FloatArray, Utterance, Word

_GROWTH = 2.0  # each part reaches so many times further than the one before
_NEARLY = 1.3  # what would leave less than this undone is made whole
_FROM_START = 2.5  # seconds up to which parts are made from the beginning of the sentence
_CONTEXT = 1.2  # seconds before its seam from which a later part is made
_EDGE = 0.13  # seconds before the end of a part that the missing rest would have changed
_SHORTEST = 0.3  # seconds of speech that are worth giving out
_HASTE = 3.5  # seconds of sound that can be made at least while one is played
_LONGEST_FIRST = 1.2  # seconds of a first part that is longer than it need be
_LATE = 0.35  # seconds of the end of a part in which the quietest seam is taken
_BLEND = 0.02  # seconds of crossfade
_SEARCH = 0.012  # seconds around the border of two words where the quietest place is looked for
_COMPARED = 0.3  # seconds before a seam whose levels are compared
_SETTLE = 0.4  # seconds until the level is the whole's again
_LARGEST_STEP = 2.0  # factor of the levels at most

Say = Callable[[float, float], FloatArray]
Timed = Callable[[FloatArray], tuple[Word, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence.

    Attributes:
        samples: All that was made so far [N].
        words: Its own, seconds from the first sample.
        begin: Its first sample; None where it begins with the sentence.
        end: One past its last; None where it ends with the sentence.
    """

    samples: FloatArray
    words: tuple[Word, ...]
    begin: int | None
    end: int | None


def parts(
    say: Say, timed: Timed, rate: int, seconds: float, held: Callable[[tuple[Word, ...]], set[int]]
) -> Iterator[Part]:
    """Has a sentence made part by part.

    Args:
        say: Makes the sentence from a second to another: samples from its first on, silent before. When it makes fewer
            or more than it was asked for, that is the whole.
        timed: The sentence's words; where the samples end earlier than they, only their starts are right.
        rate: Hz.
        seconds: Of all its symbols.
        held: Which of the words must not be parted from the one before.
    """
    words = timed(np.ones(round(seconds * rate), np.float32))  # nothing is heard yet: their starts are planned
    apart = sorted(set(range(len(words))) - held(words))
    wanted, done = 0.0, 0
    cut: int | None = None
    before: FloatArray | None = None
    while True:
        reach = _reached(words, apart, done, wanted) if done else _first(words, apart, seconds)
        end = words[reach[-1]].start + _EDGE if reach else math.inf
        end = math.inf if seconds < _NEARLY * end else end
        begin = 0.0 if cut is None or cut < _FROM_START * rate else cut / rate - _CONTEXT
        samples = say(begin, end)
        words = timed(samples)
        if before is not None and cut is not None:
            samples = _joined(before, samples, cut, rate)
        if math.isinf(end) or len(samples) != round(end * rate):
            yield Part(samples, _within(words[done:], cut, None, rate), cut, None)
            return
        late = [i for i in reach if words[i].start >= words[reach[-1]].start - _LATE]
        best = min(late, key=lambda i: _level(samples, words[i].start, rate))
        seam = _quietest(samples, words[best].start, rate)
        yield Part(samples, _within(words[done:best], cut, seam, rate), cut, seam)
        before, cut, done, wanted = samples, seam, best, _GROWTH * end


def _allowed(words: tuple[Word, ...], apart: list[int], done: int) -> list[int]:
    """The words before which a part may end that begins with word ``done``."""
    return [i for i in apart if i > done and words[i].start - words[done].start >= _SHORTEST]


def _reached(words: tuple[Word, ...], apart: list[int], done: int, wanted: float) -> list[int]:
    """The words before which the part may end that begins with word ``done``, up to so many seconds; one at least."""
    allowed = _allowed(words, apart, done)
    return [i for i in allowed if words[i].start + _EDGE <= wanted] or allowed[:1]


def _first(words: tuple[Word, ...], apart: list[int], seconds: float) -> list[int]:
    """The word before which the first part ends: the earliest that gives the next part time enough to be made."""
    best: list[int] = []
    least = math.inf
    for i in _allowed(words, apart, 0):
        if best and words[i].start - words[0].start > _LONGEST_FIRST:
            break
        following = _allowed(words, apart, i)
        made = words[following[0]].start + _EDGE if following else seconds
        haste = made / (words[i].start - words[0].start)
        if haste < least:
            best, least = [i], haste
        if haste <= _HASTE:
            break
    return best


def _within(words: tuple[Word, ...], begin: int | None, end: int | None, rate: int) -> tuple[Word, ...]:
    """Words whose outermost phones keep to the seams, which lie a few milliseconds beside the words' borders."""
    first, last = words[0], words[-1]
    if begin is not None and first.start < begin / rate:
        phones = (replace(first.phones[0], start=begin / rate), *first.phones[1:])
        words = (replace(first, start=begin / rate, phones=phones), *words[1:])
        last = words[-1]
    if end is not None and last.end > end / rate:
        phones = (*last.phones[:-1], replace(last.phones[-1], end=end / rate))
        words = (*words[:-1], replace(last, end=end / rate, phones=phones))
    return words


def _level(samples: FloatArray, at: float, rate: int) -> float:
    around = samples[max(0, round((at - _SEARCH) * rate)) : round((at + _SEARCH) * rate)]
    return float(np.square(around).mean()) if len(around) else 0.0


def _quietest(samples: FloatArray, at: float, rate: int) -> int:
    """The sample around a border where the sound is softest."""
    middle, reach, width = round(at * rate), round(_SEARCH * rate), round(0.004 * rate)
    first = max(0, middle - reach)
    power = np.convolve(np.square(samples[first : middle + reach]), np.ones(width), "same")
    return first + int(power.argmin())


def _joined(before: FloatArray, after: FloatArray, cut: int, rate: int) -> FloatArray:
    """``after`` from ``cut`` on as the continuation of ``before``: blended, and from its level to the own."""
    span = slice(max(0, cut - round(_COMPARED * rate)), cut)
    own = float(np.sqrt(np.square(after[span]).mean())) + 1e-9
    step = np.clip((float(np.sqrt(np.square(before[span]).mean())) + 1e-9) / own, 1 / _LARGEST_STEP, _LARGEST_STEP)
    result = after.copy()
    settle = min(round(_SETTLE * rate), len(after) - cut)
    result[cut : cut + settle] *= np.linspace(step, 1.0, settle, dtype=np.float32)
    blend = max(0, min(round(_BLEND * rate), len(before) - cut, len(after) - cut))
    weight = (0.5 - 0.5 * np.cos(np.pi * np.arange(blend) / max(blend, 1))).astype(np.float32)
    result[cut : cut + blend] = before[cut : cut + blend] * (1 - weight) + result[cut : cut + blend] * weight
    return result


def held_together(words: tuple[Word, ...], utterance: Utterance) -> set[int]:
    """Words in the middle of what the script writes as one: ``twenty | twenty-four`` for ``2024``."""
    held, position = set(), 0
    for index, word in enumerate(words):
        start = utterance.text.find(word.text, position)
        if start < 0:
            continue
        position = start + len(word.text)
        if any(reading.start < start < reading.end for reading in utterance.readings):
            held.add(index)
    return held
