"""Which writing systems a text uses and which a language is written in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

from paksatalker.core.languages import primary

#: Scripts by the first word of Unicode character names, with the name for people.
SCRIPT_NAMES: dict[str, str] = {
    "LATIN": "Latin letters", "CYRILLIC": "Cyrillic letters", "GREEK": "Greek letters", "CJK": "Chinese characters",
    "HIRAGANA": "Japanese kana", "KATAKANA": "Japanese kana", "HANGUL": "Korean letters", "BOPOMOFO": "Bopomofo",
    "ARABIC": "Arabic letters", "HEBREW": "Hebrew letters", "DEVANAGARI": "Devanagari letters",
    "BENGALI": "Bengali letters", "GURMUKHI": "Gurmukhi letters", "GUJARATI": "Gujarati letters",
    "TAMIL": "Tamil letters", "TELUGU": "Telugu letters", "KANNADA": "Kannada letters",
    "MALAYALAM": "Malayalam letters", "SINHALA": "Sinhala letters", "THAI": "Thai letters", "LAO": "Lao letters",
    "TIBETAN": "Tibetan letters", "MYANMAR": "Burmese letters", "KHMER": "Khmer letters",
    "GEORGIAN": "Georgian letters", "ARMENIAN": "Armenian letters", "ETHIOPIC": "Ethiopic letters",
    "MONGOLIAN": "Mongolian letters",
}  # fmt: skip

_SCRIPTS_OF: dict[str, frozenset[str]] = {
    **dict.fromkeys(("ru", "uk", "bg", "sr", "be", "mk", "kk"), frozenset({"CYRILLIC"})),
    **dict.fromkeys(("ar", "fa", "ur", "ps"), frozenset({"ARABIC"})),
    **dict.fromkeys(("hi", "mr", "ne"), frozenset({"DEVANAGARI"})),
    "el": frozenset({"GREEK"}),
    "he": frozenset({"HEBREW"}),
    "zh": frozenset({"CJK", "BOPOMOFO"}),
    "ja": frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
    "ko": frozenset({"HANGUL"}),
    "bn": frozenset({"BENGALI"}),
    "pa": frozenset({"GURMUKHI", "ARABIC"}),
    "gu": frozenset({"GUJARATI"}),
    "ta": frozenset({"TAMIL"}),
    "te": frozenset({"TELUGU"}),
    "th": frozenset({"THAI"}),
    "ka": frozenset({"GEORGIAN"}),
    "hy": frozenset({"ARMENIAN"}),
    "am": frozenset({"ETHIOPIC"}),
}
_LATIN = frozenset({"LATIN"})

_LANGUAGE_NAMES = {
    "en": "English", "es": "Spanish", "fr": "French", "de": "German", "it": "Italian", "pt": "Portuguese",
    "hi": "Hindi", "ja": "Japanese", "zh": "Chinese", "ru": "Russian", "ar": "Arabic", "ur": "Urdu", "ko": "Korean",
}  # fmt: skip

_IDEOGRAPH_WEIGHT = 3  # one Chinese character says about as much as three letters


def scripts_of(language: str) -> frozenset[str]:
    """The scripts that a language is written in, by its BCP-47 tag; Latin for those not listed."""
    return _SCRIPTS_OF.get(primary(language), _LATIN)


def language_name(language: str) -> str:
    """The English name of a language, or its tag."""
    return _LANGUAGE_NAMES.get(primary(language), language)


@lru_cache(maxsize=8192)
def script_of(char: str) -> str | None:
    """The script of a letter or of a mark on one; None for anything that belongs to no script."""
    if unicodedata.category(char)[0] not in "LM":
        return None
    word = unicodedata.name(char, "").split(" ")[0].split("-")[0]
    return word if word in SCRIPT_NAMES else None


def count_scripts(text: str) -> Counter[str]:
    """How much of a text is in each script, in letters; ideographs count three."""
    found: Counter[str] = Counter()
    for char in text:
        if script := script_of(char):
            found[script] += _IDEOGRAPH_WEIGHT if script == "CJK" else 1
    return found
