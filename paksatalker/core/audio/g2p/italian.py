"""Italian: letters have regular sounds; stress is on the last but one syllable unless written or known by the ending.

After Krämer, *The Phonology of Italian* (2009).
"""

from __future__ import annotations

import re

from paksatalker.core.audio.g2p.base import Language

_UNSTRESSED = frozenset(
    "a ad ai al alla alle allo agli che chi ci col con da dai dal dalla dalle dagli de dei del della delle dello "
    "degli di e ed gli i il in la le lo li mi ma ne nei nel nella nelle negli nello o per se si su sui sul sulla "
    "sulle sugli ti tra fra un una uno vi l d un c n s t m v dell nell sull all dall quell".split()
)
_LETTERS = {
    "a": "a", "b": "bi", "c": "ci", "d": "di", "e": "e", "f": "effe", "g": "gi", "h": "acca", "i": "i", "j": "ilunga",
    "k": "cappa", "l": "elle", "m": "emme", "n": "enne", "o": "o", "p": "pi", "q": "cu", "r": "erre", "s": "esse",
    "t": "ti", "u": "u", "v": "vu", "w": "doppiavu", "x": "ics", "y": "ipsilon", "z": "zeta",
}  # fmt: skip
_NAMES = {"&": "e", "%": "per cento", "+": "più", "=": "uguale", "@": "chiocciola"}
#: Endings that leave the stress on the last syllable but two.
_EARLY = re.compile(
    r"(?:[aeiou](?:bil|vol)[ei]|issim[oaie]|olog[oaie]|ologi|ograf[oaie]|ofil[oaie]|esim[oaie]|"
    r"[rtdnmlcpbsfv]ul[oaie]|udin[ei]|agin[ei]|igin[ei]|ugin[ei]|[ai]cil[ei]|ssibil[ei]|[aeiou]gen[oaie]|"
    r"[^aeiou]id[oaie]|evol[ei]|[aei]ndol[oaie]|er(?:si|ti|mi|ci|vi|lo|la|li|le)|fon[oaie]|metr[oaie]|crat[ie]co|cedere|dere|"
    r"gliere|endere|ondere|uotere|uccid[eo]|[aei]ver[eo]s)$"
)
#: Common words with the stress on the last syllable but two, which no ending tells.
_EARLY_WORDS = frozenset(
    "abile albero alberi anima anime angolo attimo attimi camera camere carico cinema codice codici compito "
    "compiti corpore credere cominciano desiderano dicono domenica dodici elettrica esame essere epoca fabbrica "
    "facile femmina fisica giovane giovani grandine hanno interprete isola isole lampada lacrima lettera lettere "
    "limite limiti libero libera liberi macchina macchine maschera medico mettere minimo minuscolo modulo musica "
    "nascere nobile nomina numero numeri nuvola nuvole opera opere ordine origine pagina pagine parlano pensano "
    "persero piccolo piccola piccoli piccole popolo popoli possono prendere principe prossimo prossima povero "
    "povera pubblico quindici regola regole ridere rapido sedici semplice semplici scrivere secolo sindaco simile "
    "sabato solido spirito spendere stupido subito tavola tavolo tavoli telefono tempora tredici ultimo ultima "
    "undici uomini utile umile vendere vivere vincere vengono vogliono zucchero massimo giocano mangiano lavorano "
    "abitano perdere chiedere chiudere correre rispondere conoscere crescere leggere piangere rimanere scegliere "
    "sciogliere spegnere togliere raccogliere accendere scendere decidere ricevere muovere rompere cuocere "
    "nascono sono vedono credono leggono scrivono prendono mettono vivono fanno stanno danno salgono rimangono "
    "tengono debbono devono sembrano portano arrivano trovano guardano amano cantano aprono sentono partono "
    "finiscono capiscono preferiscono zingaro monaco napoli genova padova modena bergamo taranto otranto rimini "
    "brindisi mantova ancona' trapani cagliari logica logico tecnica tecnico politica politico storica storico "
    "classico unico unica magico critico critica america africa asia' europa' polizia' atomo metodo periodo "
    "episodio' sintesi analisi crisi' ipotesi tesi' bambola favola regalo' tegola virgola scatola scatole "
    "nocciola' pentola fragola fragole mandorla zoccolo articolo veicolo ostacolo spettacolo miracolo oracolo "
    "pericolo circolo calcolo titolo capitolo angelo angeli diavolo cavolo tavolino' giovedi' lunedi' asino "
    "cugino' pettine termine termini ordini margine immagine immagini giovanile' fragile agile difficile docile "
    "inutile debole deboli nuovo' prezioso' cavoli polvere cenere genere vescovo stomaco fegato' manico portico "
    "traffico elastico plastica ginnastica matematica grammatica pratica pratico fantastico simpatico simpatica "
    "simpatici antipatico romantico domestico automatico automatica autentico identico tragico comico energia' "
    "debito credito merito limpido timido umido freddo' tiepido acido valido arido candido splendido orrido "
    "vivido edera pecora pecore vipera tenebre celebre celebri funebre alacre".split()
)
_VOICED = "bdɡvlmnrʤ"
_OPEN_E = re.compile(
    r"(?:i?e(?:nz|nt[aei]|st[aeio]|ll[oaie]|rt[oaie]|rr[aeio]|rs[oaie]|mp|tt[oai]r|rb|ss[aei]$|rd|rn|cc|gg))"
)
_VOWEL_LETTERS = "aeiouàèéìíòóùú"
_PLAIN = str.maketrans("àèéìíòóùú", "aeeiioouu")


def _phrase(words: list[str]) -> list[str]:
    found = []
    for word in words:
        pieces = re.split("['’]", word)
        found.append("".join(_word(piece) for piece in pieces if piece))
    return found


def _word(word: str) -> str:
    segments = _segments(word)
    nuclei = [i for i, (kind, *_) in enumerate(segments) if kind == "v"]
    if not nuclei:
        return "".join(s[1] for s in segments)
    main = _stress(word, segments, nuclei)
    parts = []
    for i, (kind, sound, letter) in enumerate(segments):
        if kind == "c":
            parts.append(sound)
            continue
        first = i == nuclei[0] and main >= 0 and nuclei.index(main) >= 2
        mark = "ˈ" if i == main else "ˌ" if first else ""
        if i == main:
            sound = _quality(word, letter, sound, segments, i)  # noqa: PLW2901
        parts.append(mark + sound)
    return "".join(parts)


def _stress(word: str, segments: list[tuple[str, str, str]], nuclei: list[int]) -> int:
    """Index of the stressed segment; −1 for none."""
    for i in nuclei:
        if segments[i][2] in "àèéìíòóùú":
            return i
    if word in _UNSTRESSED:
        return -1
    if len(nuclei) >= 3 and (word in _EARLY_WORDS or _EARLY.search(word) or _is_early(word)):
        return nuclei[-3]
    return nuclei[-2] if len(nuclei) >= 2 and word[-1] in _VOWEL_LETTERS else nuclei[-1]


def _is_early(word: str) -> bool:
    """Adjectives and nouns in -ico, and verbs of the third person plural in -ono, with what only looks like them."""
    if re.search(r"[^aeiou]ic(?:[oai]|he)$", word):
        return not re.search(r"(?:am|nem|ant|fat|form|mend|pud|ort|caro|viv|d|ves)ic(?:[oai]|he)$", word)
    if word.endswith("ono"):
        return not re.search(r"(?:uono|tono|dono|trono|bandono|sono|nono)$", word) or word.endswith(("tono", "dono"))
    return False


def _quality(word: str, letter: str, sound: str, segments: list[tuple[str, str, str]], index: int) -> str:
    """Open or closed e and o under stress, as Tuscan dictionaries mostly have them."""
    before = segments[index - 1][1] if index else ""
    if letter == "è" or (letter == "e" and (before.endswith("j") or _OPEN_E.search(word))):
        return "ɛ" if not re.search(r"ment[eoi]$|ett[oaie]$|ezz[ae]$|ess[ae]$", word) else "e"
    if letter == "ò" or (
        letter == "o" and (before.endswith("w") or re.search(r"o(?:st|rt|ss|c[oaich]|gli|l[ltc]|tt|nn|pp|pr)", word))
    ):
        return (
            "ɔ"
            if not re.search(r"(?:zion|sion|on)[ei]$|os[oaie]$|or[ei]$|mondo|sotto|molt|ascolt|rosso", word)
            else "o"
        )
    return sound


def _segments(word: str) -> list[tuple[str, str, str]]:
    """Consonants and vowels in order: kind, phonemes, letter."""
    found: list[tuple[str, str, str]] = []
    i = 0
    while i < len(word):
        char = word[i]
        if char in _VOWEL_LETTERS or char == "y":
            following = word[i + 1 : i + 2]
            early = found and found[-1][0] == "v"
            if char in "iuy" and following and following in _VOWEL_LETTERS and not _hiatus(word, i):
                found.append(("c", "w" if char == "u" else "j", char))
            elif char in "iu" and early and found[-1][2] in "aeo" and not _hiatus_after(word, i):
                kind, sound, letter = found[-1]
                both = {"ai": "aj", "ei": "ej", "oi": "oj", "au": "aw", "eu": "ew"}.get(letter + char, sound + char)
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


def _hiatus(word: str, i: int) -> bool:
    """Whether an i or u before a vowel is a syllable of its own: in a last syllable but one (zio, tua, farmacia)."""
    rest = word[i + 1 :]
    if len(rest) == 1 and rest in "aeio" and not any(c in _VOWEL_LETTERS for c in word[:i]):
        return True  # zio, mia, tuo, due
    return (
        bool(
            re.search(
                r"(?:erìa|eria|logia|grafia|nomia|macia|cortesia|allegria|polizia|energia|fantasia|compagnia|malattia|"
                r"economia|democrazia|filosofia|simpatia|bugia|magia|follia|garanzia|pulizia|gelosia|via)$",
                word,
            )
        )
        and len(rest) == 1
    )


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
        between = "ː" if i and word[i - 1] in _VOWEL_LETTERS else ""
        return "ʃ" + between, 3 if mute else 2
    if word[i : i + 3] == "gli" or word[i : i + 3] == "glì":
        mute = word[i + 3 : i + 4] in tuple("aeouàèòù")
        between = "ː" if i and word[i - 1] in _VOWEL_LETTERS else ""
        return "ʎ" + between, 3 if mute else 2
    if word[i : i + 2] == "gn":
        return "ɲ" + ("ː" if i and word[i - 1] in _VOWEL_LETTERS else ""), 2
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
        voiced = (i == 0 and word[:3] not in ("zio", "zia", "zii", "zit", "zuc")) or word.endswith(
            ("izzare", "izzato", "azzurro")
        )
        voiced = voiced or bool(re.search(r"mezz|azzurr|pranz|romanz|zanz|orizzont|ozon", word))
        return ("ʣ" if voiced else "ʦ") + long, 1 + double
    if char == "s" and not double:
        before = word[i - 1 : i]
        if (before in tuple(_VOWEL_LETTERS) and after in tuple(_VOWEL_LETTERS) and i) or after in tuple("bdgvlmnr"):
            return "z", 1
        return "s", 1
    simple = {"h": "", "j": "j", "k": "k", "w": "w", "x": "ks", "y": "j", "ç": "s", "ñ": "ɲ"}
    base = simple.get(char, char if char.isascii() else "")
    if base == "r" and not double and i and word[i - 1] in _VOWEL_LETTERS and after in tuple(_VOWEL_LETTERS):
        base = "ɾ"
    return base + (long if base else ""), 1 + double


def _stressed_i(word: str, j: int) -> bool:
    return word[j] == "ì" or bool(
        re.search(r"(?:logia|magia|bugia|farmacia|energia|nostalgia|strategia)$", word) and j + 2 == len(word)
    )


ITALIAN = Language(_phrase, _LETTERS, names=_NAMES)
