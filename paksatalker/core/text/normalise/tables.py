"""What the normaliser knows of a language: one :class:`Language` each, in :mod:`.languages`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType

from paksatalker.core.languages import primary

#: Languages whose numbers, dates, money, times, units and signs are read out.
LANGUAGES: tuple[str, ...] = ("en", "es", "fr", "de", "pt", "it", "hi", "ur")


def word_set(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Currency:
    """The names of an amount: of one, of several, of a hundredth and of several of these."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How a language writes numbers and what it says for signs.

    Attributes:
        tag: BCP-47 primary tag.
        point: What is said for the decimal mark as it is written, ``.`` or ``,``.
        minus, plus, percent, permille: Words.
        months: Names of the months, January first; and abbreviations, without a point, to the number of the month.
        date: A date of ``{day}`` and ``{month}``, and the same with ``{year}``.
        time: Builds a time of hour and minute, the words of a number by gender, and "am", "pm" or nothing.
        time_marks: A pattern of what follows a time and is part of it.
        ranges: What a dash between numbers is said as.
        currencies: Amounts by symbol or code; other codes have the names of the CLDR.
        scales: What makes a number a large one (``million``, ``Mio.``), and what is said of one and of several.
        number_sign: A pattern of abbreviations of "number", and the word.
        abbreviations: What is said for them, by exact spelling. ``titles`` are such only before a capital or a letter.
        fractions: Names of halves, thirds … by denominator, of one and of several.
        half: For 2½: what stands between, and the word for a half there.
        signs: Words for signs; ``²`` and ``³`` are those after something that is no unit.
        web: Words for the signs in addresses.
        comma_decimals: Whether 3,5 is three and a half, and 1.000 a thousand.
        long_decimals: Whether two or three decimals are said as one number ("trois virgule quatorze").
        cardinals: Rule sets of the CLDR by the gender of what is counted, ``m`` and ``f``.
        ordinals: Rule sets of the CLDR by gender; ``""`` is the usual one.
        day_first: Whether 3/4 is the third of April.
        first_of_month: What is said for day 1, where it is not like the others.
        ordinal_days: The gender (a key of ``ordinals``) of days that are ordinals; None where they are cardinals.
        scale_of: What stands between millions and the currency.
        cents_join: What stands between an amount and its hundredths.
        cents_named: Whether hundredths after an amount are named.
        units: Names by unit of the CLDR that are said otherwise than the CLDR has them, of one and of several.
        degrees: Of one and of several, where no scale is named.
        ordinal_endings: A pattern of what makes digits an ordinal, and the gender by the ending's last letter.
        roman: A pattern of words before a roman numeral; ``roman_ordinal`` is one after which, ``roman_followed`` one
            before which it is an ordinal; ``kings`` is one of names, ``king`` how the ordinal follows them and the
            largest number that is one.
        feminine: Whether a noun is feminine, where numbers agree with it.
        functional: Words that are no noun after a number.
        digit_pairs: Whether telephone numbers are said in pairs.
        feminine_half: The word for a half after a whole of something feminine.
        version: What "v" before a version stands for.
        per: What a stroke between an amount and a word is said as.
        decades: What is said for the ``s`` of 1990s.
    """

    tag: str
    point: Mapping[str, str]
    minus: str
    plus: str
    percent: str
    permille: str
    month_names: tuple[str, ...]
    months: Mapping[str, int]
    date: tuple[str, str]
    time: Callable[[int, int, Callable[[int, str], str], str], str]
    ranges: str
    currencies: Mapping[str, Currency]
    scales: Mapping[str, tuple[str, str]]
    number_sign: tuple[str, str]
    abbreviations: Mapping[str, str]
    fractions: Mapping[int, tuple[str, str]]
    half: tuple[str, str]
    signs: Mapping[str, str]
    web: Mapping[str, str]
    degrees: tuple[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)
    time_marks: str = ""
    comma_decimals: bool = True
    long_decimals: bool = True
    cardinals: Mapping[str, str] = field(default_factory=dict)
    ordinals: Mapping[str, str] = field(default_factory=dict)
    day_first: bool = True
    first_of_month: str = ""
    ordinal_days: str | None = None
    scale_of: str = " "
    cents_join: str = " "
    cents_named: bool = True
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ordinal_endings: tuple[str, Mapping[str, str]] = ("", MappingProxyType({}))
    roman: str = ""
    roman_ordinal: str = ""
    roman_followed: tuple[str, str] = ("", "")
    kings: str = ""
    king: tuple[str, int] = ("{}", 99)
    feminine: Callable[[str], bool] = lambda _noun: False
    functional: frozenset[str] = frozenset()
    digit_pairs: bool = False
    version: str = "version"
    feminine_half: str = ""
    per: str = "per"
    decades: bool = False


@lru_cache(maxsize=len(LANGUAGES))
def language_of(tag: str) -> Language | None:
    """The table of a BCP-47 tag's language; None for languages that are not normalised here."""
    language = primary(tag)
    if language not in LANGUAGES:
        return None
    table: Language = import_module(f"paksatalker.core.text.normalise.languages.{language}").LANGUAGE
    return table
