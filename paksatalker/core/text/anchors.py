"""Keeps direction in its place while a text is rewritten."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from paksatalker.core.timeline import Utterance

# Unicode sets 32 code points aside for marks inside a program; they never stand in text that is exchanged. An anchor
# is its number, one digit to base 16 each, and an end mark.
_DIGITS = "".join(map(chr, range(0xFDD0, 0xFDE0)))
_END = "\ufdef"
_ANCHOR = re.compile(f"[{_DIGITS}]+{_END}")
#: All characters that anchors are made of.
ANCHORS: frozenset[str] = frozenset(_DIGITS + _END)


def rewrite(utterances: Sequence[Utterance], function: Callable[[str], str]) -> tuple[Utterance, ...]:
    """Rewrites the text of all utterances as one, with stress, pronunciations and cues carried along.

    Args:
        utterances: In order.
        function: Gets the joined text, in which characters of :data:`ANCHORS` mark places; it leaves these alone. A
            place whose mark disappears moves to the one before it.

    Returns:
        The utterances, one for one, with new text and places.
    """
    marked: list[str] = []
    count = 0
    cleared = []
    for index, utterance in enumerate(utterances):
        text = utterance.text.translate(dict.fromkeys(map(ord, ANCHORS)))
        if len(text) != len(utterance.text):  # marks of somebody else
            utterance = replace(utterance, text=text, emphasis=(), readings=(), cues=())  # noqa: PLW2901  (the same without them)
        position = 0
        is_last = index == len(utterances) - 1
        for place in _borders(utterance, is_last=is_last):
            marked += [text[position:place], _anchor(count)]
            position, count = place, count + 1
        marked.append(text[position:])
        cleared.append(utterance)
    return _collect(cleared, function("".join(marked)), count)


def _borders(utterance: Utterance, *, is_last: bool) -> list[int]:
    """Places that need a mark; the end of all text needs none."""
    return _places(utterance) if is_last else [*_places(utterance), len(utterance.text)]


def _places(utterance: Utterance) -> list[int]:
    places = {at for span in utterance.emphasis for at in span}
    places |= {at for reading in utterance.readings for at in (reading.start, reading.end)}
    places |= {cue.at for cue in utterance.cues}
    return sorted(min(place, len(utterance.text)) for place in places)


def _anchor(number: int) -> str:
    return "".join(_DIGITS[int(digit, 16)] for digit in f"{number:x}") + _END


def _collect(utterances: Sequence[Utterance], text: str, count: int) -> tuple[Utterance, ...]:
    offsets: dict[int, int] = {}
    parts: list[str] = []
    length = position = 0
    for match in _ANCHOR.finditer(text):
        parts.append(text[position : match.start()])
        length += match.start() - position
        position = match.end()
        offsets[int("".join(f"{_DIGITS.index(char):x}" for char in match[0][:-1]), 16)] = length
    plain = "".join([*parts, text[position:]])
    where = [0] * count
    for number in range(count):
        where[number] = offsets.get(number, where[number - 1] if number else 0)
    result, number, begin = [], 0, 0
    for index, utterance in enumerate(utterances):
        is_last = index == len(utterances) - 1
        old = _borders(utterance, is_last=is_last)
        new = where[number : number + len(old)]
        number += len(old)
        end = len(plain) if is_last else max(begin, new[-1])
        said = plain[begin:end]
        moved = {a: max(0, min(b, end) - begin) for a, b in zip(old, new, strict=True)}
        result.append(_moved(utterance, said, moved))
        begin = end
    return tuple(result)


def _moved(utterance: Utterance, text: str, moved: dict[int, int]) -> Utterance:
    last = max(moved, default=0)
    at = {place: moved.get(min(place, last), 0) for place in _all_places(utterance)}
    spans = [(at[start], at[end]) for start, end in utterance.emphasis]
    readings = [replace(r, start=at[r.start], end=at[r.end]) for r in utterance.readings]
    return replace(
        utterance,
        text=text,
        emphasis=tuple(span for span in spans if span[1] > span[0]),
        readings=tuple(reading for reading in readings if reading.end > reading.start),
        cues=tuple(replace(cue, at=at[cue.at]) for cue in utterance.cues),
    )


def _all_places(utterance: Utterance) -> set[int]:
    places = {at for span in utterance.emphasis for at in span} | {cue.at for cue in utterance.cues}
    return places | {at for reading in utterance.readings for at in (reading.start, reading.end)}
