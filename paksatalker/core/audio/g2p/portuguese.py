"""Brazilian Portuguese: nasal vowels, soft t and d before i, reduced final vowels, regular stress.

After Barbosa and Albano, *Brazilian Portuguese*, Journal of the IPA 34 (2004). Sounds are spelled as Kokoro learned
them: ``lj`` for lh, ``r`` and ``ɾə`` for an r beside consonants.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from paksatalker.core.audio.g2p.base import TILDE, Language
from paksatalker.core.audio.g2p.portuguese_words import FIXED, OPEN_EI, WEAK, is_open

_UNSTRESSED = frozenset(
    "a à ao aos as às com da das de do dos e em lhe lhes me mas na nas no nos o os ou para pela pelas pelo pelos por "
    "que se sem te um é eu foi tem são nós sou".split()
)
_LETTERS = {
    "a": "a", "b": "bê", "c": "cê", "d": "dê", "e": "é", "f": "éfe", "g": "gê", "h": "agá", "i": "i", "j": "jota",
    "k": "cá", "l": "éle", "m": "eme", "n": "ene", "o": "ó", "p": "pê", "q": "quê", "r": "érre", "s": "ésse",
    "t": "tê", "u": "u", "v": "vê", "w": "dáblio", "x": "xis", "y": "ípsilon", "z": "zê",
}  # fmt: skip
_NAMES = {"&": "e", "%": "por cento", "+": "mais", "=": "igual a", "@": "arroba"}
_VOWELS = "aeiouáéíóúàâêôãõü"
_SOFT = frozenset("eiéíê")
_VOICED = "bdgvlmnrzj"
_ACUTE = "áéíóúâêô"
_PLAIN = str.maketrans("áéíóúàâêôãõü", "aeiouaaeoaou")
#: x as ks or s where the rule would say ʃ.
_X = (
    (
        re.compile(
            r"^(?:t[aá]xi|f[ií]x|sex[ou]|an[eê]x|refl[eé]x|t[oó]x|ox[ií]|cl[ií]max|compl[eé]x|conex|l[eé]xic|m[aá]xil|ort[oó]d)"
        ),
        "ks",
    ),
    (re.compile(r"^(?:(?:a)?pr[oó]xim|m[aá]xim|trouxe|trouxer|aux[ií]l|sint[aá]x|proximid)"), "s"),
)
#: Words in which the u of qu and gu is said before e and i.
_SAID_U = re.compile(
    r"seq[uü]|freq[uü]|tranq[uü]|cinq[uü]|eloq[uü]|delinq[uü]|q[uü]estr|ling[uü]|ag[uü]ent|ping[uü]i|ambig[uü]|ung[uü]"
)
_DIPHTHONGS = {
    "ai": "I", "ei": "A", "oi": "oɪ", "ui": "uɪ", "au": "W", "ao": "W", "eu": "eʊ", "ou": "ow", "iu": "iʊ",
    "éi": "ɛɪ", "éu": "ɛʊ", "ói": "Y",
}  # fmt: skip
#: A vowel with the l after it.
_BEFORE_L = {"a": "W", "e": "ɛʊ", "i": "iʊ", "o": "ow", "u": "uw"}


@dataclass(slots=True)
class _Unit:
    """Consonants with the vowels after them.

    Attributes:
        onset: Phonemes of the consonants.
        nucleus: Letters of the vowels; empty after the last vowel.
        nasal: The m or n that makes the vowel nasal.
        dark: Whether an l closes the syllable.
        before_nasal: The nasal consonant that the next syllable begins with.
    """

    onset: str
    nucleus: str = ""
    nasal: str = ""
    dark: bool = False
    before_nasal: str = ""


def _phrase(words: list[str]) -> list[str]:
    found = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        said = _word(word)
        first = following[1:2] if following[:1] == "h" else following[:1]
        vowel = bool(first) and first in _VOWELS
        if said.endswith("s") and (vowel or (first and first in _VOICED)):
            said = said[:-1] + "z"
        elif vowel and said.endswith("r"):
            said = said[:-1] + "ɾ"
        elif vowel and said.endswith("i") and len(word) > 1 and word[-1] == "e" and word != "que":
            said = said[:-1] + "j"
        elif vowel and said.endswith("ʊ") and len(word) > 2 and word[-1] == "o" and word[-2] not in _VOWELS:
            said = said[:-1] + "w"
        found.append(said)
    return found


def _word(word: str) -> str:
    if word in FIXED:
        return FIXED[word]
    units = _units(re.sub(r"([bcdfgklmnptvz])\1", r"\1", word.replace("ck", "k")))
    vowels = [i for i, unit in enumerate(units) if unit.nucleus]
    if not vowels:
        return "".join(unit.onset for unit in units)
    main = _stress(word, units, vowels)
    marks = _marks(word, vowels, main)
    parts = []
    for i, unit in enumerate(units):
        final = i == vowels[-1] and i != main and bool(re.search(r"[aeo]s?$", word))
        sound = _nucleus(word, unit, stressed=i == main, final=final)
        glide = sound[:1] if len(sound) > 1 and sound[0] in "jw" else ""
        parts.append(_palatal(unit.onset, sound) + glide + marks.get(i, "") + sound[len(glide) :])
    return "".join(parts)


def _marks(word: str, vowels: list[int], main: int) -> dict[int, str]:
    """Stress marks: the main one, and weak ones on every second syllable before it."""
    if main < 0:
        return {}
    place = vowels.index(main)
    marks = {main: "ˌ" if word in WEAK else "ˈ"}
    if len(vowels) > 2:
        marks |= {vowels[i]: "ˌ" for i in range(0, place, 2) if not i or i < place - 1}
    return marks


def _stress(word: str, units: list[_Unit], vowels: list[int]) -> int:
    """Index of the stressed unit; −1 for none."""
    for marks in (_ACUTE, "ãõ"):
        marked = [i for i in vowels if set(units[i].nucleus) & set(marks)]
        if marked:
            return marked[-1] if marks == "ãõ" else marked[0]
    if word in _UNSTRESSED:
        return -1
    if word.endswith("mente") and len(vowels) > 2:
        return vowels[-2]
    if len(vowels) > 1 and re.search(r"(?:[aeo]s?|[ae]m|ens)$", word) and not re.search(r"[aeo][iu]s?$", word):
        return vowels[-2]
    return vowels[-1]


def _palatal(onset: str, sound: str) -> str:
    """Softens t and d before the sound i."""
    if sound[:1] in tuple("ij") and onset.endswith(("t", "d")):
        return onset[:-1] + ("ʧ" if onset[-1] == "t" else "ʤ")
    return onset


def _nucleus(word: str, unit: _Unit, *, stressed: bool, final: bool) -> str:
    """A vowel or diphthong, glides first."""
    nucleus = unit.nucleus
    if not nucleus:
        return ""
    said = {
        "ão": f"ɐ{TILDE}ʊ{TILDE}", "am_": f"ɐ{TILDE}ʊ{TILDE}", "ãe": f"ɐ{TILDE}i", "ãi": f"ɐ{TILDE}ɪ",
        "õe": f"o{TILDE}j", "õ": f"o{TILDE}",
    }.get(nucleus)  # fmt: skip
    if said:
        return said
    glide = ""
    if len(nucleus) > 1 and nucleus[0] == "i" and nucleus[1] in "aeoê":
        glide, nucleus = "j", nucleus[1:]
    if nucleus == "ã":
        return f"{glide}ɐ{TILDE}"
    plain = nucleus.translate(_PLAIN)
    if unit.nasal:
        sounds = {"a": f"ɐ{TILDE}", "e": "A", "i": "i", "o": "o", "u": f"u{TILDE}"}
        return glide + sounds.get(plain, plain) + unit.nasal
    if final:
        return glide + {"a": "æ", "e": "i", "o": "ʊ"}.get(plain, plain)
    if nucleus == "ei" and word.removesuffix("s").removesuffix("a") in OPEN_EI:
        return glide + "ɛɪ"
    if said := _DIPHTHONGS.get(nucleus) or _DIPHTHONGS.get(plain):
        return glide + said
    return glide + _vowel(word, plain, nucleus, unit, stressed=stressed)


def _vowel(word: str, plain: str, nucleus: str, unit: _Unit, *, stressed: bool) -> str:
    """A single vowel with the l after it: open or closed, coloured by a nasal that follows."""
    opened = {"é": "ɛ", "ó": "ɔ"}.get(nucleus)
    if opened is None and stressed and nucleus in ("e", "o") and not unit.before_nasal and is_open(word, nucleus):
        opened = "ɛ" if nucleus == "e" else "ɔ"
    if unit.dark:
        if plain == "o" and opened:
            return "ɔl"
        if plain == "e":
            return "ɛʊ" if stressed else "eʊ"
        return _BEFORE_L[plain]
    if opened:
        return opened
    if plain == "a" and unit.before_nasal:
        return f"ɐ{TILDE}" if stressed or unit.before_nasal == "nh" else "æ"
    if plain == "u" and unit.before_nasal == "nh":
        return f"u{TILDE}"
    return plain


def _units(word: str) -> list[_Unit]:
    """The word in syllables, roughly."""
    units: list[_Unit] = []
    onset, i = "", 0
    while i < len(word):
        nucleus = _vowels(word, i)
        if not nucleus:
            sound, step = _consonant(word, i)
            onset += sound
            i += step
            continue
        i += len(nucleus)
        unit = _Unit(onset, nucleus)
        onset = ""
        here, after = word[i : i + 1], word[i + 1 : i + 2]
        if here in ("m", "n") and here and after not in tuple(_VOWELS + "h"):
            if not after and nucleus == "a" and here == "m":
                unit.nucleus = "am_"
            else:
                unit.nasal = "m" if after in tuple("pb") and after else "ŋ"
            i += 1
        elif here in ("m", "n") and here:
            unit.before_nasal = "nh" if after == "h" else here
        elif here == "l" and len(nucleus) == 1 and after not in tuple(_VOWELS + "h"):
            unit.dark = True
            i += 1
        units.append(unit)
    if onset:
        units.append(_Unit(onset))
    return units


def _vowels(word: str, i: int) -> str:
    """The letters of the nucleus that begins here."""
    char = word[i]
    if char == "y":
        return "i"
    if char not in _VOWELS:
        return ""
    pair, rest = word[i : i + 2], word[i + 2 :]
    if pair in ("ão", "ãe", "ãi", "õe"):
        return pair
    after, third = word[i + 1 : i + 2], word[i + 2 : i + 3]
    nasal = third in ("n", "m") and word[i + 3 : i + 4] not in tuple(_VOWELS)
    closed = third == "z" or (third in ("l", "r") and i + 3 == len(word))  # raiz, Raul, cair: two syllables
    if char in "aeoáéóâêô" and after in ("i", "u") and not nasal and not closed:
        return char if rest in ("u", "us") and after == "i" else pair  # sa-iu
    if pair == "ao" and not rest.strip("s") and i:
        return char
    if char in "ui" and after in ("i", "u") and char != after and third not in ("r", "z"):
        return char if rest == "u" else pair  # conclu-iu
    if pair == "iê":
        return pair  # ciência
    if char == "i" and i and after in tuple("aeo") and not rest.strip("s") and set(word[:i]) & set(_ACUTE):
        return pair  # história
    return char


def _consonant(word: str, i: int) -> tuple[str, int]:
    """Phonemes of the consonant here, and how many letters spell it."""
    char, after, before = word[i], word[i + 1 : i + 2], word[i - 1 : i] if i else ""
    pair, third = word[i : i + 2], word[i + 2 : i + 3]
    digraphs = {"lh": "lj", "nh": "ɲ", "ch": "ʃ", "rr": "x", "ss": "s", "ph": "f", "sh": "ʃ", "th": "t"}
    if pair in digraphs:
        return digraphs[pair], 2
    if (pair in ("qu", "gu", "qü", "gü")) and third and third in _VOWELS:
        said = third not in _SOFT or pair[1] == "ü" or _SAID_U.search(word, max(0, i - 4), i + 6)
        return ("k" if char == "q" else "ɡ") + ("w" if said else ""), 2
    if pair in ("sc", "xc") and third in _SOFT:
        return "s", 2
    if char in "cg":
        soft, hard = ("s", "k") if char == "c" else ("ʒ", "ɡ")
        return (soft if after in _SOFT else hard), 1
    if char == "r":
        return _r(before, after, final=i + 2 >= len(word)), 1
    vowel = after in tuple(_VOWELS) and bool(after)
    if char == "s":
        between = bool(before) and before in _VOWELS and vowel
        return ("z" if between or (after and after in "bdgvlmnrj") else "s"), 1
    if char == "z":
        return ("z" if after else "s"), 1
    if char == "x":
        return _x(word, i), 1
    if char == "l":
        return ("l" if vowel else "ʊ"), 1
    if char in "td" and after in ("", "s") and before:
        return ("ʧ" if char == "t" else "ʤ"), 1
    simple = {"b": "b", "d": "d", "f": "f", "j": "ʒ", "k": "k", "m": "m", "n": "n", "p": "p", "q": "k", "t": "t",
              "v": "v", "w": "w", "ç": "s", "h": "", "ñ": "ɲ"}  # fmt: skip
    return simple.get(char, ""), 1


def _r(before: str, after: str, *, final: bool) -> str:
    if not before or before in "lns":
        return "x"
    if before in _VOWELS:
        return "ɾ" if after in tuple(_VOWELS) and after else "r" if not after or (after == "s" and final) else "ɾə"
    return "r"


def _x(word: str, i: int) -> str:
    after = word[i + 1 : i + 2]
    for pattern, sound in _X:
        if pattern.search(word):
            return sound
    if word[:i] in ("e", "he") and after in tuple(_VOWELS) and after:
        return "z"
    return "s" if word[:i] == "e" or (after and after not in _VOWELS) else "ʃ" if after else "ks"


PORTUGUESE = Language(_phrase, _LETTERS, names=_NAMES)
