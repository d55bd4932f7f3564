"""What is said of a text whose kind its writer names: SSML's ``say-as``."""

from __future__ import annotations

import re
import unicodedata

from paksatalker.core.text.normalise.calendar import date
from paksatalker.core.text.normalise.contacts import telephone
from paksatalker.core.text.normalise.normaliser import normaliser_for, spoken_text
from paksatalker.core.text.normalise.numbers import plain_digits
from paksatalker.core.text.normalise.quantities import by_name
from paksatalker.core.text.normalise.rules import Tools
from paksatalker.core.text.normalise.tables import language_of

SPELLED = frozenset(("characters", "spell-out", "verbatim"))
DIGITS = frozenset(("digits", "telephone"))
COUNTED = frozenset(("cardinal", "number", "ordinal"))
#: Said as they would be without a kind; a date's order of day, month and year can be given besides.
PLAIN = frozenset(("fraction", "unit", "date", "time", "currency", "address", "name", "duration"))
KINDS = SPELLED | DIGITS | COUNTED | PLAIN

_FORMATS = frozenset(("mdy", "dmy", "ymd", "md", "dm", "ym", "my", "ydm", "y", "m", "d"))


def read_as(text: str, kind: str, tag: str, form: str = "") -> str | None:
    """How a text of a kind is said.

    Args:
        text: What is written.
        kind: One of :data:`KINDS`.
        tag: The language's BCP-47 tag; languages that are not normalised are read like English in digits.
        form: Of a date, the order of its parts: ``mdy``, ``dmy``, ``ymd``, ``md`` …

    Returns:
        What is said, or None where it is said as it is written.
    """
    language = language_of(tag) or language_of("en")
    assert language is not None
    tools = normaliser_for(language.tag).tools
    if kind in SPELLED:
        return " ".join(_character(tools, char) for char in text if not char.isspace()) or None
    if kind == "telephone":
        return telephone(tools, text) if any(map(str.isdigit, text)) else None
    if kind == "digits":
        return tools.numbers.digits(text) or None
    if kind in COUNTED:
        return by_name(tools, text, "ordinal" if kind == "ordinal" else "cardinal")
    if kind == "date" and form in _FORMATS and (said := _date(tools, text, form)):
        return said
    if kind in ("address", "name") or language_of(tag) is None:
        return None
    said = spoken_text(text, language.tag)
    return said if said != text else None


def _character(tools: Tools, char: str) -> str:
    if char.isdigit():
        return tools.numbers.cardinal(unicodedata.digit(char))
    return char.upper() if char.isalpha() else tools.language.web.get(char) or tools.language.signs.get(char, "")


def _date(tools: Tools, text: str, form: str) -> str | None:
    parts = re.findall(r"\d+", plain_digits(text))
    if len(parts) == 1 and len(parts[0]) == len(form) * 2 + 2 * ("y" in form) and len(form) > 1:  # 20260304
        digits = iter(parts[0])
        parts = ["".join(next(digits) for _ in range(4 if part == "y" else 2)) for part in form]
    if len(parts) != len(form):
        return None
    values = {part: int(value) for part, value in zip(form, parts, strict=True)}
    year = values.get("y")
    if year is not None and year < 100:
        year += 2000 if year <= 40 else 1900
    months = tools.language.month_names
    if "m" in values and not 1 <= values["m"] <= 12:
        return None
    if "d" in values and "m" in values:
        return date(tools, values["d"], values["m"], year)
    words = [months[values["m"] - 1]] if "m" in values else []
    words += (
        [tools.numbers.ordinal(values["d"]) if tools.language.tag == "en" else str(values["d"])]
        if "d" in values
        else []
    )
    return " ".join([*words, tools.numbers.year(year)] if year is not None else words) or None
