"""Spanish (Castilian): almost every letter has one sound, and stress is written or follows from the ending.

After Hualde, *The Sounds of Spanish* (2005): glides, stress, and b, d, g between vowels.
"""

from __future__ import annotations

import re

from paksatalker.core.audio.g2p.base import Language

_UNSTRESSED = frozenset(
    "a al ante bajo con cual de del desde e el en entre hacia hasta la las le les lo los me mi mis ni nos o os "
    "para pero por porque pues que quien se si sin sobre su sus te tras tu tus u un y".split()
)
_LETTERS = {
    "a": "a", "b": "be", "c": "ce", "d": "de", "e": "e", "f": "efe", "g": "ge", "h": "hache", "i": "i", "j": "jota",
    "k": "ka", "l": "ele", "m": "eme", "n": "ene", "ñ": "eñe", "o": "o", "p": "pe", "q": "cu", "r": "erre", "s": "ese",
    "t": "te", "u": "u", "v": "uve", "w": "uvedoble", "x": "equis", "y": "igriega", "z": "zeta",
}  # fmt: skip
_NAMES = {"&": "y", "%": "por ciento", "+": "más", "=": "igual a", "@": "arroba"}
#: Words in which x sounds like j.
_MEXICO = re.compile(r"^(?:m[eé]xic|oaxac|texa[ns])")
_DIPHTHONGS = {"ai": "I", "au": "W", "ei": "A", "eu": "eʊ", "oi": "oɪ", "ou": "oʊ"}
_ACCENTS = str.maketrans("áéíóú", "aeiou")
_STRONG, _WEAK = "aeoáéó", "iuüy"


def _phrase(words: list[str]) -> list[str]:
    found = []
    before = ""  # the last phoneme, for what is said without a break
    for index, word in enumerate(words):
        following = words[index + 1][:1] if index + 1 < len(words) else ""
        said = _word(word)
        said = _softened(said, before)
        if said.endswith("n") and following in ("b", "p", "v", "m"):
            said = said[:-1] + "m"
        found.append(said)
        before = said[-1:]
    return found


def _softened(said: str, before: str) -> str:
    """b, d and g are stops after a pause or a nasal and at the end, else approximants; as the voice learned it."""
    result = []
    last = before
    for index, char in enumerate(said):
        if char in "ˈˌ":
            result.append(char)
            continue
        end = index == len(said) - 1
        if char in "bdɡ" and last not in ("", "m", "n", "ŋ", "ɲ") and not end:
            char = {"b": "β", "d": "ð", "ɡ": "ɣ"}[char]  # noqa: PLW2901  (as it is said here)
        result.append(char)
        last = char
    sounds = re.sub("n(?=ˈ?[ɡx])", "ŋ", "".join(result))
    return re.sub("n(?=b)", "m", re.sub("ˈe(?=[nŋ][^aeioujwˈˌ])(?!nte$)", "ˈɛ", sounds))


def _word(word: str) -> str:
    if _MEXICO.match(word):
        word = word.replace("x", "j")
    if word == "y":
        return "i"
    units = _units(word)
    vowels = [i for i, (_, nucleus) in enumerate(units) if nucleus]
    if not vowels:
        return "".join(onset for onset, _ in units)
    marked = [i for i in vowels if set(units[i][1]) & set("áéíóú")]
    if marked:
        main = marked[0]
    elif len(vowels) == 1:
        main = -1 if word in _UNSTRESSED else vowels[0]
    else:
        main = vowels[-2] if word[-1] in "aeiouns" else vowels[-1]
    if word in _UNSTRESSED:
        main = -1
    elif word.endswith("mente") and len(vowels) > 3:
        main = vowels[-2]
    parts = []
    for i, (onset, nucleus) in enumerate(units):
        position = vowels.index(i) if i in vowels else -1
        weak = position == 0 and main in vowels and vowels.index(main) >= 2
        mark = "ˈ" if i == main and nucleus else "ˌ" if weak else ""
        parts.append(onset + _nucleus(nucleus, mark))
    return "".join(parts)


def _nucleus(nucleus: str, mark: str) -> str:
    """A vowel or diphthong: glides before, an off-glide after."""
    if not nucleus:
        return ""
    plain = nucleus.translate(_ACCENTS).replace("ü", "u").replace("y", "i")
    glide = ""
    if len(plain) > 1 and plain[0] in "iu" and (plain[1] in "aeo" or plain in ("iu", "ui")):
        glide, plain = ("j" if plain[0] == "i" else "w"), plain[1:]
    return glide + mark + _DIPHTHONGS.get(plain, plain)


def _units(word: str) -> list[tuple[str, str]]:
    """Consonants and the vowels after them: onset phonemes, nucleus letters."""
    units: list[tuple[str, str]] = []
    onset, i = "", 0
    while i < len(word):
        nucleus = _vowels(word, i)
        if nucleus:
            units.append((onset, nucleus))
            onset, i = "", i + len(nucleus)
            continue
        phonemes, step = _consonant(word, i)
        onset += phonemes
        i += step
    if onset:
        units.append((onset, ""))
    return units


def _vowels(word: str, i: int) -> str:
    """The letters of the nucleus that begins here: a vowel with the weak ones that belong to it."""
    if word[i] == "y":
        if i + 1 == len(word) or (word[i + 1] not in "aeiouáéíóú"):
            return "y"
        return ""
    if word[i] not in "aeiouáéíóúü":
        return ""
    end = i + 1
    if word[i] in "iuü" and end < len(word) and word[end] in "aeoáéóiuíú" and word[i] != word[end]:
        end += 1
        if word[end - 1] in "íú":
            return word[i:end] if word[i] in "iuü" else word[i]
    if word[end - 1] in _STRONG and end < len(word):
        last = end + 1 == len(word)
        if word[end] in "iu" or (word[end] == "y" and (last or word[end + 1] not in "aeiouáéíóú")):
            following = word[end + 1] if not last else ""
            if following not in tuple("aeoáéó") or word[end] == "y":
                end += 1
    return word[i:end]


def _consonant(word: str, i: int) -> tuple[str, int]:
    """Phonemes of the consonant here, and how many letters spell it."""
    pair, char = word[i : i + 2], word[i]
    after = word[i + 1 : i + 2]
    soft = after in tuple("eiéíy")
    before = word[i - 1 : i]
    if pair in ("ch", "ll", "rr", "sh"):
        return {"ch": "ʧ", "ll": "ʎ", "rr": "r", "sh": "ʃ"}[pair], 2
    if pair == "qu":
        return "k", 2
    if char == "g" and after == "u" and word[i + 2 : i + 3] in tuple("eiéí"):
        return "ɡ", 2
    if char == "s" and after == "c" and word[i + 2 : i + 3] in tuple("eiéí"):
        return "sθ", 2
    simple = {
        "b": "b", "v": "b", "d": "d", "f": "f", "j": "x", "k": "k", "l": "l", "m": "m", "n": "n", "ñ": "ɲ", "p": "p",
        "q": "k", "s": "s", "t": "t", "w": "w", "z": "θ", "h": "", "y": "ʝ", "ç": "s",
    }  # fmt: skip
    if char == "c":
        return ("θ" if soft else "k"), 1
    if char == "g":
        return ("x" if soft else "ɡ"), 1
    if char == "r":
        return ("r" if before in ("", "l", "n", "s") else "ɾ"), 1
    if char == "x":
        return ("s" if not before else "ks"), 1
    if char == "u":
        return "w", 1
    return simple.get(char, ""), 1


SPANISH = Language(_phrase, _LETTERS, names=_NAMES)
