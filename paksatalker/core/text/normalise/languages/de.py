"""German."""

from __future__ import annotations

import re
from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language, word_set

_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
_FEMININE = word_set(
    "stunde minute sekunde woche person frau seite million milliarde rupie krone tonne meile unze nacht stadt straße "
    "familie sache idee frage chance flasche tasse katze blume schule stimme"
)


def _feminine(noun: str) -> bool:
    return noun in _FEMININE or re.search(r"(?:ung|heit|keit|schaft|ion|tät|ik|ur|enz|anz|ie)$", noun) is not None


def _time(hour: int, minute: int, say: Callable[[int, str], str], _half: str) -> str:
    return f"{say(hour, 'm')} Uhr" + (f" {say(minute, '')}" if minute else "")


LANGUAGE = Language(
    tag="de",
    point={".": "Punkt", ",": "Komma"},
    minus="minus",
    plus="plus",
    percent="Prozent",
    permille="Promille",
    month_names=_MONTHS,
    months={name.lower(): n for n, name in enumerate(_MONTHS, 1)}
    | {"jan": 1, "feb": 2, "febr": 2, "apr": 4, "jul": 7, "aug": 8, "sept": 9, "okt": 10, "nov": 11, "dez": 12}
    | {"jänner": 1},
    date=("{day} {month}", "{day} {month} {year}"),
    ordinal_days="r",
    time=_time,
    time_marks=r"(?:\s?Uhr\b)",
    ranges="bis",
    long_decimals=False,
    cardinals={"m": "spellout-cardinal-neuter", "f": "spellout-cardinal-feminine"},
    ordinals={"": "spellout-ordinal", "n": "spellout-ordinal-n", "r": "spellout-ordinal-r", "s": "spellout-ordinal-s"},
    currencies={
        "$": Currency("Dollar", "Dollar", "Cent", "Cent"),
        "US$": Currency("US-Dollar", "US-Dollar", "Cent", "Cent"),
        "€": Currency("Euro", "Euro", "Cent", "Cent"),
        "£": Currency("Pfund", "Pfund", "Penny", "Pence"),
        "¥": Currency("Yen", "Yen"),
        "₹": Currency("Rupie", "Rupien", "Paisa", "Paise"),
        "₿": Currency("Bitcoin", "Bitcoins"),
        "USD": Currency("US-Dollar", "US-Dollar", "Cent", "Cent"),
        "EUR": Currency("Euro", "Euro", "Cent", "Cent"),
        "CHF": Currency("Franken", "Franken", "Rappen", "Rappen"),
        "Fr.": Currency("Franken", "Franken", "Rappen", "Rappen"),
    },
    scales={
        "Tausend": ("tausend", "tausend"), "tausend": ("tausend", "tausend"), "Tsd.": ("tausend", "tausend"),
        "Million": ("Million", "Millionen"), "Millionen": ("Million", "Millionen"), "Mio.": ("Million", "Millionen"),
        "Mio": ("Million", "Millionen"), "Milliarde": ("Milliarde", "Milliarden"),
        "Milliarden": ("Milliarde", "Milliarden"), "Mrd.": ("Milliarde", "Milliarden"),
        "Mrd": ("Milliarde", "Milliarden"), "Billion": ("Billion", "Billionen"), "Billionen": ("Billion", "Billionen"),
        "k": ("tausend", "tausend"), "K": ("tausend", "tausend"),
    },
    cents_named=False,
    number_sign=(r"(?:№|[Nn]r\.|#)", "Nummer"),
    abbreviations={
        "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt", "d.h.": "das heißt",
        "u. a.": "unter anderem",
        "u.a.": "unter anderem", "usw.": "und so weiter", "bzw.": "beziehungsweise", "ca.": "circa",
        "etc.": "et cetera",
        "vgl.": "vergleiche", "evtl.": "eventuell", "ggf.": "gegebenenfalls", "inkl.": "inklusive",
        "exkl.": "exklusive",
        "zzgl.": "zuzüglich", "bspw.": "beispielsweise", "i. d. R.": "in der Regel", "i.d.R.": "in der Regel",
        "o. Ä.": "oder Ähnliches", "u. U.": "unter Umständen", "v. Chr.": "vor Christus", "n. Chr.": "nach Christus",
        "Jh.": "Jahrhundert", "Jhdt.": "Jahrhundert",
        "St.": "Sankt", "Tel.": "Telefon", "Abb.": "Abbildung", "Bd.": "Band", "Kap.": "Kapitel", "S.": "Seite",
        "Abs.": "Absatz", "Art.": "Artikel", "max.": "maximal", "min.": "mindestens", "MwSt.": "Mehrwertsteuer",
        "GmbH": "G M B H", "vs.": "versus", "Str.": "Straße", "sog.": "sogenannt", "bzgl.": "bezüglich",
    },
    titles={
        "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau", "Hrn.": "Herrn", "Dipl.": "Diplom",
        "Ing.": "Ingenieur",
    },
    fractions={
        2: ("halb", "halbe"), 3: ("Drittel", "Drittel"), 4: ("Viertel", "Viertel"), 5: ("Fünftel", "Fünftel"),
        6: ("Sechstel", "Sechstel"), 7: ("Siebtel", "Siebtel"), 8: ("Achtel", "Achtel"), 9: ("Neuntel", "Neuntel"),
        10: ("Zehntel", "Zehntel"),
    },
    half=("", "einhalb"),
    signs={
        "^": "hoch",
        "&": "und", "+": "plus", "=": "gleich", "×": "mal", "x": "mal", "*": "mal", "÷": "geteilt durch",
        "±": "plus minus", "≈": "ungefähr", "~": "ungefähr", "≠": "ungleich", "<": "kleiner als", ">": "größer als",
        "≤": "höchstens", "≥": "mindestens", "√": "Wurzel aus", "∞": "unendlich", "§": "Paragraf", "→": "nach",
        "@": "at", "#": "Hashtag", "²": "hoch zwei", "³": "hoch drei", "%": "Prozent", ":": "zu",
    },
    web={
        ".": "Punkt", "/": "Schrägstrich", "@": "at", "-": "Bindestrich", "_": "Unterstrich", ":": "Doppelpunkt",
        "?": "Fragezeichen", "=": "gleich", "&": "und", "#": "Raute", "~": "Tilde", "+": "plus", "%": "Prozent",
    },
    degrees=("Grad", "Grad"),
    ordinal_endings=(r"(?:\.(?=\s(?:[A-ZÄÖÜ]|[a-zäöü]+(?:e[nrs]?|ste)\s[A-ZÄÖÜ]))|ten\b|te\b|ter\b|tes\b)", {}),
    roman=r"(?:[Kk]apitel|[Bb]and|[Tt]eil|[Aa]kt|[Ss]zene|[Tt]itel|[Pp]hase|[Tt]yp|Weltkrieg|[Aa]rtikel|[Aa]nhang)",
    kings=r"(?:König|Königin|Papst|Kaiser|Zar|Ludwig|Friedrich|Wilhelm|Heinrich|Karl|Otto|Elisabeth|Georg|Benedikt|Pius|"
    r"Johannes Paul|Leo|Franz|Joseph|Maximilian|Napoleon|Ramses|Alexander|Nikolaus|Peter|Katharina|Friedrich Wilhelm)",
    king=("der {}", 99),
    feminine=_feminine,
    functional=word_set("und oder der die das den dem von zu in im am ist sind"),
    per="pro",
)  # fmt: skip
