"""Urdu."""

from __future__ import annotations

from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language

_MONTHS = (
    "جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی", "اگست", "ستمبر", "اکتوبر", "نومبر", "دسمبر",
)  # fmt: skip
_UNITS = {
    "kilometer": "کلومیٹر", "meter": "میٹر", "centimeter": "سینٹی میٹر", "millimeter": "ملی میٹر", "mile": "میل",
    "gram": "گرام", "kilogram": "کلوگرام", "liter": "لیٹر", "milliliter": "ملی لیٹر", "foot": "فٹ", "inch": "انچ",
    "hour": "گھنٹے", "minute": "منٹ", "second": "سیکنڈ", "pound": "پاؤنڈ", "ton": "ٹن", "tonne": "ٹن",
    "kilometer-per-hour": "کلومیٹر فی گھنٹہ", "mile-per-hour": "میل فی گھنٹہ", "meter-per-second": "میٹر فی سیکنڈ",
    "celsius": "ڈگری سینٹی گریڈ", "square-meter": "مربع میٹر", "square-kilometer": "مربع کلومیٹر",
    "gigabyte": "گیگا بائٹ", "megabyte": "میگا بائٹ", "kilobyte": "کلو بائٹ", "terabyte": "ٹیرا بائٹ", "watt": "واٹ",
    "kilowatt": "کلو واٹ", "volt": "وولٹ", "megahertz": "میگا ہرٹز", "gigahertz": "گیگا ہرٹز", "hertz": "ہرٹز",
    "milligram": "ملی گرام", "hectare": "ہیکٹر", "day": "دن", "millisecond": "ملی سیکنڈ", "byte": "بائٹ",
}  # fmt: skip


def _time(hour: int, minute: int, say: Callable[[int, str], str], half: str) -> str:
    part = {"am": "صبح ", "pm": "رات " if 8 <= hour < 12 else "شام "}.get(half, "")
    if 0 < hour <= 12:
        following = hour % 12 + 1
        short = {
            0: say(hour, ""),
            15: "سوا " + say(hour, ""),
            30: {1: "ڈیڑھ", 2: "ڈھائی"}.get(hour) or "ساڑھے " + say(hour, ""),
            45: "پون" if following == 1 else "پونے " + say(following, ""),
        }.get(minute)
        if short:
            return f"{part}{short} بجے"
    return f"{part}{say(hour, '')} بجے" if not minute else f"{part}{say(hour, '')} بج کر {say(minute, '')} منٹ"


LANGUAGE = Language(
    tag="ur",
    point={".": "اعشاریہ", ",": "اعشاریہ"},
    minus="منفی",
    plus="جمع",
    percent="فیصد",
    permille="فی ہزار",
    month_names=_MONTHS,
    months={name: n for n, name in enumerate(_MONTHS, 1)},
    date=("{day} {month}", "{day} {month} {year}"),
    time=_time,
    time_marks=r"(?:\s?بجے)",
    ranges="سے",
    comma_decimals=False,
    long_decimals=False,
    currencies={
        "$": Currency("ڈالر", "ڈالر", "سینٹ", "سینٹ"),
        "US$": Currency("امریکی ڈالر", "امریکی ڈالر", "سینٹ", "سینٹ"),
        "€": Currency("یورو", "یورو", "سینٹ", "سینٹ"),
        "£": Currency("پاؤنڈ", "پاؤنڈ", "پینس", "پینس"),
        "¥": Currency("ین", "ین"),
        "₹": Currency("روپیہ", "روپے", "پیسہ", "پیسے"),
        "₨": Currency("روپیہ", "روپے", "پیسہ", "پیسے"),
        "Rs": Currency("روپیہ", "روپے", "پیسہ", "پیسے"),
        "PKR": Currency("روپیہ", "روپے", "پیسہ", "پیسے"),
        "USD": Currency("امریکی ڈالر", "امریکی ڈالر", "سینٹ", "سینٹ"),
        "₿": Currency("بٹ کوائن", "بٹ کوائن"),
    },
    scales={word: (word, word) for word in ("ہزار", "لاکھ", "کروڑ", "ارب", "کھرب", "ملین", "بلین", "سو")},
    number_sign=(r"(?:№|#|[Nn]o\.|نمبر\.)", "نمبر"),
    abbreviations={"وغیرہ": "وغیرہ", "etc.": "وغیرہ"},
    titles={"ڈاکٹر.": "ڈاکٹر", "ڈاکٹر۔": "ڈاکٹر"},
    fractions={
        2: ("آدھا", "آدھے"), 3: ("تہائی", "تہائی"), 4: ("چوتھائی", "چوتھائی"), 5: ("بٹا پانچ", "بٹا پانچ"),
        6: ("بٹا چھ", "بٹا چھ"), 7: ("بٹا سات", "بٹا سات"), 8: ("بٹا آٹھ", "بٹا آٹھ"), 9: ("بٹا نو", "بٹا نو"),
        10: ("بٹا دس", "بٹا دس"),
    },
    half=("", "ساڑھے"),
    signs={
        "^": "کی قوت",
        "&": "اور", "+": "جمع", "=": "برابر", "×": "ضرب", "x": "ضرب", "*": "ضرب", "÷": "تقسیم", "±": "جمع منفی",
        "≈": "تقریباً", "~": "تقریباً", "≠": "برابر نہیں", "<": "سے کم", ">": "سے زیادہ", "≤": "زیادہ سے زیادہ",
        "≥": "کم از کم", "√": "جذر", "∞": "لامحدود", "§": "دفعہ", "→": "سے", "@": "ایٹ", "#": "ہیش ٹیگ",
        "²": "کا مربع", "³": "کا مکعب", "%": "فیصد", "٪": "فیصد", ":": "اور",
    },
    web={
        ".": "ڈاٹ", "/": "سلیش", "@": "ایٹ", "-": "ڈیش", "_": "انڈر سکور", ":": "کولن", "?": "سوالیہ نشان",
        "=": "برابر", "&": "اور", "#": "ہیش", "~": "ٹلڈ", "+": "پلس", "%": "فیصد",
    },
    degrees=("ڈگری", "ڈگری"),
    units={unit: (name, name) for unit, name in _UNITS.items()},
    ordinal_endings=(r"(?:واں|ویں|وں|لا|لی|لے)", {"ی": "f", "ے": "o"}),
    version="ورژن",
    per="فی",
)  # fmt: skip
