"""English."""

from __future__ import annotations

from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _time(hour: int, minute: int, say: Callable[[int, str], str], half: str) -> str:
    tail = {"am": " a.m.", "pm": " p.m."}.get(half, "")
    if minute == 0:
        return say(hour, "") + (tail or (" hundred hours" if hour > 12 or hour == 0 else " o'clock"))
    return f"{say(hour, '')} {'oh ' if minute < 10 else ''}{say(minute, '')}{tail}"


LANGUAGE = Language(
    tag="en",
    point={".": "point", ",": "point"},
    minus="minus",
    plus="plus",
    percent="percent",
    permille="per mille",
    month_names=_MONTHS,
    months={name.lower(): n for n, name in enumerate(_MONTHS, 1)}
    | {name[:3].lower(): n for n, name in enumerate(_MONTHS, 1)}
    | {"sept": 9},
    date=("{month} {day}", "{month} {day}, {year}"),
    day_first=False,
    ordinal_days="",
    time=_time,
    time_marks=r"(?:\s?o'clock\b)",
    ranges="to",
    comma_decimals=False,
    long_decimals=False,
    ordinals={"": "spellout-ordinal"},
    currencies={
        "$": Currency("dollar", "dollars", "cent", "cents"),
        "US$": Currency("US dollar", "US dollars", "cent", "cents"),
        "A$": Currency("Australian dollar", "Australian dollars", "cent", "cents"),
        "C$": Currency("Canadian dollar", "Canadian dollars", "cent", "cents"),
        "€": Currency("euro", "euros", "cent", "cents"),
        "£": Currency("pound", "pounds", "penny", "pence"),
        "¥": Currency("yen", "yen"),
        "₹": Currency("rupee", "rupees", "paisa", "paise"),
        "Rs": Currency("rupee", "rupees", "paisa", "paise"),
        "R$": Currency("real", "reais", "centavo", "centavos"),
        "₩": Currency("won", "won"),
        "₽": Currency("ruble", "rubles", "kopeck", "kopecks"),
        "₺": Currency("lira", "lira", "kurush", "kurush"),
        "₿": Currency("bitcoin", "bitcoins"),
        "USD": Currency("US dollar", "US dollars", "cent", "cents"),
        "EUR": Currency("euro", "euros", "cent", "cents"),
        "GBP": Currency("pound", "pounds", "penny", "pence"),
        "INR": Currency("rupee", "rupees", "paisa", "paise"),
        "PKR": Currency("rupee", "rupees", "paisa", "paise"),
        "CHF": Currency("Swiss franc", "Swiss francs", "centime", "centimes"),
    },
    scales={
        "hundred": ("hundred", "hundred"), "thousand": ("thousand", "thousand"), "million": ("million", "million"),
        "billion": ("billion", "billion"), "trillion": ("trillion", "trillion"), "lakh": ("lakh", "lakh"),
        "crore": ("crore", "crore"), "k": ("thousand", "thousand"), "K": ("thousand", "thousand"),
        "m": ("million", "million"), "M": ("million", "million"), "mn": ("million", "million"),
        "bn": ("billion", "billion"), "B": ("billion", "billion"), "b": ("billion", "billion"),
        "tn": ("trillion", "trillion"), "T": ("trillion", "trillion"),
    },
    cents_join=" and ",
    number_sign=(r"(?:№|[Nn]o\.|[Nn]r\.|n\.?[º°]|#)", "number"),
    abbreviations={
        "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "vs": "versus",
        "approx.": "approximately", "Jr.": "Junior", "Sr.": "Senior", "Inc.": "Incorporated", "Ltd.": "Limited",
        "Corp.": "Corporation", "dept.": "department", "Dept.": "Department", "Ave.": "Avenue", "Blvd.": "Boulevard",
        "Rd.": "Road", "w/": "with", "w/o": "without", "a.k.a.": "also known as", "aka": "also known as",
        "Ph.D.": "P H D", "PhD": "P H D", "et al.": "et al", "cf.": "compare", "ca.": "circa", "ASAP": "A S A P",
        "Mon.": "Monday", "Tue.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday", "Fri.": "Friday", "OK": "okay",
        "govt.": "government", "Govt.": "Government", "U.S.": "U S", "U.K.": "U K", "U.S.A.": "U S A", "D.C.": "D C",
        "E.U.": "E U", "U.N.": "U N", "P.S.": "P S", "www": "W W W", "R.I.P.": "R I P",
    },
    titles={
        "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missis", "Ms.": "Miz", "Prof.": "Professor", "St.": "Saint",
        "Gen.": "General", "Gov.": "Governor", "Sen.": "Senator", "Rep.": "Representative", "Capt.": "Captain",
        "Lt.": "Lieutenant", "Col.": "Colonel", "Sgt.": "Sergeant", "Rev.": "Reverend", "Hon.": "Honorable",
        "Pres.": "President", "Mt.": "Mount", "Ft.": "Fort", "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missis",
        "Ms": "Miz", "Prof": "Professor", "Messrs.": "Messieurs", "Fr.": "Father",
    },
    fractions={
        2: ("half", "halves"), 3: ("third", "thirds"), 4: ("quarter", "quarters"), 5: ("fifth", "fifths"),
        6: ("sixth", "sixths"), 7: ("seventh", "sevenths"), 8: ("eighth", "eighths"), 9: ("ninth", "ninths"),
        10: ("tenth", "tenths"), 16: ("sixteenth", "sixteenths"),
    },
    half=("and", "a half"),
    signs={
        "^": "to the",
        "&": "and", "+": "plus", "=": "equals", "×": "times", "x": "by", "*": "times", "÷": "divided by",
        "±": "plus or minus", "≈": "about", "~": "about", "≠": "is not equal to", "<": "less than", ">": "greater than",
        "≤": "at most", "≥": "at least", "√": "square root of", "∞": "infinity", "§": "section", "→": "to", "@": "at",
        "#": "hashtag", "²": "squared", "³": "cubed", "%": "percent", ":": "to",
    },
    web={
        ".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark",
        "=": "equals", "&": "and", "#": "hash", "~": "tilde", "+": "plus", "%": "percent",
    },
    degrees=("degree", "degrees"),
    units={"celsius": ("degree Celsius", "degrees Celsius")},
    ordinal_endings=(r"(?:st|nd|rd|th)", {}),
    roman=r"(?:Chapter|chapter|Part|part|Volume|Book|Act|Scene|Section|Article|Appendix|Phase|Type|Grade|Level|Stage|"
    r"World War|Super Bowl|Title|Class|Episode|Rocky|Final Fantasy|Elizabeth Line|Canto|Tier|Mark|Schedule)",
    kings=r"(?:King|Queen|Pope|Henry|Louis|George|Charles|Edward|Elizabeth|Richard|James|William|Philip|Catherine|"
    r"Peter|Nicholas|Alexander|Frederick|Francis|Leo|Pius|Gregory|Benedict|Clement|Innocent|John Paul|Paul|John|"
    r"Victoria|Mary|Napoleon|Wilhelm|Otto|Ramesses|Rameses|Ptolemy|Cleopatra|Darius|Xerxes|Mehmed|Selim|Albert|"
    r"Leopold|Ferdinand|Alfonso|Juan Carlos|Felipe|Harald|Gustav|Margaret|Robert|David|Constantine|Urban|Sixtus)",
    king=("the {}", 99),
    decades=True,
)  # fmt: skip
