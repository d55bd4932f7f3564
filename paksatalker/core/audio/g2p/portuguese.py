"""Brazilian Portuguese: nasal vowels, soft t and d before i, reduced final vowels, regular stress.

After Barbosa and Albano, *Brazilian Portuguese*, Journal of the IPA 34 (2004).
"""

from __future__ import annotations

import re

from paksatalker.core.audio.g2p.base import TILDE, Language

_UNSTRESSED = frozenset(
    "a à ao aos as com da das de do dos e em lhe lhes me mas na nas no nos o os ou para pela pelas pelo pelos por "
    "que se sem te um uma".split()
)
_LETTERS = {
    "a": "a", "b": "bê", "c": "cê", "d": "dê", "e": "é", "f": "éfe", "g": "gê", "h": "agá", "i": "i", "j": "jota",
    "k": "cá", "l": "éle", "m": "eme", "n": "ene", "o": "ó", "p": "pê", "q": "quê", "r": "erre", "s": "ésse",
    "t": "tê", "u": "u", "v": "vê", "w": "dáblio", "x": "xis", "y": "ípsilon", "z": "zê",
}  # fmt: skip
_NAMES = {"&": "e", "%": "por cento", "+": "mais", "=": "igual a", "@": "arroba"}
_VOWELS = "aeiouáéíóúàâêôãõü"
_ACUTE, _MARKED = "áéíóúâêô", "áéíóúâêôãõ"
_PLAIN = str.maketrans("áéíóúàâêôãõü", "aeiouaaeoaou")
#: x as ks, s or z where the rule would say ʃ.
_X = (
    (
        re.compile(
            r"^(?:t[aá]xi|f[ií]x|sex[ou]|an[eê]x|refl[eé]x|t[oó]x|ox[ií]|cl[ií]max|compl[eé]x|conex|l[eé]xic|m[aá]xil|ort[oó]d)"
        ),
        "ks",
    ),
    (re.compile(r"^(?:pr[oó]xim|m[aá]xim|trouxe|trouxer|aux[ií]l|sint[aá]x|proximid)"), "s"),
)
_OPEN_O = re.compile(
    r"o(?:ra|ras|rta|rtas|rte|rtes|rça|da|das|va|vas|sa|sas|ta|te|gico|gica|lta|pa|cha|rma|je|ça|rpo|mem)$"
)
_OPEN_E = re.compile(r"(?:el[ae]|elas|er[ao]|eras|esta|estas|erra|erras|ele[sg]|erto|erta|este|er|ega|ebra|eza)$")


def _phrase(words: list[str]) -> list[str]:
    found = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        said = _word(word)
        if said.endswith("s") and following and following[0] in _VOWELS + "bdgvlmnrzj":
            said = said[:-1] + "z"
        found.append(said)
    return found


def _word(word: str) -> str:
    fixed = {
        "e": "i",
        "a": "a",
        "as": "as",
        "muito": "mwˈiŋtʊ",
        "muita": "mwˈiŋtæ",
        "muitos": "mwˈiŋtʊs",
        "muitas": "mwˈiŋtæs",
        "que": "ki",
        "é": "ˈɛ",
        "o": "ʊ",
        "os": "ʊs",
        "porque": "poɾkˈe",
        "hoje": "ˈoʒi",
        "à": "a",
        "às": "as",
        "mãe": "mˈɐ̃ɪ",
        "ruim": "xuˈĩŋ",
        "homem": "ˈɔmAŋ",
        "também": "tɐ̃mbˈAŋ",
        "bem": "bˈAŋ",
        "sem": "sAŋ",
        "em": "Aŋ",
        "um": "ũŋ",
    }
    if word in fixed:
        return fixed[word]
    units = _units(word)
    vowels = [i for i, (_, nucleus, _) in enumerate(units) if nucleus]
    if not vowels:
        return "".join(onset for onset, *_ in units)
    main = _stress(word, units, vowels)
    parts = []
    for i, (onset, nucleus, nasal) in enumerate(units):
        final = i == vowels[-1] and i != main and bool(re.search(r"[aeo]s?$", word))
        weak = i == vowels[0] and main in vowels and vowels.index(main) >= 2
        mark = "ˈ" if i == main else "ˌ" if weak else ""
        parts.append(_palatal(onset, nucleus, final) + _nucleus(word, nucleus, nasal, mark, i == main, final))
    return "".join(parts)


def _stress(word: str, units: list[tuple[str, str, str]], vowels: list[int]) -> int:
    for marks in (_ACUTE, "ãõ"):
        marked = [i for i in vowels if set(units[i][1]) & set(marks)]
        if marked:
            return marked[-1] if marks == "ãõ" else marked[0]
    if word in _UNSTRESSED:
        return -1
    if word.endswith("mente"):
        return vowels[-2]
    if len(vowels) > 1 and re.search(r"(?:[aeo]s?|[ae]m|ens)$", word) and not re.search(r"[aeo][iu]s?$", word):
        return vowels[-2]
    return vowels[-1]


def _palatal(onset: str, nucleus: str, final: bool) -> str:
    """Softens t and d before the sound i."""
    soft = (nucleus[:1] in ("i", "í") and nucleus[:1]) or (final and nucleus == "e")
    if soft and onset.endswith("t"):
        return onset[:-1] + "ʧ"
    if soft and onset.endswith("d"):
        return onset[:-1] + "ʤ"
    return onset


def _nucleus(word: str, nucleus: str, nasal: str, mark: str, main: bool, final: bool) -> str:
    if not nucleus:
        return ""
    if nucleus in ("ão", "am_"):
        return f"{mark}ɐ{TILDE}ʊ{TILDE}"
    if nucleus in ("ãe", "ãi"):
        return f"{mark}ɐ{TILDE}ɪ"
    if nucleus == "õe":
        return f"{mark}o{TILDE}ɪ"
    if nucleus[-1] in "ã":
        return f"{mark}ɐ{TILDE}"
    plain = nucleus.translate(_PLAIN)
    glide = ""
    if len(plain) > 1 and plain[0] in "iu" and plain[1] in "aeo":
        glide, plain, nucleus = ("j" if plain[0] == "i" else "w"), plain[1:], nucleus[1:]
    if nasal:
        sounds = {"a": f"ɐ{TILDE}ŋ", "e": "Aŋ", "i": f"i{TILDE}ŋ", "o": "oŋ", "u": f"u{TILDE}ŋ"}
        return glide + mark + sounds.get(plain, plain + "ŋ")
    if final:
        return glide + mark + {"a": "æ", "e": "i", "o": "ʊ"}.get(plain, plain)
    diphthongs = {"ai": "I", "ei": "A", "oi": "oɪ", "ui": "uɪ", "au": "W", "eu": "eʊ", "ou": "O", "iu": "iʊ", "al": "W"}
    if plain in diphthongs:
        return glide + mark + diphthongs[plain].replace("o", "ɔ" if "ó" in nucleus else "o")
    opened = {"é": "ɛ", "ó": "ɔ"}.get(nucleus[0])
    if main and opened is None and not set(nucleus) & set("êô"):
        if nucleus == "o" and _OPEN_O.search(word):
            opened = "ɔ"
        elif nucleus == "e" and _OPEN_E.search(word) and len(word) > 2:
            opened = "ɛ"
    return glide + mark + (opened + plain[1:] if opened else plain)


def _units(word: str) -> list[tuple[str, str, str]]:
    """Onset phonemes, nucleus letters, and whether the vowel is nasal."""
    units: list[tuple[str, str, str]] = []
    onset, i = "", 0
    while i < len(word):
        nucleus = _vowels(word, i)
        if not nucleus:
            sound, step = _consonant(word, i)
            onset += sound
            i += step
            continue
        i += len(nucleus)
        nasal = ""
        if word[i : i + 1] in ("m", "n") and word[i + 1 : i + 2] not in tuple(_VOWELS + "h"):
            last = i + 1 >= len(word) or word[i + 1 :] == "s"
            nasal = "final" if last else "inner"
            if last and nucleus == "a" and word[i] == "m":
                nucleus, nasal = "am_", ""
            i += 1
        units.append((onset, nucleus, nasal))
        onset = ""
    if onset:
        units.append((onset, "", ""))
    return units


def _vowels(word: str, i: int) -> str:
    char = word[i]
    if char == "y":
        return "i"
    if char not in _VOWELS:
        return ""
    pair = word[i : i + 2]
    if pair in ("ão", "ãe", "ãi", "õe"):
        return pair
    after = word[i + 1 : i + 2]
    third = word[i + 2 : i + 3]
    nasal = third in ("n", "m") and word[i + 3 : i + 4] not in tuple(_VOWELS)
    closed = third == "z" or (third in ("l", "r") and i + 3 == len(word))  # raiz, Raul, cair: two syllables
    if char in "aeoáéóâêô" and after in ("i", "u") and not nasal and not closed:
        return pair
    if char in "ui" and after in ("i", "u") and char != after and third not in ("r", "z"):
        return pair
    if char in "iu" and after in tuple("aeoáéóâêôã") and word[i - 1 : i] in ("q", "g") and i:
        return word[i : i + 3] if word[i + 1 : i + 3] in ("ão", "õe") else word[i : i + 2]
    if (
        char == "i"
        and i
        and after in tuple("aeo")
        and i + 2 >= len(word) - (word[-1:] == "s")
        and set(word[:i]) & set(_ACUTE)
    ):
        return pair  # história
    return char


def _consonant(word: str, i: int) -> tuple[str, int]:
    char, after, before = word[i], word[i + 1 : i + 2], word[i - 1 : i] if i else ""
    pair = word[i : i + 2]
    digraphs = {"lh": "ʎ", "nh": "ɲ", "ch": "ʃ", "rr": "x", "ss": "s", "ph": "f", "sh": "ʃ", "th": "t"}
    if pair in digraphs:
        return digraphs[pair], 2
    soft = after in tuple("eiéíê")
    if pair in ("qu", "gu") and word[i + 2 : i + 3] in tuple("eiéíê"):
        return ("k" if char == "q" else "ɡ"), 2
    if pair == "sc" and word[i + 2 : i + 3] in tuple("eiéíê"):
        return "s", 2
    if pair == "xc" and word[i + 2 : i + 3] in tuple("eiéíê"):
        return "s", 2
    if char == "c":
        return ("s" if soft else "k"), 1
    if char == "g":
        return ("ʒ" if soft else "ɡ"), 1
    if char == "r":
        return ("x" if not before or before in "lns" else "ɾ"), 1
    if char == "s":
        between = before and before in _VOWELS and after in tuple(_VOWELS) and after
        return ("z" if between or (after and after in "bdgvlmnrj") else "s"), 1
    if char == "z":
        return ("s" if not after else "z"), 1
    if char == "x":
        for pattern, sound in _X:
            if pattern.search(word):
                return sound, 1
        if word[:i] in ("e", "he") and after in tuple(_VOWELS) and after:
            return "z", 1
        return ("s" if word[:i] == "e" or (after and after not in _VOWELS) else "ʃ" if after else "ks"), 1
    if char == "l":
        return ("l" if after in tuple(_VOWELS) and after else "ʊ"), 1
    if char in "td" and after in ("", "s") and before:
        return ("ʧi" if char == "t" else "ʤi"), 1
    simple = {"b": "b", "d": "d", "f": "f", "j": "ʒ", "k": "k", "m": "m", "n": "n", "p": "p", "q": "k", "t": "t",
              "v": "v", "w": "w", "ç": "s", "h": "", "ñ": "ɲ"}  # fmt: skip
    return simple.get(char, ""), 1


PORTUGUESE = Language(_phrase, _LETTERS, names=_NAMES)
