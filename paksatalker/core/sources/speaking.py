"""Speaks directed sentences: pronunciations go to the voice, and the words come back as they were written."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from paksatalker.core.timeline import Reading, Speech, Utterance, Word

_WORD = re.compile(r"\S+")
_LOOKAHEAD = 400  # spoken words that are searched for one that was heard


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A written word, or several that are said as one, with what the voice is given for it."""

    written: str
    tokens: tuple[str, ...]
    emphasised: bool


def speak_directed(
    speak: Callable[[Iterable[Utterance]], Iterator[Speech]], utterances: Iterable[Utterance]
) -> Iterator[Speech]:
    """Has sentences spoken as their readings say.

    Args:
        speak: The voice. It gets respelled text, ``[word](/IPA/)`` for IPA, and no utterance without text or pause.
            The readings that it gets change nothing: they mark the words that are one in writing.
        utterances: Sentences with readings and stress.

    Yields:
        The voice's pieces with text and words as written, and stressed words marked.
    """
    expected: deque[_Spoken] = deque()

    def prepared() -> Iterator[Utterance]:
        for utterance in utterances:
            if not utterance.text and not utterance.pause_after:
                continue
            spoken = _spoken_words(utterance)
            expected.extend(spoken)
            text, emphasis, together = _as_spoken(spoken)
            yield replace(utterance, text=text, emphasis=emphasis, readings=together, cues=())

    for piece in speak(prepared()):
        if not piece.words:
            yield piece
            continue
        words = _as_written(piece.words, expected)
        yield replace(piece, words=words, text=" ".join(word.text for word in words))


def _as_spoken(words: list[_Spoken]) -> tuple[str, tuple[tuple[int, int], ...], tuple[Reading, ...]]:
    """The text that the voice is given, the stressed spans in it, and what is one word in writing."""
    text, spans, together = "", [], []
    for word in words:
        said = " ".join(word.tokens)
        if text and said:
            text += " "
        if word.emphasised and said:
            spans.append((len(text), len(text) + len(said)))
        if len(word.tokens) > 1:
            together.append(Reading(len(text), len(text) + len(said), said))
        text += said
    return text, tuple(spans), tuple(together)


def _spoken_words(utterance: Utterance) -> list[_Spoken]:
    """The words of an utterance; those that share a reading count as one."""
    text = utterance.text
    spans = [match.span() for match in _WORD.finditer(text)]
    groups: list[tuple[int, int]] = []
    for start, end in spans:
        joined = groups and any(r.start < groups[-1][1] and r.end > start for r in utterance.readings)
        if joined:
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    found = []
    for start, end in groups:
        emphasised = any(a < end and b > start for a, b in utterance.emphasis)
        inside = [r for r in utterance.readings if r.start < end and r.end > start]
        said = _respelled(text, start, end, inside) if inside else text[start:end]
        found.append(_Spoken(" ".join(text[start:end].split()), tuple(said.split()), emphasised))
    return found


def _respelled(text: str, start: int, end: int, readings: list[Reading]) -> str:
    parts, position = [], start
    for reading in readings:
        parts.append(text[position : reading.start])
        if reading.ipa:
            written = "".join(c for c in text[reading.start : reading.end] if c.isalnum())
            parts.append(f"[{written}](/{''.join(reading.spoken.split())}/)")
        else:
            parts.append(reading.spoken)
        position = reading.end
    return "".join([*parts, text[position:end]])


def _as_written(words: tuple[Word, ...], expected: deque[_Spoken]) -> tuple[Word, ...]:
    """The words that were heard, under the names that they were written by."""
    heard = [(token, index) for index, word in enumerate(words) for token in word.text.split()]
    owners: list[list[_Spoken]] = [[] for _ in words]
    position = 0
    while position < len(heard) and expected:
        token, index = heard[position]
        if token not in expected[0].tokens:
            ahead = next((i for i, e in zip(range(_LOOKAHEAD), expected, strict=False) if token in e.tokens), None)
            if ahead is None:
                position += 1
                continue
            for _ in range(ahead):  # said without a sound of its own, such as a lone dash
                expected.popleft()
        spoken = expected.popleft()
        owners[index].append(spoken)
        first = spoken.tokens.index(token)
        rest = spoken.tokens[first + 1 :]
        for extra in rest:
            position += 1
            if position >= len(heard) or heard[position][0] != extra:
                expected.appendleft(replace(spoken, written="", tokens=spoken.tokens[spoken.tokens.index(extra) :]))
                position -= 1
                break
            if heard[position][1] != index:
                owners[heard[position][1]].append(replace(spoken, written=""))
        position += 1
    return _renamed(words, owners)


def _renamed(words: tuple[Word, ...], owners: list[list[_Spoken]]) -> tuple[Word, ...]:
    result: list[Word] = []
    for word, spoken in zip(words, owners, strict=True):
        if not spoken:
            result.append(word)
            continue
        written = " ".join(s.written for s in spoken if s.written)
        emphasised = any(s.emphasised for s in spoken)
        if not written and result:  # the second part of a word that is said in several
            before = result[-1]
            result[-1] = replace(before, end=word.end, phones=(*before.phones, *word.phones))
        else:
            result.append(replace(word, text=written or word.text, emphasised=emphasised))
    assert all(a.start <= b.start for a, b in pairwise(result))
    return tuple(result)
