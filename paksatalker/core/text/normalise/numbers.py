"""Numbers: what is a numeral in a language, and numerals in words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from paksatalker.core.text.normalise import urdu_numbers
from paksatalker.core.text.normalise.tables import Language

if TYPE_CHECKING:
    from unicode_rbnf import RbnfEngine

_LARGEST = 20  # digits that tell the size of a number
_LONGEST = 15  # digits; longer numbers are said digit by digit
_PAIR = 2  # digits that are said as one number, such as of a year
_EARLIEST, _LATEST = 1100, 2099  # years that have a form of their own

_GROUPED = r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?"  # 1,234.5 and 12,34,567
_POINTED = r"\d{1,3}(?:[.’'\u00a0\u202f ]\d{3})+(?:,\d+)?"  # 1.234,5 and 1 234,5
#: A numeral with a point or a comma before its decimals, as patterns; no groups.
_POINT_NUMERAL = rf"(?:{_GROUPED}|\d{{1,3}}(?:\.\d{{3}})+,\d{{1,2}}(?!\d)|\d+(?:[.٫]\d+)?)"
_COMMA_NUMERAL = rf"(?:{_POINTED}(?!\d)|\d{{1,3}}(?:,\d{{3}})+\.\d+|\d+(?:[.,]\d+)?)"
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def numeral_pattern(language: Language) -> str:
    """A regular expression, without groups, for an unsigned numeral as the language writes it."""
    return _COMMA_NUMERAL if language.comma_decimals else _POINT_NUMERAL


def plain_digits(text: str) -> str:
    """The text with 0–9 for the digits of all scripts."""
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and c not in _SUPERSCRIPTS else c for c in text)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as it is written.

    Attributes:
        whole: Before the decimal mark.
        decimals: The digits after it; empty without.
        mark: The decimal mark, ``.`` or ``,``; empty without.
        digits: The digits before the mark as written, with leading zeros.
    """

    whole: int
    decimals: str = ""
    mark: str = ""
    digits: str = ""

    @property
    def is_one(self) -> bool:
        """Whether what is counted is said in the singular."""
        return self.whole == 1 and not self.decimals

    @property
    def value(self) -> float:
        """The number."""
        return float(f"{self.whole}.{self.decimals or 0}")

    @classmethod
    def read(cls, text: str, language: Language) -> Self:
        """Reads what :func:`numeral_pattern` matches."""
        text = plain_digits(text).replace("٫", ".").replace("٬", ",")
        bare = re.sub(r"[’'\u00a0\u202f ]", "", text)
        points, commas = bare.count("."), bare.count(",")
        mark = ""
        if points and commas:
            mark = max(".,", key=bare.rfind)
        elif points == 1 or commas == 1:
            only = "." if points else ","
            tail = len(bare) - bare.rfind(only) - 1
            groups = (only == ".") == language.comma_decimals  # 1.234 in Spanish and 1,234 in English are thousands
            head = bare[: bare.rfind(only)]
            mark = "" if groups and tail == 3 and not head.startswith("0") and len(head) <= 3 else only
        whole, _, decimals = bare.rpartition(mark) if mark else (bare, "", "")
        digits = re.sub(r"\D", "", whole)
        # Longer ones are said by their digits; Python refuses to read thousands of them.
        return cls(int(digits[:_LARGEST] or 0), decimals, mark, digits)


class Numbers:
    """Numbers of a language in words, by the rules of the CLDR (Unicode's rule-based number format).

    Args:
        language: Which.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._rules: RbnfEngine | None = None
        if language.tag != "ur":
            from unicode_rbnf import RbnfEngine  # only texts with numbers need it

            self._rules = RbnfEngine.for_language(language.tag)

    def cardinal(self, number: int, gender: str = "") -> str:
        """How many: ``m`` or ``f`` before a noun of that gender, else as one counts."""
        if abs(number) >= 10**_LONGEST:
            return self.digits(str(number))
        if number < 0:
            return f"{self._language.minus} {self.cardinal(-number, gender)}"
        if self._rules is None:
            return urdu_numbers.cardinal(number)
        return self._say(number, self._language.cardinals.get(gender, "spellout-numbering"))

    def ordinal(self, number: int, gender: str = "") -> str:
        """Which one: a key of the language's ``ordinals``."""
        if self._rules is None:
            return urdu_numbers.ordinal(number, gender)
        rules = self._language.ordinals
        return self._say(number, rules.get(gender) or rules[""])

    def year(self, number: int) -> str:
        """A year; those of the second millennium are said in hundreds where the language does so."""
        hundreds, rest = divmod(number, 100)
        if self._language.tag in ("hi", "ur") and _EARLIEST <= number < 2000:
            name = "सौ" if self._language.tag == "hi" else "سو"
            return f"{self.cardinal(hundreds)} {name}" + (f" {self.cardinal(rest)}" if rest else "")
        if self._rules is None or self._language.tag not in ("en", "de"):
            return self.cardinal(number)
        if self._language.tag == "en" and _EARLIEST <= number <= _LATEST and 0 < rest < 10 and hundreds != 20:
            return f"{self.cardinal(hundreds)} oh {self.cardinal(rest)}"
        return self._say(number, "spellout-numbering-year")

    def digits(self, text: str, separator: str = " ") -> str:
        """All digits of a text one by one."""
        return separator.join(self.cardinal(unicodedata.digit(c)) for c in text if c.isdigit())

    def numeral(self, numeral: Numeral, gender: str = "") -> str:
        """A numeral in words."""
        if len(numeral.digits) > _LONGEST or (len(numeral.digits) > 1 and numeral.digits.startswith("0")):
            words = self.digits(numeral.digits)
        else:
            words = self.cardinal(numeral.whole, "" if numeral.decimals else gender)
        if not numeral.decimals:
            return words
        return f"{words} {self._language.point[numeral.mark]} {self._decimals(numeral.decimals)}"

    def _decimals(self, digits: str) -> str:
        if not self._language.long_decimals or len(digits) > 3 or len(digits) == 1:
            return self.digits(digits)
        zeros = len(digits) - len(digits.lstrip("0"))
        rest = digits[zeros:]
        return " ".join(filter(None, [self.digits("0" * zeros), self.cardinal(int(rest)) if rest else ""]))

    def in_mixture(self, digits: str) -> str:
        """Digits inside of a name, such as in A320: as a number if short, else in pairs, zeros one by one."""
        digits = "".join(str(unicodedata.digit(c)) for c in digits)
        if digits.startswith("0") or len(digits) > 4:
            return self.digits(digits)
        if len(digits) <= 2 or digits.endswith("00"):
            return self.cardinal(int(digits))
        if len(digits) == 4 and digits[2] != "0":
            return f"{self.cardinal(int(digits[:2]))} {self.cardinal(int(digits[2:]))}"
        if len(digits) == 3 and digits[1] != "0" and self._language.tag == "en":
            return f"{self.cardinal(int(digits[0]))} {self.cardinal(int(digits[1:]))}"
        return self.cardinal(int(digits))

    def _say(self, number: int, rules: str) -> str:
        assert self._rules is not None
        return self._rules.format_number(number, ruleset_names=[rules]).text.replace("\u00ad", "")
