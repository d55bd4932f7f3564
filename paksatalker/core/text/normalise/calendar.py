"""Dates and times: ``3/4/2026``, ``2026-04-03``, ``March 3rd``, ``14:30``, ``3pm``, ``14h30``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from paksatalker.core.text.normalise.rules import Rule, Tools, one_of, word_before
from paksatalker.core.text.normalise.tables import Language, word_set

_GERMAN_OBLIQUE = word_set("am dem den des vom zum beim ab bis seit im diesem jenem dieser jeden nächsten")
_GERMAN_WEAK = word_set("der die das")
_EARLIEST = 1000
#: Words before or after two numbers with a stroke that make a date of them.
_DATE_BEFORE = {
    "es": "el|del|al|día", "fr": "le|du|au", "it": "il|del|dal|al", "pt": "em|dia|até|do dia",
    "de": "am|vom|bis|zum|den|der|seit",
}  # fmt: skip
_DATE_AFTER = {"hi": "को|से|तक", "ur": "کو|سے|تک"}
_FRACTIONS = frozenset({(1, 2), (1, 3), (2, 3), (1, 4), (3, 4)})


def dates(tools: Tools) -> list[Rule]:
    """Rules for dates in digits and with names of months."""
    language = tools.language

    def in_digits(match: re.Match[str]) -> str | None:
        found = match.groupdict()
        first, second = int(match["a"]), int(match["b"])
        if found.get("iso"):
            day, number = second, first
        elif (language.day_first or match["mark"] == "." or first > 12) and second <= 12:
            day, number = first, second
        else:
            day, number = second, first
        return date(tools, day, number, _full_year(match["year"]), match)

    def named(match: re.Match[str]) -> str | None:
        number = _month_number(tools, match)
        found = match.groupdict()
        said = found.get("year")
        if number is None:
            return None
        if not found.get("day"):
            return f"{language.month_names[number - 1]} {tools.numbers.year(int(said))}" if said else None
        # Words such as the English "march" and the Spanish "mar" are months only in a whole date.
        words = date(tools, int(match["day"]), number, int(said) if said else None, match)
        return f"{words}." if words and match[0].endswith(".") and _is_end(match) else words

    return [
        Rule(
            re.compile(r"(?<![\w./-])(?P<year>\d{4})(?P<iso>[-/.])(?P<a>\d{1,2})(?P=iso)(?P<b>\d{1,2})(?![\w/-])"),
            in_digits,
        ),
        Rule(
            re.compile(
                r"(?<![\w./-])(?P<a>\d{1,2})(?P<mark>[./-])\s?(?P<b>\d{1,2})(?P=mark)\s?(?P<year>\d{4}|\d{2})(?![\w/-]|\.\d)"
            ),
            in_digits,
        ),
        *(rule for names, dot in _month_names(language) for rule in _named_rules(names, dot, named)),
        *_without_year(tools),
    ]


def _without_year(tools: Tools) -> list[Rule]:
    """``24/12`` and the German ``24.12.`` where the words around them say that they are a date."""
    tag = tools.language.tag

    def read(match: re.Match[str]) -> str | None:
        day, number = int(match["a"]), int(match["b"])
        if (day, number) in _FRACTIONS:
            return None
        words = date(tools, day, number, None, match)
        return f"{words}." if words and tag == "de" and _is_end(match) else words

    place = r"(?P<all>(?P<a>\d{1,2})/(?P<b>\d{1,2}))(?![\w/%])"
    if tag == "de":
        place = r"(?P<all>(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.)(?!\s?\d)"
    before, after = _DATE_BEFORE.get(tag), _DATE_AFTER.get(tag)
    if before:
        return [Rule(re.compile(rf"(?<!\w)(?:{before})\s{place}", re.IGNORECASE), read, "all")]
    return [Rule(re.compile(rf"(?<![\w./]){place}(?=\s(?:{after})(?!\w))"), read, "all")] if after else []


def _month_names(language: Language) -> list[tuple[str, str]]:
    """Patterns of names of months, and of what may follow them: a point after an abbreviation."""
    whole = {name.lower() for name in language.month_names}
    short = set(language.months) - whole
    return [
        (one_of({*names, *(name.capitalize() for name in names)}), dot)
        for names, dot in ((whole, ""), (short, r"\.?"))
        if names
    ]


def _named_rules(names: str, dot: str, read: Callable[[re.Match[str]], str | None]) -> list[Rule]:
    """``3 March 2026``, ``March 3rd, 2026``, ``March 2026``."""
    month = rf"(?P<month>{names})(?![^\W_]){dot}"
    year = r"(?P<year>\d{4})(?![\d\w])"
    day = r"(?P<day>\d{1,2})"
    link = r"(?:,|\s(?:de|del|of|di)\b)?\s"
    ending = r"(?:st|nd|rd|th|er|re|[º°ªo]|\.)?"
    return [
        Rule(re.compile(rf"(?<![\w./:,-]){day}{ending}\s(?:of |de |di )?{month}(?:{link}{year})?"), read),
        Rule(re.compile(rf"(?<![\w-]){month}\s{day}(?:st|nd|rd|th)?(?![\w:/%°]|[.,]\d)(?:,?\s{year})?"), read),
        Rule(re.compile(rf"(?<![\w-]){month}{link}{year}"), read),
    ]


def _is_end(match: re.Match[str]) -> bool:
    return not match.string[match.end() :].strip("\"'”’»)")


def _month_number(tools: Tools, match: re.Match[str]) -> int | None:
    """The month, unless the word is more likely another one."""
    written = match["month"]
    number = tools.language.months[written.lower()]
    whole = written.lower() == tools.language.month_names[number - 1].lower()
    if tools.language.tag in ("en", "de") and not written[0].isupper():
        return None
    dotted = match.string[match.end("month") : match.end("month") + 1] == "."
    return number if whole or dotted or match.groupdict().get("year") or tools.language.tag == "en" else None


def _full_year(text: str) -> int:
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year <= 40 else 1900)


def date(tools: Tools, day: int, month: int, year: int | None, match: re.Match[str] | None = None) -> str | None:
    """A date in words; None for one that no calendar has."""
    language = tools.language
    if not (1 <= month <= 12 and 1 <= day <= 31 and (year is None or year > 0)):
        return None
    template = language.date[0 if year is None else 1]
    if language.ordinal_days is not None:
        gender = language.ordinal_days if match is None else _day_form(tools, match)
        words = tools.numbers.ordinal(day, gender)
    else:
        words = language.first_of_month if day == 1 and language.first_of_month else tools.numbers.cardinal(day)
    if (
        language.tag == "en"
        and match is not None
        and match.groupdict().get("day")
        and match.start("day") < match.start("month")
    ):
        article = "" if word_before(match).lower() in ("the", "this", "every", "each") else "the "
        template = f"{article}{{day}} of {{month}}" + (", {year}" if year else "")
    return template.format(
        day=words, month=language.month_names[month - 1], year=tools.numbers.year(year) if year else ""
    )


def _day_form(tools: Tools, match: re.Match[str]) -> str:
    if tools.language.tag != "de":
        return tools.language.ordinal_days or ""
    before = word_before(match, "all") if "all" in match.groupdict() else word_before(match)
    return german_form(before.lower())


def german_form(before: str) -> str:
    """The ending of an ordinal after this word."""
    return "n" if before in _GERMAN_OBLIQUE else "" if before in _GERMAN_WEAK else "r"


def times(tools: Tools) -> list[Rule]:
    """Rules for times of day."""
    language = tools.language
    marks = language.time_marks or "(?!)"
    half = r"(?:\s?(?P<half>[ap])(?:m\b|\.\s?m\.?|\.m\b)(?![^\W\d_]))"
    half = half.replace("[ap]", "[apAP]").replace("m", "[mM]")

    read = partial(_time_of, tools)
    start = r"(?<![\w:.,/-])(?P<hour>\d{1,2})"
    minutes = r"(?P<minute>\d{2})"
    rules = [
        Rule(re.compile(rf"{start}:{minutes}(?::(?P<second>\d{{2}}))?(?![\d:]|\.\d)(?:{half}|{marks})?"), read),
        Rule(re.compile(rf"{start}{half}"), read),
    ]
    if language.tag in ("de", "it", "fr", "es", "pt"):  # 14.30 Uhr, alle 14.30
        before = {"de": "(?!)", "it": r"(?i:ore|alle|dalle)\s", "es": r"(?i:las)\s", "fr": "(?!)", "pt": "(?!)"}[
            language.tag
        ]
        rules.append(Rule(re.compile(rf"{start}\.{minutes}(?!\d){marks}"), read))
        rules.append(
            Rule(re.compile(rf"(?<![\w])(?:{before})(?P<time>(?P<hour>\d{{1,2}})\.{minutes})(?!\d)"), read, "time")
        )
    if language.tag in ("fr", "pt", "es"):  # 14h30
        rules.append(Rule(re.compile(rf"{start}\s?h\s?{minutes}(?:\s?min)?(?![\w])"), read))
    if language.tag == "de":
        rules.append(Rule(re.compile(rf"{start}\sUhr(?:\s{minutes})?(?![\w])"), read))
    if language.tag == "fr":
        rules.append(Rule(re.compile(rf"{start}\s?h(?![\w'’])"), read))
    if language.tag in ("hi", "ur"):
        rules.append(Rule(re.compile(rf"{start}{marks}(?!\w)"), read))
    return rules


def _time_of(tools: Tools, match: re.Match[str]) -> str | None:
    """What names ``hour``, and may name ``minute``, ``second`` and ``half``, in words; None if that is no time."""
    found = match.groupdict()
    hour, minute = int(match["hour"]), int(found.get("minute") or 0)
    seconds = found.get("second")
    side = {"a": "am", "p": "pm"}.get((found.get("half") or "").lower(), "")
    if hour > (12 if side else 24) or minute > 59 or (seconds and int(seconds) > 59):
        return None
    words = time(tools, hour, minute, side)
    if seconds:
        from paksatalker.core.text.normalise.units import unit_name

        language = tools.language
        name = unit_name(language, "s", int(seconds))
        words += f" {language.signs['&']} {tools.numbers.cardinal(int(seconds), tools.gender(name))} {name}"
    if match.string[match.end() : match.end() + 1] == ".":
        return words.removesuffix(".")
    final = match[0].endswith(".") and match.end() == len(match.string.rstrip())
    return words if not final or words.endswith(".") else words + "."


def time(tools: Tools, hour: int, minute: int, half: str = "") -> str:
    """A time of day in words; ``half`` is ``am``, ``pm`` or nothing."""
    return tools.language.time(hour, minute, tools.numbers.cardinal, half)
