"""Hindi in Devanagari: each sign has one sound; what is not written is which inherent vowels are silent.

Deletion of the schwa after Ohala, *Aspects of Hindi Phonology* (1983): ə → ∅ / V C _ C V, from the end of the word, and
at its end.
"""

from __future__ import annotations

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
    "ब": "b", "भ": "bʰ", "म": "m", "य": "j", "र": "ɾ", "ल": "l", "व": "ʋ", "श": "ʃ", "ष": "ʃ", "स": "s", "ह": "h",
    "ळ": "l", "ऩ": "n", "ऱ": "ɾ",
}  # fmt: skip
_DOTTED = {"क": "q", "ख": "x", "ग": "ɣ", "ज": "z", "ड": "ɽ", "ढ": "ɽʰ", "फ": "f", "य": "j"}
_NUKTA, _VIRAMA, _ANUSVARA, _CHANDRABINDU, _VISARGA = "़", "्", "ं", "ँ", "ः"
_PLACES = {"k": "ŋ", "ɡ": "ŋ", "c": "n", "ɟ": "n", "ʈ": "ɳ", "ɖ": "ɳ", "p": "m", "b": "m"}
_LETTER_NAMES = {
    "a": "ए", "b": "बी", "c": "सी", "d": "डी", "e": "ई", "f": "एफ", "g": "जी", "h": "एच", "i": "आई", "j": "जे",
    "k": "के",
    "l": "एल", "m": "एम", "n": "एन", "o": "ओ", "p": "पी", "q": "क्यू", "r": "आर", "s": "एस", "t": "टी", "u": "यू",
    "v": "वी",
    "w": "डब्ल्यू", "x": "एक्स", "y": "वाई", "z": "ज़ेड",
}  # fmt: skip
_NAMES = {"&": "और", "%": "प्रतिशत", "+": "जमा", "=": "बराबर", "@": "ऐट"}
_FIXED = {"यह": "jˈeː", "वह": "ʋˈoː", "ये": "jˈeː", "वे": "ʋˈeː", "नहीं": f"nəhˈiː{TILDE}", "न": "nˈʌ", "कि": "kiː"}
_UNSTRESSED = frozenset("है हैं का की के को से में पर ने तो ही भी और कि था थी थे हूँ हूं".split())


class _Unit:
    """A consonant cluster's last consonant with its vowel; the vowel is empty in a cluster."""

    __slots__ = ("inherent", "nasal", "onset", "vowel")

    def __init__(self, onset: str, vowel: str, *, inherent: bool = False) -> None:
        self.onset, self.vowel, self.nasal, self.inherent = onset, vowel, "", inherent


def _phrase(words: list[str]) -> list[str]:
    return [_FIXED.get(word) or _word(word) for word in words]


def _word(word: str) -> str:
    units = _read(word)
    _drop_schwas(units)
    heavy = [i for i, u in enumerate(units) if u.vowel]
    main = -1 if word in _UNSTRESSED or not heavy else _stress(units, heavy)
    parts = []
    for i, unit in enumerate(units):
        vowel = unit.vowel
        mark = ""
        if i == main:
            mark = "ˈ"
            vowel = "ʌ" if vowel == "ə" else vowel
        elif vowel and i > main >= 0 and vowel.endswith("ː") and i == heavy[-1] and len(heavy) > 1:
            mark = "ˌ"
        nasal = unit.nasal
        if nasal == "N":
            following = next((u.onset for u in units[i + 1 :] if u.onset), "")
            long = vowel.endswith("ː")
            nasal = (
                TILDE
                if not following or (long and following[0] not in "kɡcɟʈɖtdpb")
                else _PLACES.get(following[0], "n")
            )
        if nasal == TILDE:
            vowel = vowel.replace("ː", TILDE + "ː") if "ː" in vowel else vowel + TILDE
            nasal = ""
        parts.append(unit.onset + mark + vowel + nasal)
    return "".join(parts)


def _stress(units: list[_Unit], heavy: list[int]) -> int:
    """The last heavy syllable but the final one; else the first syllable."""
    for i in reversed(heavy[:-1]):
        following = units[i + 1] if i + 1 < len(units) else None
        closed = following is not None and not following.vowel
        if units[i].vowel.endswith("ː") or units[i].nasal or closed:
            return i
    return heavy[0] if len(heavy) <= 2 or not units[heavy[-1]].vowel.endswith("ː") else heavy[-2]


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
        if not (cluster and units[last].onset in "jʋɾ" and units[last - 1].onset not in "ɾ"):
            units[last].vowel = ""
    for i in range(last - 1, 0, -1):
        unit, before, after = units[i], units[i - 1], units[i + 1]
        if unit.inherent and unit.vowel and before.vowel and after.vowel and after.onset and unit.onset:
            unit.vowel = ""


HINDI = Language(_phrase, _LETTER_NAMES, vowels="aeiou", names=_NAMES)
