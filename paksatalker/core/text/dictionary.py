"""Pronunciation dictionaries: ``Paksa = Pack-sah`` or ``Paksa = /ˈpæksə/``, one a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from paksatalker.core.timeline import Reading, Utterance
from paksatalker.errors import InvalidOption

_SIGNS = frozenset("'’.,‿|‖-–↗↘↑↓^~")
_TONES = frozenset("˥˦˧˨˩")
_FORM = "Write: word = how it sounds, or word = /IPA/"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """How some words are pronounced.

    Attributes:
        entries: Of words in lower case (several words with single spaces), what is said and whether that is IPA.
    """

    entries: dict[str, tuple[str, bool]]

    @classmethod
    def read(cls, lines: Iterable[str], source: str = "the dictionary") -> Self:
        """Reads entries; later ones win. Empty lines and lines that begin with ``#`` are skipped.

        Raises:
            InvalidOption: A line is no entry; the message names it.
        """
        entries = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            word, equals, spoken = (part.strip() for part in line.partition("="))
            ipa = len(spoken) > 2 and spoken.startswith("/") and spoken.endswith("/")
            said = spoken[1:-1].strip() if ipa else spoken
            problem = (
                "there is no = in it" if not equals
                else "there is no word before the =" if not re.search(r"\w", word)
                else "nothing can be said of what is after the =" if not re.search(r"\w", said)
                else "it holds brackets" if re.search(r"[\[\]()]", said)
                else f"'{strange[0]}' is not of the phonetic alphabet" if ipa and (strange := _strange(said)) else ""
            )  # fmt: skip
            if problem:
                raise InvalidOption(f"cannot use line {number} of {source} ('{line.strip()[:40]}')", problem, _FORM)
            entries[" ".join(word.lower().split())] = (said, ipa)
        return cls(entries)

    def apply(self, utterance: Utterance) -> Utterance:
        """The utterance with readings for all its words that are in the dictionary; its own readings win."""
        if not self.entries or not utterance.text:
            return utterance
        readings = list(utterance.readings)
        for match in self._pattern().finditer(utterance.text):
            start, end = match.span()
            if all(end <= reading.start or start >= reading.end for reading in utterance.readings):
                spoken, ipa = self.entries[" ".join(match[0].lower().split())]
                readings.append(Reading(start, end, spoken, ipa))
        return replace(utterance, readings=tuple(sorted(readings)))

    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.entries, key=lambda word: (-len(word), word))
        words = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


def _strange(ipa: str) -> list[str]:
    """What is no letter, mark, tone, tie, stress or space."""
    return [char for char in ipa if unicodedata.category(char)[0] not in "LMZ" and char not in _SIGNS | _TONES]
