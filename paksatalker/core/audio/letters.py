"""Spelling to phones for languages that have no pronunciation rules here: letter by letter, to the nearest of ARPAbet.

What comes out is what an English speaker would say who knows how the language is spelled. It is meant for timing and
for the mouth, not for the ear: ``ü`` becomes UW and the Spanish ``b`` a B, because lips make the same shapes. Spanish,
Portuguese, Italian, French and German have their letter groups; other languages in Latin letters the commonest values;
other scripts are written in Latin letters first (by the ``anyascii`` tables, character by character), which makes
Cyrillic and Greek nearly right, Chinese right but for tones, and Japanese characters wrong where they are not kana.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from paksatalker.core.audio.phones import is_vowel

Phones = tuple[tuple[str, int], ...]
"""ARPAbet symbols with stress, as :class:`~paksatalker.core.audio.recordings.transcript.TranscriptWord` has them."""

_COMMON = {
    "a": "AA", "e": "EH", "i": "IY", "o": "OW", "u": "UW", "y": "IY", "b": "B", "c": "K", "d": "D", "f": "F", "g": "G",
    "h": "HH", "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T",
    "v": "V", "w": "V", "x": "K S", "z": "Z", "ch": "CH", "sh": "SH", "zh": "ZH", "kh": "HH", "ph": "F", "th": "T",
    "ng": "NG", "ck": "K", "ya": "Y AA", "yu": "Y UW", "yo": "Y OW", "ye": "Y EH", "qu": "K V", "shch": "SH",
    "'": "", "aa": "AA", "ee": "IY", "oo": "UW", "ä": "EH", "ö": "ER", "ü": "UW", "å": "OW", "æ": "AE", "ø": "ER",
}  # fmt: skip
_SPANISH = {
    "ll": "Y", "ñ": "N Y", "qu": "K", "gue": "G EH", "gui": "G IY", "gü": "G W", "ce": "S EH", "ci": "S IY",
    "ge": "HH EH", "gi": "HH IY", "j": "HH", "h": "", "v": "B", "z": "S", "rr": "R", "ia": "Y AA", "ie": "Y EH",
    "io": "Y OW", "ua": "W AA", "ue": "W EH", "ei": "EY", "ai": "AY", "au": "AW", "y": "Y", "cé": "S EH", "cí": "S IY",
    "gé": "HH EH", "gí": "HH IY",
}  # fmt: skip
_PORTUGUESE = {
    "lh": "L Y", "nh": "N Y", "que": "K EH", "qui": "K IY", "qu": "K W", "gue": "G EH", "gui": "G IY", "ç": "S",
    "ce": "S EH", "ci": "S IY", "ge": "ZH EH", "gi": "ZH IY", "j": "ZH", "ch": "SH", "x": "SH", "ão": "AW", "ã": "AH",
    "õe": "OY", "õ": "OW", "h": "", "rr": "HH", "ss": "S", "ei": "EY", "ou": "OW", "ai": "AY", "au": "AW",
}  # fmt: skip
_ITALIAN = {
    "gn": "N Y", "gli": "L Y IY", "glia": "L Y AA", "glie": "L Y EH", "glio": "L Y OW", "ch": "K", "gh": "G",
    "ce": "CH EH", "ci": "CH IY", "cia": "CH AA", "cio": "CH OW", "ciu": "CH UW", "ge": "JH EH", "gi": "JH IY",
    "gia": "JH AA", "gio": "JH OW", "giu": "JH UW", "sce": "SH EH", "sci": "SH IY", "scia": "SH AA", "scio": "SH OW",
    "z": "T S", "h": "", "qu": "K W", "j": "Y", "ia": "Y AA", "io": "Y OW", "ie": "Y EH", "uo": "W OW", "sch": "S K",
}  # fmt: skip
_FRENCH = {
    "eau": "OW", "au": "OW", "ou": "UW", "oi": "W AA", "oy": "W AA Y", "ai": "EH", "ei": "EH", "eu": "ER", "œu": "ER",
    "œ": "ER", "an": "AA", "en": "AA", "am": "AA", "em": "AA", "on": "OW", "om": "OW", "in": "AE", "im": "AE",
    "ain": "AE", "ein": "AE", "ien": "Y AE", "un": "AH", "um": "AH", "ane": "AA N", "ene": "EH N", "one": "OW N",
    "ine": "IY N", "une": "UW N", "ame": "AA M", "ome": "OW M", "ime": "IY M", "nn": "N", "ann": "AA N", "enn": "EH N",
    "onn": "OW N", "omm": "OW M", "ch": "SH", "gn": "N Y", "qu": "K", "ç": "S", "ce": "S AH", "ci": "S IY",
    "ge": "ZH AH", "gi": "ZH IY", "j": "ZH", "h": "", "é": "EY", "è": "EH", "ê": "EH", "ë": "EH", "e": "AH",
    "ill": "Y", "aill": "AY Y", "eill": "EY Y", "ph": "F", "th": "T", "ge ": "ZH", "ce ": "S", "e ": "", "es ": "",
    "ent ": "AA", "er ": "EY", "ez ": "EY", "s ": "", "t ": "", "d ": "", "x ": "", "z ": "", "p ": "", "ts ": "",
    "que ": "K", "gue ": "G", "et ": "EY", "cé": "S EY", "cè": "S EH", "gé": "ZH EY", "è ": "EH", "les ": "L EY",
    "ss": "S", "tion": "S Y OW", "est ": "EH", "gea": "ZH AA", "geo": "ZH OW", "û": "UW", "u": "UW",
}  # fmt: skip
_GERMAN = {
    "sch": "SH", "tsch": "CH", "ch": "HH", "ei": "AY", "ai": "AY", "ie": "IY", "eu": "OY", "äu": "OY", "au": "AW",
    "ä": "EH", "ö": "ER", "ü": "UW", "z": "T S", "tz": "T S", "w": "V", "v": "F", "j": "Y", "ß": "S", "ss": "S",
    " st": "SH T", " sp": "SH P", "ck": "K", "qu": "K V", "ah": "AA", "eh": "EY", "ih": "IY", "oh": "OW", "uh": "UW",
    "äh": "EH", "öh": "ER", "üh": "UW", "ieh": "IY", "er ": "ER", "e ": "AH", "en ": "AH N", "el ": "AH L",
    "ig ": "IH HH",
    " s": "Z", "ph": "F", "d ": "T", "b ": "P", "g ": "K", "ng ": "NG", "chs": "K S", "c": "K",
}  # fmt: skip
_RULES: Mapping[str, Mapping[str, str]] = {
    "es": _SPANISH, "gl": _SPANISH, "ca": _SPANISH, "pt": _PORTUGUESE, "it": _ITALIAN, "fr": _FRENCH, "de": _GERMAN,
}  # fmt: skip
#: Scripts that write few or no vowels: between consonants a short one is said.
_VOWEL_LESS = frozenset({"ar", "fa", "ur", "he", "yi", "ps", "sd", "hi", "mr", "ne", "sa"})
_NOT_LATIN = frozenset({"HEBREW", "ARABIC", "DEVANAGARI"})


def letter_phones(word: str, language: str) -> Phones:
    """How a word is said, roughly.

    Args:
        word: As written, punctuation and all.
        language: ISO 639-1 code.

    Returns:
        The phones; none for a word without letters. Digits are left out: whoever wants them said spells them.
    """
    text = "".join(c for c in unicodedata.normalize("NFC", word).lower() if c.isalpha() or c in "'’" or _is_mark(c))
    rules = {**_COMMON, **_RULES.get(language, {})}
    vowel_less = language in _VOWEL_LESS and any(_script(c) in _NOT_LATIN for c in text)
    padded = f" {_latin(text, rules)} "
    longest = max(map(len, rules))
    symbols: list[str] = []
    position = 1
    while position < len(padded) - 1:
        found, step = _longest_rule(padded, position, rules, longest)
        for symbol in found:
            if symbols and symbols[-1] == symbol:
                continue  # a double letter is one sound
            if vowel_less and symbols and not is_vowel(symbol) and not is_vowel(symbols[-1]):
                symbols.append("AH")
            symbols.append(symbol)
        position += step
    return tuple((symbol, 0) for symbol in symbols)


def _longest_rule(padded: str, position: int, rules: Mapping[str, str], longest: int) -> tuple[list[str], int]:
    """Phones of the longest letter group here, and how many letters it takes. Spaces stand for the word's borders."""
    for length in range(longest, 0, -1):
        for lead in (1, 0):  # a group may look back at the border
            group = padded[position - lead : position - lead + length]
            if len(group) == length and group.startswith(" ") == bool(lead) and group in rules:
                taken = len(group.strip(" "))
                if taken:
                    return rules[group].split(), taken
    return [], 1


def _latin(text: str, rules: Mapping[str, str]) -> str:
    """The text in letters that rules speak of: theirs as they are, accents off others, other scripts transcribed."""
    from anyascii import anyascii  # part of an extra

    result = []
    for char in text:
        bare = unicodedata.normalize("NFD", char)[0]
        if char in rules:
            result.append(char)
        else:
            result.append(bare if bare in rules else anyascii(char).lower())
    return "".join(c for c in "".join(result) if c in rules or (c.isascii() and c.isalpha()))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]
