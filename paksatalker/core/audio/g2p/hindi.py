"""Hindi in Devanagari: each sign has one sound; what is not written is which inherent vowels are silent.

Deletion of the schwa after Ohala, *Aspects of Hindi Phonology* (1983): ə → ∅ / V C _ C V, from the end of the word, and
at its end. Sounds are spelled as Kokoro learned them: nasal vowels without a mark of length, long consonants with one.
Words in Latin letters are read as English.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from paksatalker.core.audio.g2p.base import TILDE, Language

_VOWELS = {
    "अ": "ə", "आ": "aː", "इ": "ɪ", "ई": "iː", "उ": "ʊ", "ऊ": "uː", "ऋ": "ɾɪ", "ए": "eː", "ऐ": "ɛː", "ओ": "oː",
    "औ": "ɔː",
    "ऑ": "ɔː", "ऍ": "æ", "ऎ": "e", "ऒ": "o",
}  # fmt: skip
_SIGNS = {
    "ा": "aː", "ि": "ɪ", "ी": "iː", "ु": "ʊ", "ू": "uː", "ृ": "ɾɪ", "े": "eː", "ै": "ɛː", "ो": "oː", "ौ": "ɔː",
    "ॉ": "ɔː",
    "ॅ": "æ", "ॆ": "e", "ॊ": "o",
}  # fmt: skip
_CONSONANTS = {
    "क": "k", "ख": "kʰ", "ग": "ɡ", "घ": "ɡʰ", "ङ": "ŋ", "च": "c", "छ": "cʰ", "ज": "ɟ", "झ": "ɟʰ", "ञ": "ɲ", "ट": "ʈ",
    "ठ": "ʈʰ", "ड": "ɖ", "ढ": "ɖʰ", "ण": "ɳ", "त": "t", "थ": "tʰ", "द": "d", "ध": "dʰ", "न": "n", "प": "p", "फ": "pʰ",
    "ब": "b", "भ": "bʰ", "म": "m", "य": "j", "र": "ɾ", "ल": "l", "व": "ʋ", "श": "ʃ", "ष": "ʂ", "स": "s", "ह": "h",
    "ळ": "l", "ऩ": "n", "ऱ": "ɾ",
}  # fmt: skip
_DOTTED = {"क": "q", "ख": "x", "ग": "ɣ", "ज": "z", "ड": "ɽ", "ढ": "ɽʰ", "फ": "f", "य": "j"}
_NUKTA, _VIRAMA, _ANUSVARA, _CHANDRABINDU, _VISARGA = "़", "्", "ं", "ँ", "ः"
_PLACES = {"k": "ŋ", "ɡ": "ŋ", "c": "ɲ", "ɟ": "ɲ", "ʈ": "ɳ", "ɖ": "ɳ", "p": "m", "b": "m"}
_LATIN = re.compile("[a-z'’]{2,}")
_PRONOUNCER: Any = None
_LETTER_NAMES = {
    "a": "ए", "b": "बी", "c": "सी", "d": "डी", "e": "ई", "f": "एफ", "g": "जी", "h": "एच", "i": "आई", "j": "जे",
    "k": "के",
    "l": "एल", "m": "एम", "n": "एन", "o": "ओ", "p": "पी", "q": "क्यू", "r": "आर", "s": "एस", "t": "टी", "u": "यू",
    "v": "वी",
    "w": "डब्ल्यू", "x": "एक्स", "y": "वाई", "z": "ज़ेड",
}  # fmt: skip
_NAMES = {"&": "और", "%": "प्रतिशत", "+": "जमा", "=": "बराबर", "@": "ऐट"}
_FIXED = {
    "यह": "jˈeː", "वह": "ʋˈoː", "ये": "jeː", "वे": "ʋeː", "वो": "ʋoː", "नहीं": f"nˈʌhi{TILDE}", "न": "nˈə", "कि": "kˈɪ",
    "व": "ʋˈə", "क्या": "kːjaː", "सिंह": f"sˈi{TILDE}h",
}  # fmt: skip
_UNSTRESSED = frozenset("है हैं का की के को से में पर ने तो ही भी और था थी थे हूँ हूं मैं हो".split())
#: Words whose stress is a weak one.
_WEAK = frozenset(
    "आप हम तक मेरा मेरी मेरे हमारा हमारी हमारे मुझे मुझको उसे इसे उस इस एक रहे रहा रही आपका आपकी आपके उनका उनकी उनके".split()
)


class _Unit:
    """A consonant cluster's last consonant with its vowel; the vowel is empty in a cluster."""

    __slots__ = ("dropped", "inherent", "nasal", "onset", "vowel")

    def __init__(self, onset: str, vowel: str, *, inherent: bool = False) -> None:
        self.onset, self.vowel, self.nasal, self.inherent = onset, vowel, "", inherent
        self.dropped = False  # the vowel is written and not said


def _phrase(words: list[str]) -> list[str]:
    return [_FIXED.get(word) or (_english(word) if _LATIN.fullmatch(word) else _word(word)) for word in words]


@cache
def _english(word: str) -> str:
    """A word in Latin letters."""
    from paksatalker.core.audio.pronunciation import Pronouncer

    global _PRONOUNCER  # noqa: PLW0603 - the lexicon is loaded once, and only where a text needs it
    _PRONOUNCER = _PRONOUNCER or Pronouncer()
    return "".join(c for c in _PRONOUNCER.pronounce(word).symbols if c not in " ,.;:!?…—")


def _word(word: str) -> str:
    units = _read(word)
    _drop_schwas(units)
    heavy = [i for i, u in enumerate(units) if u.vowel]
    main = -1 if word in _UNSTRESSED or not heavy else _stress(units, heavy)
    said = [_Said(unit.onset, unit.vowel) for unit in units]
    for i, unit in enumerate(units):
        here = said[i]
        if i == main:
            here.mark = "ˌ" if word in _WEAK else "ˈ"
            here.vowel = "ʌ" if unit.vowel == "ə" and word not in _WEAK else unit.vowel
        elif unit.vowel.endswith("ː") and 0 <= main < i == heavy[-1] and _far(units, main, i):
            here.mark = "ˌ"
        elif not i and not unit.onset and unit.vowel == "ə":
            here.vowel = "ʌ"
        if i == len(units) - 1 and here.vowel == "iː" and not unit.nasal:
            here.vowel = "i"
        here.vowel, here.nasal = _nasal(here.vowel, unit.nasal, next((u.onset for u in units[i + 1 :] if u.onset), ""))
    return _long_consonants("".join(f"{s.onset}{s.mark}{s.vowel}{s.nasal}" for s in said))


def _far(units: list[_Unit], main: int, index: int) -> bool:
    """Whether a written vowel lies between two units."""
    return any(unit.vowel or unit.dropped for unit in units[main + 1 : index])


class _Said:
    """How a unit is said."""

    __slots__ = ("mark", "nasal", "onset", "vowel")

    def __init__(self, onset: str, vowel: str) -> None:
        self.onset, self.vowel, self.mark, self.nasal = onset, vowel, "", ""


def _nasal(vowel: str, nasal: str, following: str) -> tuple[str, str]:
    """The vowel, nasal where it is, and the consonant that the anusvara stands for after a short a."""
    if not nasal:
        return vowel, ""
    if nasal == "N" and following and vowel in ("ə", "ʌ"):
        return vowel, _PLACES.get(following[0], "n")
    plain = {"ɪ": "i", "ʊ": "u"}.get(vowel, vowel)
    if plain == "eː":
        return f"e{TILDE}ː", ""
    return plain.removesuffix("ː") + TILDE, ""


def _long_consonants(said: str) -> str:
    """Marks of length on doubled consonants, and r before some others."""
    said = re.sub(
        r"([kɡcɟʈɖtdpb])\1(ʰ?)", lambda m: (m[1] + m[2]) * 2 if m[1] + m[2] == "cʰ" else m[1] + m[2] + "ː", said
    )
    said = re.sub(r"ɾ(?=[mjʋʂɳʃl])", "r", said)
    said = re.sub(r"^([kp])(?=j)", r"\1ː", said)
    said = said.replace("kʂ", "kʃ")
    return re.sub(r"([əʌ])j$", lambda m: "ˌɛj" if m[1] == "ə" else "ʌɛj", said)


def _stress(units: list[_Unit], heavy: list[int]) -> int:
    """The last syllable if it is long and closed; else the last heavy one before it; else the first."""
    last = heavy[-1]
    closing = len(units) - 1 - last
    if len(heavy) > 1 and ((units[last].vowel.endswith("ː") and closing) or closing + bool(units[last].nasal) > 1):
        return last
    for i in reversed(heavy[:-1]):
        following = units[i + 1] if i + 1 < len(units) else None
        closed = following is not None and not following.vowel and not following.dropped
        if units[i].vowel.endswith("ː") or units[i].nasal or closed:
            return i
    return heavy[0]


def _read(word: str) -> list[_Unit]:
    units: list[_Unit] = []
    i = 0
    while i < len(word):
        char = word[i]
        if char in _CONSONANTS:
            sound = _CONSONANTS[char]
            i += 1
            if word[i : i + 1] == _NUKTA:
                sound = _DOTTED.get(char, sound)
                i += 1
            if word[i : i + 1] == _VIRAMA:
                if char == "ज" and word[i + 1 : i + 2] == "ञ":
                    sound, i = "ɡj", i + 2
                    following = word[i : i + 1]
                    units.append(_Unit(sound, _SIGNS.get(following, "ə"), inherent=following not in _SIGNS))
                    i += following in _SIGNS
                    continue
                units.append(_Unit(sound, ""))
                i += 1
            elif word[i : i + 1] in _SIGNS:
                units.append(_Unit(sound, _SIGNS[word[i]]))
                i += 1
            else:
                units.append(_Unit(sound, "ə", inherent=True))
            continue
        if char in _VOWELS:
            units.append(_Unit("", _VOWELS[char]))
        elif char in (_ANUSVARA, _CHANDRABINDU) and units:
            units[-1].nasal = TILDE if char == _CHANDRABINDU else "N"
            units[-1].inherent = False
        elif char == _VISARGA and units:
            units.append(_Unit("h", "ə"))
        elif char.isascii() and char in _LETTER_NAMES:
            units += _read(_LETTER_NAMES[char])
        i += 1
    return units


def _drop_schwas(units: list[_Unit]) -> None:
    """Silences inherent vowels: at the end of the word, and between single consonants with vowels around."""
    last = len(units) - 1
    if last > 0 and units[last].inherent:
        cluster = not units[last - 1].vowel
        if not (cluster and units[last].onset in "jɾ" and units[last - 1].onset not in "ɾ"):
            units[last].vowel, units[last].dropped = "", True
    for i in range(last - 1, 0, -1):
        unit, before, after = units[i], units[i - 1], units[i + 1]
        said = unit.inherent and unit.vowel and unit.onset != "h"
        if said and before.vowel and after.vowel and after.onset and unit.onset:
            unit.vowel, unit.dropped = "", True


HINDI = Language(_phrase, _LETTER_NAMES, vowels="aeiou", names=_NAMES)
