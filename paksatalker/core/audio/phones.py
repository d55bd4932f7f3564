"""IPA as the synthesiser writes it, mapped to ARPAbet as CMUdict and pocketsphinx spell it.

The alphabet is misaki's: IPA with one letter for each diphthong (``A`` as in *day*, ``I`` *my*, ``O`` *go*, ``W``
*now*, ``Y`` *boy*, ``Q`` British *go*) and for the affricates, stress marks before the vowel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_VOWELS: dict[str, str] = {
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY",
    "i": "IY", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IH", "e": "EH", "ɛ": "EH", "œ": "EH", "ø": "EH", "æ": "AE", "a": "AE",
    "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "AO", "ʌ": "AH", "ə": "AH", "ᵊ": "AH", "ɐ": "AH", "ɜ": "ER", "ɚ": "ER",
    "ʊ": "UH", "u": "UW", "ɯ": "UW", "ɤ": "AH", "y": "UW",
}  # fmt: skip
_CONSONANTS: dict[str, str] = {
    "b": "B", "β": "V", "c": "CH", "ɟ": "JH", "ç": "HH", "d": "D", "ɖ": "D", "ð": "DH", "f": "F", "ɸ": "F",
    "ɡ": "G", "g": "G",
    "ɣ": "G", "h": "HH", "j": "Y", "ʝ": "Y", "ʎ": "Y", "k": "K", "q": "K", "l": "L", "m": "M", "n": "N", "ɲ": "N",
    "ɳ": "N", "ɴ": "NG", "ŋ": "NG", "p": "P", "r": "R", "ɹ": "R", "ɻ": "R", "ʁ": "R", "ʀ": "R", "ɽ": "R", "s": "S",
    "S": "S", "ʂ": "SH", "ʃ": "SH", "ɕ": "SH", "t": "T", "ʈ": "T", "ɾ": "T", "T": "T", "ʔ": "T", "θ": "TH", "v": "V",
    "ʋ": "V", "w": "W", "ɰ": "W", "ɥ": "W", "x": "HH", "χ": "HH", "z": "Z", "ʒ": "ZH", "ʣ": "Z", "ʥ": "JH", "ʤ": "JH",
    "ʦ": "S", "ʨ": "CH", "ʧ": "CH", "ꭧ": "CH",
}  # fmt: skip
_STRESS: dict[str, int] = {"ˈ": 1, "ˌ": 2}
#: Marks that belong to the phone before: length, breath, palatal or rounded sound, nasal vowel, tone.
_MODIFIERS = frozenset("ːʰʲᵝ\u0303→↗↘↓")
#: Vowels that merge with a following /ɹ/ into one r-coloured vowel.
_R_COLOURED = frozenset("ɜə")
_VOWEL_SET = frozenset(_VOWELS.values())


@dataclass(frozen=True, slots=True)
class Segment:
    """One ARPAbet phone and the run of symbols ``[first, last]`` that spell it, stress mark included."""

    symbol: str
    stress: int
    first: int
    last: int


def is_vowel(symbol: str) -> bool:
    """Whether an ARPAbet symbol is a vowel."""
    return symbol in _VOWEL_SET


def is_phone(symbol: str) -> bool:
    """Whether a character of the synthesiser's alphabet is a sound of its own (not a mark, a space or punctuation)."""
    return symbol in _VOWELS or symbol in _CONSONANTS


def segments(symbols: str, owners: Sequence[int] | None = None) -> list[Segment]:
    """Splits a phoneme string into ARPAbet phones.

    Args:
        symbols: Misaki phonemes, e.g. ``"həlˈO ðˈɛɹ."``.
        owners: Word number of every symbol; phones never merge across words. One word per space when left out.

    Returns:
        The phones in order. A stress mark belongs to the phone it precedes, a length mark to the phone it follows;
        where a mark precedes consonants, the first of them takes its time and the next vowel its stress.
    """
    result: list[Segment] = []
    stress, pending = 0, -1
    for index, char in enumerate(symbols):
        if char in _STRESS:
            stress = _STRESS[char]
            pending = index if pending < 0 else pending
            continue
        previous = result[-1] if result and result[-1].last == index - 1 else None
        if previous and owners is not None and owners[previous.last] != owners[index]:
            previous = None
        if char in _MODIFIERS and previous:
            result[-1] = Segment(previous.symbol, previous.stress, previous.first, index)
        elif char == "ɹ" and previous and symbols[previous.last] in _R_COLOURED:
            result[-1] = Segment("ER", previous.stress, previous.first, index)
        elif char in _VOWELS:
            result.append(Segment(_VOWELS[char], stress, index if pending < 0 else pending, index))
            stress, pending = 0, -1
        elif char in _CONSONANTS:
            result.append(Segment(_CONSONANTS[char], 0, index if pending < 0 else pending, index))
            pending = -1
        else:  # a space or punctuation ends the reach of a mark
            stress, pending = 0, -1
    return result
