"""French: letter groups, silent endings, nasal vowels, mute e and liaison; what no rule tells is listed.

After Fougeron and Smith, *French*, Journal of the IPA 23 (1993), and Tranel, *The Sounds of French* (1987). Sounds are
spelled as Kokoro learned them.
"""

from __future__ import annotations

import re
from itertools import pairwise

from paksatalker.core.audio.g2p.base import TILDE, Language
from paksatalker.core.audio.g2p.french_words import LIAISON, NOUNS_ENT, UNSTRESSED, VERBS_ENT, VERBS_MENT, WORDS

_LETTERS = {
    "a": "a", "b": "bé", "c": "cé", "d": "dé", "e": "eu", "f": "effe", "g": "gé", "h": "ache", "i": "i", "j": "ji",
    "k": "ka", "l": "elle", "m": "emme", "n": "enne", "o": "o", "p": "pé", "q": "ku", "r": "erre", "s": "esse",
    "t": "té", "u": "u", "v": "vé", "w": "doublevé", "x": "ixe", "y": "igrec", "z": "zède",
}  # fmt: skip
_NAMES = {"&": "et", "%": "pour cent", "+": "plus", "=": "égale", "@": "arobase"}
_V = "aeiouyàâäéèêëîïôöùûüœæ"
_AN, _IN, _ON, _UN = f"ɑ{TILDE}", f"ɛ{TILDE}", f"ɔ{TILDE}", f"œ{TILDE}"
_HARD = f"(?![{_V}nmh])"  # after the letter of a nasal vowel: no vowel, no n, m
#: Letter groups by what they sound like, the first that fits wins. ``^`` and ``$`` are the borders of the word.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        # endings
        (r"(?<=p)tiens?$|(?<=^mar)tiens?$|(?<=véni)tiens?$|(?<=haï)tiens?$|(?<=lao)tiens?$", f"sj{_IN}"),
        (r"(?<=.)iens?$|(?<=[tv])ient$", f"j{_IN}"),
        (r"(?<=[^aeiouyéèê])ers?$(?<!vers)(?<!divers)(?<!travers)(?<!univers)(?<!envers)", "e"),
        (r"(?<=[gçiuyéa])ers?$", "e"),
        (r"ez$", "e"),
        (r"(?<=[^m])emment$", f"am{_AN}"),
        (r"(?<=.)ents?$(?<=ments)|(?<=m)ent$", _AN),
        (r"(?<=.)es?$", ""),
        (r"aient$", "ɛ"),
        (r"(?<=[a-zà-ÿ])oient$", "wa"),
        (r"(?<=u)x$", ""),
        (r"(?<=[ea])x$", "ks"),
        (
            r"(?<=.)us$(?<=[sctnprbx]us)(?<!plus)(?<!refus)(?<!abus)(?<!jus)(?<!dessus)(?<!inclus)(?<!perdus)(?<!venus)(?<!tenus)(?<!connus)(?<!parus)(?<!reçus)(?<!vécus)(?<!nus)(?<!vertus)(?<!tissus)(?<!battus)(?<!rendus)(?<!rus)",
            "ys",
        ),
        (r"(?<=i)ls$", "l"),
        (r"cts?$", "kt"),
        (r"oigts?$", "wa"),
        (r"vingt(?=a)", f"v{_IN}t"),
        (r"sept(?=i)", "sɛt"),
        (r"ompt(?!é?u)", f"{_ON}t"),
        (r"amn(?=[aeéi])", "an"),
        (r"^ress(?!us)", "ʁəs"),
        (r"(?<=f)ais(?=[aio])", "əz"),
        (r"^trans(?=[aio])", f"tʁ{_AN}z"),
        (r"(?<=[a-zà-ÿœ])(?:ts|ds|ps|gs)$(?<!sts)", ""),
        (r"(?<=[a-zà-ÿœ])[tdspxz]$(?<!st)", ""),
        (r"(?<=an)[cg]$|(?<=on)[cg]$|(?<=lan)c$|(?<=our)g$|(?<=m)b$|(?<=or)c$", ""),
        (r"(?<=.)cs?$", "k"),
        # vowels of several letters
        (r"eaux?", "o"),
        (r"aux?$", "o"),
        (r"au", "o"),
        (r"œu(?=[^frbv]|$)", "ø"),
        (r"œu", "œ"),
        (r"œ", "e"),
        (r"ao[uû]t", "ut"),
        (r"o[uù](?=ill)", "u"),
        (r"ouill", "uj"),
        (r"oû|où|oue$|oues$", "u"),
        (rf"ou(?=[{_V}])(?!oue)", "w"),
        (r"ou", "u"),
        (rf"oin{_HARD}", f"w{_IN}"),
        (rf"(?:oy)(?=[{_V}])", "waj"),
        (r"o[iîy]", "wa"),
        (rf"(?:[ae]y)(?=[{_V}])", "ɛj"),
        (r"ueill?", "œj"),
        (r"euill?", "œj"),
        (r"œill?", "œj"),
        (r"eill?", "ɛj"),
        (r"aill?(?=[aeiouéè]|s?$)", "aj"),
        (rf"(?:ain|aim|ein|eim){_HARD}", _IN),
        (rf"i?en(?<=ien){_HARD}(?!t|c)", f"j{_IN}"),
        (rf"(?<=é)en{_HARD}", _IN),
        (rf"(?<=y)en{_HARD}", _IN),
        (rf"(?:[ae]n|[ae]m(?=[bpm])(?!mm)){_HARD}", _AN),
        (r"(?:am|em)(?=[bp])", _AN),
        (r"^emm", f"{_AN}m"),
        (r"^enn", f"{_AN}n"),
        (rf"(?:in|yn|în){_HARD}", _IN),
        (r"(?:im|ym)(?=[bp])", _IN),
        (rf"(?:on){_HARD}", _ON),
        (r"om(?=[bp])|oms?$", _ON),
        (rf"(?:un){_HARD}|um(?=[bp])|um$(?<=parfum)", _UN),
        (r"um$", "ɔm"),
        (r"(?<=[bcdfglmnprstv])ouer", "we"),
        (r"a[iî](?=s$|t$|x$)", "ɛ"),
        (r"(?<!v)rai$", "ʁe"),
        (r"ai$", "ɛ"),
        (r"a[iî]|e[iî]", "ɛ"),
        (r"e[uû](?=[sxt]?$|se)", "ø"),
        (r"e[uû](?=r|l|f|b|v|ne|pl)", "œ"),
        (r"e[uû]", "ø"),
        (r"(?<=[^aeiouéq])ui", "ɥi"),
        (r"(?<=[bdfjlmnprstvz])u(?=[aeéè])", "ɥ"),
        (r"(?<=[aeiouéè])ï", "i"),
        (r"ë", "ɛ"),
        # i before vowels, -ill-
        (r"(?<=[bcdfgjlmnprstvzu])ill(?=[aeéèo])(?<!^mill)(?<!^vill)(?<!quill)(?<!^lill)(?<!^gill)", "ij"),
        (r"(?<=u)ille", "ij"),
        (rf"(?<=[bcdfgptv][rl])i(?=[{_V}])(?!e?s?$|ent$)", "i"),
        (r"(?<=.)[iy](?=[aeouéèêœô])(?!e$|es$)", "j"),
        (r"^y(?=[aeou])", "j"),
        # consonants
        (rf"(?<=.)tion(?![n{_V}])", f"sj{_ON}"),
        (r"(?<=[^s])t(?=ion)", "s"),
        (r"(?<=cra)t(?=ie)|(?<=ini)t(?=i[ae])", "s"),
        (r"(?<=[^s])t(?=ie[lmu]|iaire|ial)", "s"),
        (r"sch", "ʃ"),
        (r"ch(?=[rln])|ch(?=œ)|(?<=é)ch(?=o$)|ch(?=est)|(?<=psy)ch|(?<=^or)ch|(?<=te)ch", "k"),
        (r"tch", "tʃ"),
        (r"ch", "ʃ"),
        (r"sh", "ʃ"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"rh", "ʁ"),
        (r"gn", "ɲ"),
        (r"cc(?=[eéèiy])", "ks"),
        (r"sc(?=[eéèêiy])", "s"),
        (r"c(?=[eéèêëiîy])", "s"),
        (r"ç", "s"),
        (r"cqu|cch?", "k"),
        (r"qu|q", "k"),
        (r"gge(?=[aou])", "ʒ"),
        (r"ge(?=[aoâ])", "ʒ"),
        (r"gu(?=[eéèêiîy])", "ɡ"),
        (r"g(?=[eéèêiîy])", "ʒ"),
        (r"gg?", "ɡ"),
        (rf"(?<=[{_V}])s(?=[{_V}])", "z"),
        (r"ss", "s"),
        (r"(?<=.)x(?=c[eéèi]|s)", "k"),
        (r"^ex(?=[aeiouéèh])|(?<=^h)ex(?=[aeiou])", "ɛɡz"),
        (r"x", "ks"),
        (r"h", ""),
        (r"bb?", "b"),
        (r"dd?", "d"),
        (r"ff?", "f"),
        (r"j", "ʒ"),
        (r"kk?|ck", "k"),
        (r"ll?", "l"),
        (r"mm?", "m"),
        (r"nn?", "n"),
        (r"pp?", "p"),
        (r"rr?", "ʁ"),
        (r"s", "s"),
        (r"tt?", "t"),
        (r"v", "v"),
        (r"w", "w"),
        (r"zz?", "z"),
        (r"c", "k"),
        # single vowels
        (r"â(?=[^aeiouyéèê]*e?s?$)", "aː"),
        (r"[aàâä]", "a"),
        (r"é", "e"),
        (r"[èê]", "ɛ"),
        (r"e(?=([bdfglmnprst])\1)(?!mm)", "ɛ"),
        (rf"e(?=[^{_V}h](?:[^{_V}hrl]|$)|[rlsn][^{_V}h]|ch[nr])", "ɛ"),
        (r"e(?=x)", "ɛ"),
        (r"e", "ə"),
        (r"[iîïy]", "i"),
        (r"ô(?=[^aeiouy]*e?s?$)", "oː"),
        (r"ô", "o"),
        (r"o$|o(?=s$|t$|p$|se|ti)", "o"),
        (r"o", "ɔ"),
        (r"[uûùü]", "y"),
        (r"æ", "e"),
    )
)
_SOUND_VOWELS = "aeiouyɑɛɔəøœ"
_LIAISON_SOUNDS = {"s": "z", "x": "z", "z": "z", "t": "t", "d": "t", "n": "n"}
_ASPIRATED = re.compile(
    r"^(?:h(?:aut|ér(?:os$|on|iss)|ont|as(?:ard|te)|anch|and|aine|air|ais|alte|am(?:eau|ac|st)|angar|aricot|arp|all|ors|oll|ors|uit|urle|"
    r"eurt|ibou|ockey|ollande|omard|ongr|ouille|ublot)|onz|oui|yaourt|yacht|un$)"
)


def _phrase(words: list[str]) -> list[str]:
    said = [_said(word) for word in words]
    for index, (word, following) in enumerate(pairwise(words)):
        if following == "ce" and word.endswith("est"):  # est-ce que
            said[index + 1] = "s"
    for index, (word, following) in enumerate(pairwise(words)):
        last = re.split("['’]", word)[-1]
        if last not in LIAISON or not _begins_with_vowel(following):
            continue
        sound = _LIAISON_SOUNDS.get(last[-1], "")
        if not said[index].endswith(sound):
            said[index] += sound
            if last in ("bon", "prochain", "plein", "certain", "ancien"):
                said[index] = said[index].replace(_ON + "n", "ɔn").replace(_IN + "n", "ɛn")
    return [_stress(sound) if word not in UNSTRESSED else sound for word, sound in zip(words, said, strict=True)]


def _begins_with_vowel(word: str) -> bool:
    return word[:1] in tuple(_V + "h") and not _ASPIRATED.search(word)


def _said(word: str) -> str:
    if word in WORDS:
        return _as_learned(WORDS[word], word)
    pieces = [piece for piece in re.split("(?<=['’])", word) if piece]
    return "".join(_piece(piece) for piece in pieces)


def _piece(word: str) -> str:
    word = word.replace("oeu", "œu").replace("oei", "œi")
    if word[-1] in "'’":
        bare = word[:-1]
        return {"qu": "k", "c": "s", "jusqu": "ʒysk", "lorsqu": "lɔʁsk", "puisqu": "pɥisk", "g": "ʒ"}.get(
            bare
        ) or _letters(bare)
    if word in WORDS:
        return WORDS[word]
    if word.endswith("s") and word[:-1] in WORDS and len(word) > 3:
        return WORDS[word[:-1]]
    if word.endswith("ent") and _is_verb(word):
        stem = word[:-3]
        return _letters(stem + "e")
    return _letters(word)


def _is_verb(word: str) -> bool:
    """Whether -ent is the silent ending of the third person plural: of most words but nouns and adjectives."""
    if word.endswith("ment"):
        return bool(VERBS_MENT.search(word))
    return word in VERBS_ENT or (len(word) > 5 and not NOUNS_ENT.search(word))


def _letters(word: str) -> str:
    sounds, i = "", 0
    while i < len(word):
        for pattern, sound in _RULES:
            match = pattern.match(word, i)
            if match and match.end() > i:
                sounds += sound
                i = match.end()
                break
        else:
            i += 1
    return _as_learned(_mute(sounds), word)


def _as_learned(sounds: str, word: str) -> str:
    """The sounds as Kokoro spells them: y for the glide, nj for gn, o where the syllable is open."""
    sounds = sounds.replace("ɥ", "y").replace("ɲi", "ni")
    sounds = re.sub(rf"ɲ(?=ə?[{_SOUND_VOWELS}])", "nj", sounds)
    if re.search(r"o([mnlptrcf])\1", word):
        return sounds
    return re.sub(rf"ɔ(?=[^{_SOUND_VOWELS}{TILDE}ː][jlʁw]?[{_SOUND_VOWELS}])(?!.ə?$)", "o", sounds)


def _mute(sounds: str) -> str:
    """Leaves a mute e out between single consonants inside of a word."""
    return re.sub(
        rf"(?<=[{_SOUND_VOWELS}{TILDE}][bdfɡʒklmnpʁstvzʃɲ])ə(?=[bdfɡʒklmnpʁstvzʃɲ][wj]?[{_SOUND_VOWELS}])", "", sounds
    )


def _stress(sounds: str) -> str:
    """Stress on the last full vowel."""
    vowels = [i for i, char in enumerate(sounds) if char in _SOUND_VOWELS and char != "ə"]
    return f"{sounds[: vowels[-1]]}ˈ{sounds[vowels[-1] :]}" if vowels else sounds


FRENCH = Language(_phrase, _LETTERS, names=_NAMES)
