"""Italian."""

from __future__ import annotations

import re
from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language, word_set

_MONTHS = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
    "novembre", "dicembre",
)  # fmt: skip


def _feminine(noun: str) -> bool:
    if re.search(r"(?:[eo]ma|ista)$", noun):
        return False
    return re.search(r"(?:a|zione|sione|gione|tà|tù|tudine|notte|volte)$", noun) is not None


def _time(hour: int, minute: int, say: Callable[[int, str], str], half: str) -> str:
    words = "una" if hour == 1 else say(hour, "")
    tail = {"am": " del mattino", "pm": " di sera" if 7 <= hour < 12 else " del pomeriggio"}.get(half, "")
    if not minute:
        return words + tail
    short = {15: "un quarto", 30: "mezza"} if 0 < hour <= 12 else {}
    return f"{words} e {short.get(minute) or say(minute, '')}{tail}"


LANGUAGE = Language(
    tag="it",
    point={".": "punto", ",": "virgola"},
    minus="meno",
    plus="più",
    percent="per cento",
    permille="per mille",
    month_names=_MONTHS,
    months={name: n for n, name in enumerate(_MONTHS, 1)} | {name[:3]: n for n, name in enumerate(_MONTHS, 1)},
    date=("{day} {month}", "{day} {month} {year}"),
    first_of_month="primo",
    time=_time,
    ranges="a",
    cardinals={"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine"},
    ordinals={"": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine"},
    currencies={
        "$": Currency("dollaro", "dollari", "centesimo", "centesimi"),
        "US$": Currency("dollaro", "dollari", "centesimo", "centesimi"),
        "€": Currency("euro", "euro", "centesimo", "centesimi"),
        "£": Currency("sterlina", "sterline", "penny", "pence"),
        "¥": Currency("yen", "yen"),
        "₹": Currency("rupia", "rupie", "paisa", "paise"),
        "₿": Currency("bitcoin", "bitcoin"),
        "USD": Currency("dollaro", "dollari", "centesimo", "centesimi"),
        "EUR": Currency("euro", "euro", "centesimo", "centesimi"),
        "CHF": Currency("franco svizzero", "franchi svizzeri", "centesimo", "centesimi"),
    },
    scales={
        "mila": ("mila", "mila"), "milione": ("milione", "milioni"), "milioni": ("milione", "milioni"),
        "mln": ("milione", "milioni"), "Mln": ("milione", "milioni"), "M": ("milione", "milioni"),
        "miliardo": ("miliardo", "miliardi"), "miliardi": ("miliardo", "miliardi"), "mld": ("miliardo", "miliardi"),
        "k": ("mila", "mila"), "K": ("mila", "mila"),
    },
    scale_of=" di ",
    cents_join=" e ",
    cents_named=False,
    number_sign=(r"(?:№|[Nn]\.?[º°]|[Nn]\.(?=\s?\d)|[Nn]um\.|#)", "numero"),
    abbreviations={
        "ad es.": "ad esempio", "p. es.": "per esempio", "p.es.": "per esempio", "es.": "esempio", "ecc.": "eccetera",
        "etc.": "eccetera", "ca.": "circa", "pag.": "pagina", "pagg.": "pagine", "cap.": "capitolo", "art.": "articolo",
        "tel.": "telefono", "Tel.": "telefono", "v.le": "viale", "V.le": "Viale", "p.zza": "piazza", "P.zza": "Piazza",
        "a.C.": "avanti Cristo", "d.C.": "dopo Cristo", "S.p.A.": "società per azioni", "max.": "massimo",
        "min.": "minimo", "vs.": "versus", "fig.": "figura", "c.so": "corso", "C.so": "Corso", "n.b.": "nota bene",
        "USA": "USA", "S.r.l.": "società a responsabilità limitata",
    },
    titles={
        "Dott.": "Dottor", "dott.": "dottor", "Dott.ssa": "Dottoressa", "dott.ssa": "dottoressa", "Dr.": "Dottor",
        "Sig.": "Signor", "sig.": "signor", "Sig.ra": "Signora", "sig.ra": "signora", "Sig.na": "Signorina",
        "Prof.": "Professor", "prof.": "professor", "Prof.ssa": "Professoressa", "prof.ssa": "professoressa",
        "Ing.": "Ingegner", "ing.": "ingegner", "Avv.": "Avvocato", "avv.": "avvocato", "On.": "Onorevole",
        "S.": "San", "Sigg.": "Signori", "Geom.": "Geometra",
    },
    fractions={
        2: ("mezzo", "mezzi"), 3: ("terzo", "terzi"), 4: ("quarto", "quarti"), 5: ("quinto", "quinti"),
        6: ("sesto", "sesti"), 7: ("settimo", "settimi"), 8: ("ottavo", "ottavi"), 9: ("nono", "noni"),
        10: ("decimo", "decimi"),
    },
    half=("e", "mezzo"),
    signs={
        "^": "alla",
        "&": "e", "+": "più", "=": "uguale", "×": "per", "x": "per", "*": "per", "÷": "diviso",
        "±": "più o meno", "≈": "circa", "~": "circa", "≠": "diverso da", "<": "minore di", ">": "maggiore di",
        "≤": "minore o uguale a", "≥": "maggiore o uguale a", "√": "radice quadrata di", "∞": "infinito",
        "§": "paragrafo", "→": "a", "@": "chiocciola", "#": "hashtag", "²": "al quadrato", "³": "al cubo",
        "%": "per cento", ":": "a",
    },
    web={
        ".": "punto", "/": "barra", "@": "chiocciola", "-": "trattino", "_": "trattino basso", ":": "due punti",
        "?": "punto interrogativo", "=": "uguale", "&": "e", "#": "cancelletto", "~": "tilde", "+": "più",
        "%": "per cento",
    },
    degrees=("grado", "gradi"),
    units={"kilometer-per-hour": ("chilometro all'ora", "chilometri all'ora")},
    ordinal_endings=(r"(?:\.?[ºª°])", {"ª": "f"}),
    roman=r"(?:[Cc]apitolo|[Tt]omo|[Vv]olume|[Pp]arte|[Aa]tto|[Ss]cena|[Tt]itolo|[Ff]ase|[Tt]ipo|Guerra [Mm]ondiale|"
    r"[Aa]rticolo|[Ss]ezione|[Aa]llegato)",
    roman_followed=(r"\s(?:secolo|secoli|capitolo)\b", ""),
    kings=r"(?:[Rr]e|[Rr]egina|[Pp]apa|Luigi|Enrico|Carlo|Carlo Alberto|Vittorio Emanuele|Umberto|Giovanni Paolo|Paolo|"
    r"Benedetto|Pio|Leone|Gregorio|Giorgio|Elisabetta|Filippo|Napoleone|Ramses|Alessandro|Guglielmo|Federico|Giovanni|"
    r"Clemente|Innocenzo|Bonifacio|Urbano|Sisto|Giulio)",
    feminine=_feminine,
    functional=word_set("di del della e o a in è che per con si la il lo i gli le al un una"),
    version="versione",
    per="al",
    feminine_half="mezza",
)  # fmt: skip
