"""Italian: letters have regular sounds; stress is on the last but one syllable unless written or known by the ending.

After Krämer, *The Phonology of Italian* (2009). Sounds are spelled as Kokoro learned them: ``S`` for ss, ``ll`` and
``rɾ`` for other long sonorants, ``ɪ`` and ``ʊ`` for i and u without stress.
"""

from __future__ import annotations

import re

from paksatalker.core.audio.g2p.base import Language
from paksatalker.core.audio.g2p.italian_words import UNSTRESSED, VOICED_Z, WEAK, is_early, is_hiatus, is_open

_Segment = tuple[str, str, str]
"""Whether a consonant or a vowel (``c``, ``v``), phonemes, letter."""

_LETTERS = {
    "a": "a", "b": "bi", "c": "ci", "d": "di", "e": "e", "f": "effe", "g": "gi", "h": "acca", "i": "i", "j": "ilunga",
    "k": "cappa", "l": "elle", "m": "emme", "n": "enne", "o": "o", "p": "pi", "q": "cu", "r": "erre", "s": "esse",
    "t": "ti", "u": "u", "v": "vu", "w": "doppiavu", "x": "ics", "y": "ipsilon", "z": "zeta",
}  # fmt: skip
_NAMES = {"&": "e", "%": "per cento", "+": "più", "=": "uguale", "@": "chiocciola"}
_VOWEL_LETTERS = "aeiouàèéìíòóùú"
#: Words whose u after a is a syllable, with the stress.
_HIATUS_U = re.compile(r"(?<=^pa)u(?=r[aeo]$)|(?<=^ba)u(?=l[ei]$)")
_PLAIN = str.maketrans("àèéìíòóùú", "aeeiioouu")


def _phrase(words: list[str]) -> list[str]:
    found = []
    for word in words:
        pieces = re.split("['’]", word)
        found.append("".join(_word(piece) for piece in pieces if piece))
    return found


def _word(word: str) -> str:
    word = _HIATUS_U.sub("ù", word)
    segments = _segments(word)
    nuclei = [i for i, (kind, *_) in enumerate(segments) if kind == "v"]
    if not nuclei:
        return "".join(sound for _, sound, _ in segments)
    main = _stress(word, segments, nuclei)
    sounds = [sound for _, sound, _ in segments]
    for i in nuclei:
        letter = segments[i][2]
        if i == main:
            open_vowel = _open(word, letter, segments, i)
            sounds[i] = ("ˌ" if word in WEAK else "ˈ") + open_vowel + sounds[i][1:]
        elif sounds[i] == "u":
            sounds[i] = "ʊ"
        elif sounds[i] == "i" and i == len(segments) - 1:
            sounds[i] = "ɪ"
    return re.sub("n(?=[ɡʣ])", "ŋ", "".join(sounds))


def _stress(word: str, segments: list[_Segment], nuclei: list[int]) -> int:
    """Index of the stressed segment; −1 for none."""
    for i in nuclei:
        if segments[i][2] in "àèéìíòóùú":
            return i
    if word in UNSTRESSED:
        return -1
    if len(nuclei) >= 3 and is_early(word):
        return nuclei[-3]
    diphthong = nuclei[-1] == len(segments) - 1 and len(segments[-1][1]) > 1  # vorrei, sarai
    if len(nuclei) < 2 or diphthong or word[-1] not in _VOWEL_LETTERS:
        return nuclei[-1]
    return nuclei[-2]


def _open(word: str, letter: str, segments: list[_Segment], index: int) -> str:
    """The stressed vowel: e and o open or closed."""
    plain = letter.translate(_PLAIN)
    if letter in "éó" or plain not in "eo":
        return plain
    before = [segment[2] for segment in segments[max(0, index - 2) : index]]
    glide = before[-1:] in (["i"], ["u"]) and segments[index - 1][0] == "c" and before[0] not in ("q", "g", "c")
    opened = letter in "èò" or is_open(word, plain, after_glide=glide)
    return {"e": "ɛ", "o": "ɔ"}[plain] if opened else plain


def _segments(word: str) -> list[_Segment]:
    """Consonants and vowels in order: kind, phonemes, letter."""
    found: list[_Segment] = []
    i = 0
    while i < len(word):
        char = word[i]
        if char in _VOWEL_LETTERS or char == "y":
            following = word[i + 1 : i + 2]
            early = found and found[-1][0] == "v"
            if char in "iuy" and following and following in _VOWEL_LETTERS and not _hiatus(word, i):
                found.append(("c", _glide(word, i, found), char))
            elif char in "iu" and early and found[-1][2] in "aeo" and not _hiatus_after(word, i):
                kind, sound, letter = found[-1]
                both = sound + ("i" if char == "i" else "ʊ")
                found[-1] = (kind, both, letter)
            else:
                found.append(("v", "i" if char == "y" else char.translate(_PLAIN), char))
            i += 1
            continue
        sound, step = _consonant(word, i)
        if sound:
            found.append(("c", sound, char))
        i += step
    return found


def _glide(word: str, i: int, found: list[_Segment]) -> str:
    """An i or u before a vowel, as the voice learned it."""
    before = found[-1][1] if found else ""
    if word[i] == "u":
        return "w" if (before in ("k", "ɡ", "kː", "ɡː") and word[i + 1 : i + 2] != "o") or before.endswith("k") else "ʊ"
    last = i + 2 == len(word) and any(kind == "v" for kind, *_ in found)
    return "i" if (before in ("r", "rɾ", "kː", "ʦ") and not last) or (last and before in ("r", "l")) else "j"


def _hiatus(word: str, i: int) -> bool:
    """Whether an i or u before a vowel is a syllable of its own: the last but one, with the stress (zio, farmacia)."""
    return i + 2 == len(word) and is_hiatus(word)


def _hiatus_after(word: str, i: int) -> bool:
    return word[i + 1 : i + 2] in tuple("aeio") and word[i] == "i"


def _consonant(word: str, i: int) -> tuple[str, int]:
    """Phonemes of the consonant here, long ones with a mark, and how many letters spell it."""
    char, after = word[i], word[i + 1 : i + 2]
    double = after == char
    j = i + 1 + double
    following = word[j : j + 1]
    soft = following in tuple("eiéèìí")
    long = "ː" if double else ""
    if char == "s" and after == "c" and word[i + 2 : i + 3] in tuple("eiéèìí"):
        mute = (word[i + 2] == "i" and word[i + 3 : i + 4] in tuple("aouàòù")) or word[i + 2 : i + 4] == "ie"
        return "ʃ", 3 if mute else 2
    if word[i : i + 3] == "gli" or word[i : i + 3] == "glì":
        mute = word[i + 3 : i + 4] in tuple("aeouàèòù")
        return "ʎ", 3 if mute else 2
    if word[i : i + 2] == "gn":
        return "ɲɲ" if i and word[i - 1] in _VOWEL_LETTERS else "ɲ", 2
    if char in "cg":
        hard, softened = ("k", "ʧ") if char == "c" else ("ɡ", "ʤ")
        if following == "h":
            return hard + long, 2 + double
        if soft:
            mute = following in "iì" and word[j + 1 : j + 2] in tuple("aeouàèòù") and not _stressed_i(word, j)
            return softened + long, 1 + double + mute
        if char == "c" and after == "q":
            return "kː", 2
        return hard + long, 1 + double
    if char == "q":
        return "k", 1
    if char == "z":
        return ("ʣ" if VOICED_Z.search(word) else "ʦ") + long, 1 + double
    if char == "s" and not double:
        before = word[i - 1 : i]
        if (before in tuple(_VOWEL_LETTERS) and after in tuple(_VOWEL_LETTERS) and i) or after in tuple("bdgvlmnr"):
            return "z", 1
        return "s", 1
    simple = {"h": "", "j": "j", "k": "k", "w": "w", "x": "ks", "y": "j", "ç": "s", "ñ": "ɲ"}
    base = simple.get(char, char if char.isascii() else "")
    return (_lengthened(base) if double and base else base), 1 + double


def _stressed_i(word: str, j: int) -> bool:
    return word[j] == "ì" or (j + 2 == len(word) and is_hiatus(word))


def _lengthened(sound: str) -> str:
    """A long consonant as the voice learned it."""
    if sound == "s":
        return "S"
    if sound == "r":
        return "rɾ"
    return sound * 2 if sound in "lmnfv" else sound + "ː"


ITALIAN = Language(_phrase, _LETTERS, names=_NAMES)
