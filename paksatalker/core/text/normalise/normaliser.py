"""What is said of a written text: the readings of everything in it that is not plain words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from paksatalker.core.text.normalise.calendar import dates, times
from paksatalker.core.text.normalise.contacts import phones, versions
from paksatalker.core.text.normalise.money import money
from paksatalker.core.text.normalise.quantities import (
    decades,
    fractions,
    mixtures,
    numbered,
    numerals,
    ordinals,
    ranges,
    romans,
)
from paksatalker.core.text.normalise.rules import Rule, Tools
from paksatalker.core.text.normalise.signs import powers, signs
from paksatalker.core.text.normalise.tables import LANGUAGES, language_of
from paksatalker.core.text.normalise.units import durations, units
from paksatalker.core.text.normalise.web import addresses
from paksatalker.core.text.normalise.words import abbreviations
from paksatalker.core.timeline import Reading, Utterance

#: The kinds of readings, those that win first.
_KINDS = (
    addresses, versions, dates, phones, times, money, durations, decades, units, numbered, ordinals, fractions, romans,
    abbreviations, powers, mixtures, numerals, ranges, signs,
)  # fmt: skip


class Normaliser:
    """Finds readings in one language.

    Args:
        tag: One of :data:`~paksatalker.core.text.normalise.tables.LANGUAGES`.
    """

    def __init__(self, tag: str) -> None:
        language = language_of(tag)
        if language is None:
            raise ValueError(f"'{tag}' is none of {', '.join(LANGUAGES)}")
        self.tools = Tools(language)
        self._rules: tuple[Rule, ...] = tuple(rule for kind in _KINDS for rule in kind(self.tools))

    def readings(self, text: str, taken: Iterable[Reading] = ()) -> tuple[Reading, ...]:
        """Finds what is said otherwise than it is written.

        Args:
            text: A sentence.
            taken: Readings that are there already; they win.

        Returns:
            All readings, those taken included, in order, not overlapping.
        """
        found = list(taken)
        occupied = bytearray(len(text))
        for reading in found:
            occupied[reading.start : reading.end] = b"\1" * (reading.end - reading.start)
        for rule in self._rules:
            for match in rule.pattern.finditer(text):
                start, end = match.span(rule.group)
                if start == end or any(occupied[start:end]):
                    continue
                spoken = rule.read(match)
                if spoken is None or not any(char.isalnum() for char in spoken):
                    continue
                if any(map(str.isdigit, spoken)):  # of words that hold small digits, such as a footnote's
                    spoken = "".join(f" {self.tools.numbers.digits(c)} " if c.isdigit() else c for c in spoken)
                occupied[start:end] = b"\1" * (end - start)
                found.append(Reading(start, end, _spaced(text, start, end, " ".join(spoken.split()))))
        return tuple(sorted([*found, *self._left_over(text, occupied)]))

    def _left_over(self, text: str, occupied: bytearray) -> Iterator[Reading]:
        """Digits that are part of no number, such as those between two addresses, one by one."""
        free = "".join(" " if taken else char for char, taken in zip(text, occupied, strict=True))
        for match in re.finditer(r"\d+", free):
            spoken = self.tools.numbers.digits(match[0])
            yield Reading(*match.span(), _spaced(text, *match.span(), spoken))


def _spaced(text: str, start: int, end: int, spoken: str) -> str:
    """The words with a space where they touch other words."""
    before, after = text[start - 1 : start], text[end : end + 1]
    left = " " if before and not before.isspace() and _joins(before) else ""
    right = " " if after and not after.isspace() and _joins(after) and not spoken.endswith("'") else ""
    return left + spoken + right


def _joins(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMNS" or char in "–—/%@#&_\\"


@lru_cache(maxsize=len(LANGUAGES))
def normaliser_for(tag: str) -> Normaliser:
    """The normaliser of a language, made once."""
    return Normaliser(tag)


def normalise(utterance: Utterance, default: str = "") -> Utterance:
    """The utterance with readings for numbers, money, dates, times, units, abbreviations, addresses and signs.

    Its text stays as it is; readings that it has win. Languages other than
    :data:`~paksatalker.core.text.normalise.tables.LANGUAGES` are left as they are.

    Args:
        utterance: A sentence.
        default: Language of utterances that do not say theirs.
    """
    language = language_of(utterance.language or default)
    if language is None or not utterance.text:
        return utterance
    readings = normaliser_for(language.tag).readings(utterance.text, utterance.readings)
    return replace(utterance, readings=readings)


def spoken_text(text: str, tag: str) -> str:
    """A sentence with all readings put in: what a voice is given.

    Args:
        text: A sentence.
        tag: A BCP-47 tag.
    """
    utterance = normalise(Utterance(text, language=tag))
    parts, position = [], 0
    for reading in utterance.readings:
        parts += [text[position : reading.start], reading.spoken]
        position = reading.end
    return " ".join("".join([*parts, text[position:]]).split())
