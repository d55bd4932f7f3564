"""What all readers share: a rule, and the tools to make one for a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from paksatalker.core.text.normalise.numbers import Numbers, Numeral, numeral_pattern
from paksatalker.core.text.normalise.tables import Language

#: A sign before a number, and what must not be before a number, as patterns.
SIGN = r"(?P<sign>(?<![\w)\].,/])[-−+±](?=[\d.]))?"
START = r"(?<![\d_])(?<!\d[.,:/٫])"
_WORD_AFTER = re.compile(
    r" ((?:[^\W\d_]|[\u0900-\u0903\u093a-\u094f\u064b-\u0652])+)"
)  # vowel signs are no letters to re
_WORD_BEFORE = re.compile(r"([^\W\d_]+)\.? $")


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing that is said otherwise than it is written.

    Attributes:
        pattern: What it looks like.
        read: What is said, or None where it is not that kind of thing after all.
        group: The group of the pattern that is replaced.
    """

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], str | None]
    group: int | str = 0


class Tools:
    """What the rules of a language are made with.

    Args:
        language: Which.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.numbers = Numbers(language)
        self.number = numeral_pattern(language)

    def numeral(self, text: str) -> Numeral:
        """Reads a numeral."""
        return Numeral.read(text, self.language)

    def gender(self, noun: str) -> str:
        """The gender of a noun that is counted; empty where numbers do not agree."""
        return "" if not self.language.cardinals else "f" if self.language.feminine(noun.lower()) else "m"

    def count(self, numeral: Numeral, noun: str) -> str:
        """So many of something, without it."""
        return self.numbers.numeral(numeral, self.gender(noun.split(maxsplit=1)[0]) if noun else "")

    def of(self, numeral: Numeral, noun: str) -> str:
        """What stands between a whole number of millions and what is counted: "un millón de euros"."""
        joint = self.language.scale_of.strip()
        if not joint or not noun or numeral.decimals or not numeral.whole or numeral.whole % 10**6:
            return ""
        elided = self.language.tag == "fr" and noun[0].lower() in "aeiouyhéèêàâîô"
        return " d'" if elided else f" {joint} "

    def signed(self, match: re.Match[str], words: str) -> str:
        """The words with those for the group ``sign`` of a match before them."""
        sign = match["sign"]
        if not sign:
            return words
        name = {"-": self.language.minus, "−": self.language.minus, "+": self.language.plus}.get(sign)
        return f"{name or self.language.signs[sign]} {words}"


def one_of(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w))) + ")"


def word_after(match: re.Match[str], group: int | str = 0) -> str:
    """The word after a match, if only a space is between."""
    found = _WORD_AFTER.match(match.string, match.end(group))
    return found[1] if found else ""


def word_before(match: re.Match[str], group: int | str = 0) -> str:
    """The word before a match, if only a space is between."""
    found = _WORD_BEFORE.search(match.string, max(0, match.start(group) - 40), match.start(group))
    return found[1] if found else ""
