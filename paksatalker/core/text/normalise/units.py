"""Numbers with units, percent and degrees: ``5 km/h``, ``−3 °C``, ``50 %``, ``5'10"``."""

from __future__ import annotations

import re
from functools import lru_cache

from paksatalker.core.text.normalise.numbers import Numeral
from paksatalker.core.text.normalise.rules import SIGN, START, Rule, Tools, one_of, word_after
from paksatalker.core.text.normalise.tables import Language, word_set

# Units of the CLDR by their symbol; a stroke makes a rate of two.
_UNITS: dict[str, str] = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "µm": "micrometer", "μm": "micrometer",
    "nm": "nanometer", "mi": "mile", "ft": "foot", "yd": "yard", "kg": "kilogram", "g": "gram", "mg": "milligram",
    "µg": "microgram", "μg": "microgram", "lb": "pound", "lbs": "pound", "oz": "ounce", "t": "tonne", "l": "liter",
    "L": "liter", "ml": "milliliter", "mL": "milliliter", "cl": "centiliter", "dl": "deciliter", "gal": "gallon",
    "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "s": "second", "sec": "second",
    "secs": "second", "ms": "millisecond", "W": "watt", "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt",
    "kWh": "kilowatt-hour", "V": "volt", "kV": "kilovolt", "mA": "milliampere", "Hz": "hertz", "kHz": "kilohertz",
    "MHz": "megahertz", "GHz": "gigahertz", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "PB": "petabyte", "kbit": "kilobit", "Mbit": "megabit", "Gbit": "gigabit", "m²": "square-meter",
    "m2": "square-meter", "km²": "square-kilometer", "km2": "square-kilometer", "cm²": "square-centimeter",
    "ft²": "square-foot", "m³": "cubic-meter", "m3": "cubic-meter", "cm³": "cubic-centimeter", "ha": "hectare",
    "bar": "bar", "hPa": "hectopascal", "Pa": "pascal", "kcal": "kilocalorie", "kJ": "kilojoule", "J": "joule",
    "Ω": "ohm", "dB": "decibel", "px": "pixel", "°C": "celsius", "° C": "celsius", "℃": "celsius", "ºC": "celsius",
    "°F": "fahrenheit", "° F": "fahrenheit", "℉": "fahrenheit", "ºF": "fahrenheit", "km/h": "kilometer-per-hour",
    "kmh": "kilometer-per-hour", "kph": "kilometer-per-hour", "mph": "mile-per-hour", "m/s": "meter-per-second",
    "Mbps": "megabit/second", "Gbps": "gigabit/second", "kbps": "kilobit/second", "Mbit/s": "megabit/second",
    "Gbit/s": "gigabit/second", "MB/s": "megabyte/second", "GB/s": "gigabyte/second", "kg/m³": "kilogram/cubic-meter",
    "dL": "deciliter", "cL": "centiliter",
    "किमी/घंटा": "kilometer-per-hour", "किमी/घंटे": "kilometer-per-hour", "किमी/घं": "kilometer-per-hour",
    "किमी": "kilometer", "किग्रा": "kilogram", "ग्रा": "gram", "मी": "meter", "सेमी": "centimeter",
}  # fmt: skip
_LARGEST_RANK = 10
_FRENCH = {"Ko": "kilobyte", "ko": "kilobyte", "Mo": "megabyte", "Go": "gigabyte", "To": "terabyte"}  # octets


def durations(tools: Tools) -> list[Rule]:
    """``3h 20m``, ``1h30m10s``: an "m" after hours is no meter."""

    def read(match: re.Match[str]) -> str:
        parts = []
        for group, unit in (("hours", "hour"), ("minutes", "minute"), ("seconds", "second")):
            if match[group]:
                numeral = tools.numeral(match[group])
                name = _named(tools.language, unit, numeral.value)
                parts.append(f"{tools.count(numeral, name)} {name}")
        return " ".join(parts)

    seconds = r"(?:\s?(?P<seconds>\d{1,2})\s?s(?:ecs?)?)?"
    return [
        Rule(
            re.compile(
                rf"{START}(?<!\w)(?P<hours>\d{{1,3}})\s?(?:h|hrs?)\s?(?P<minutes>\d{{1,2}})\s?(?:m|mins?){seconds}(?!\w)"
            ),
            read,
        )
    ]


def units(tools: Tools) -> list[Rule]:
    """Rules for measures."""
    language = tools.language
    number = rf"(?P<number>{tools.number})"

    def measure(match: re.Match[str]) -> str | None:
        numeral = tools.numeral(match["number"])
        name = unit_name(language, match["unit"], numeral.value)
        return tools.signed(match, f"{tools.count(numeral, name)} {name}")

    def percent(match: re.Match[str]) -> str | None:
        name = language.permille if match["unit"] == "‰" else language.percent
        return tools.signed(match, f"{tools.numbers.numeral(tools.numeral(match['number']))} {name}")

    def degrees(match: re.Match[str]) -> str | None:
        numeral = tools.numeral(match["number"])
        if not match["sign"] and is_rank(language, numeral, word_after(match)):
            return None
        name = language.degrees[0 if numeral.is_one else 1]
        return tools.signed(match, f"{tools.count(numeral, name)} {name}")

    def feet(match: re.Match[str]) -> str | None:
        spoken = []
        for value, unit in ((match[1], "foot"), (match[2], "inch")):
            if value:
                name = _cldr_name(language.tag, unit, float(value))
                name = language.units.get(unit, (name, name))[0 if value == "1" else 1]
                spoken.append(f"{tools.count(tools.numeral(value), name)} {name}")
        return " ".join(spoken)

    known = _UNITS if language.tag != "fr" else _UNITS | _FRENCH
    # A rate of any two, such as mg/dL; those that the table has come first.
    symbols = rf"(?:{one_of(known)}(?:/{one_of(name for name in known if '/' not in name)})?)"
    # With a space it is "in".
    inches = (
        [Rule(re.compile(rf"{START}{number}(?P<sign>)(?P<unit>in)(?!\w)"), measure)] if language.tag == "en" else []
    )
    return [
        *inches,
        Rule(re.compile(rf"{SIGN}{START}{number}\s?(?P<unit>{symbols})(?![\w²³/°]|['’]\w)"), measure),
        Rule(re.compile(rf"{SIGN}{START}{number}\s?(?P<unit>[%‰٪])"), percent),
        Rule(re.compile(rf"{SIGN}{START}{number}\s?(?P<unit>°)(?![\w])"), degrees),
        Rule(re.compile(r"(?<![\w.,'′])(\d{1,2})['′’]\s?(\d{1,2})?(?:[\"″”]|''|′′)"), feet),
    ]


def unit_name(language: Language, symbol: str, value: float) -> str:
    """The name of a unit after a number, by its symbol."""
    if symbol == "in":
        return _cldr_name(language.tag, "inch", value)
    parts = [symbol] if symbol in _UNITS else symbol.split("/")
    unit = "/".join(_UNITS.get(part) or _FRENCH[part] for part in parts)
    if unit in language.units:
        return language.units[unit][0 if value == 1 else 1]
    if "/" in unit:
        numerator, denominator = unit.split("/")
        one = language.units.get(denominator)
        return (
            f"{_named(language, numerator, value)} {language.per} "
            f"{one[0] if one else _cldr_name(language.tag, denominator, 1)}"
        )
    return _cldr_name(language.tag, unit, value)


def _named(language: Language, unit: str, value: float) -> str:
    own = language.units.get(unit)
    return own[0 if value == 1 else 1] if own else _cldr_name(language.tag, unit, value)


_NO_RANKS = word_set(
    "centigradi celsius fahrenheit sotto sopra nord sud est ovest centígrados centigrados bajo sobre norte sur este "
    "oeste abaixo acima sul leste graus gradi grados in nel hoy ayer mañana oggi ieri hoje ontem"
)


def is_rank(language: Language, numeral: Numeral, noun: str) -> bool:
    """Whether digits and ``°`` before a word are "third" and no temperature: "3° piano", but "3° sotto zero"."""
    if "°" not in language.ordinal_endings[0] or numeral.decimals or not 0 < numeral.whole <= _LARGEST_RANK:
        return False
    return bool(noun) and noun.islower() and noun not in language.functional | _NO_RANKS


@lru_cache(maxsize=256)
def _cldr_name(tag: str, unit: str, value: float) -> str:
    from babel.numbers import format_decimal  # only texts with measures need it
    from babel.units import UnknownUnitError, format_unit

    value = int(value) if value == int(value) else value
    for length in ("long", "short"):
        try:
            text = format_unit(value, unit, length, locale=tag)
        except UnknownUnitError:
            return unit
        name = text.replace(format_decimal(value, locale=tag), "").replace("\u00a0", " ").strip()
        if tag not in ("hi", "ur") or not name.isascii():  # what the CLDR lacks for a language is English
            break
    return name
