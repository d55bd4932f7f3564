"""French."""

from __future__ import annotations

import re
from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language, word_set

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_FEMININE = word_set(
    "heure heures minute minutes seconde secondes fois personne personnes femme femmes fille filles année années page "
    "pages livre livres roupie roupies couronne couronnes semaine semaines journée nuit nuits tonne tonnes once onces "
    "calorie calories tasse tasses table tables voiture voitures place places partie parties ville villes chambre "
    "chambres école écoles rue rues chose choses maison maisons lettre lettres ligne lignes mère mères sœur sœurs "
    "amie amies étoile étoiles plante plantes pièce pièces pomme pommes carte cartes porte portes image images langue "
    "langues feuille feuilles photo photos vidéo vidéos fleur fleurs couleur couleurs victoire victoires bouteille "
    "bouteilles équipe équipes entreprise entreprises dame dames chaise chaises marche marches étape étapes"
)


def _feminine(noun: str) -> bool:
    return noun in _FEMININE or re.search(r"(?:tion|sion|té|ette|ance|ence|esse|aison|itude)s?$", noun) is not None


def _time(hour: int, minute: int, say: Callable[[int, str], str], _half: str) -> str:
    words = f"{say(hour, 'f')} heure{'s' if hour > 1 else ''}"
    return f"{words} {say(minute, 'f')}" if minute else words


LANGUAGE = Language(
    tag="fr",
    point={".": "point", ",": "virgule"},
    minus="moins",
    plus="plus",
    percent="pour cent",
    permille="pour mille",
    month_names=_MONTHS,
    months={name: n for n, name in enumerate(_MONTHS, 1)}
    | {"janv": 1, "févr": 2, "fév": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "déc": 12},
    date=("{day} {month}", "{day} {month} {year}"),
    first_of_month="premier",
    time=_time,
    time_marks=r"(?:\s?heures?\b)",
    ranges="à",
    cardinals={"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine"},
    ordinals={"": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine"},
    currencies={
        "$": Currency("dollar", "dollars", "cent", "cents"),
        "US$": Currency("dollar", "dollars", "cent", "cents"),
        "$ CA": Currency("dollar canadien", "dollars canadiens", "cent", "cents"),
        "€": Currency("euro", "euros", "centime", "centimes"),
        "£": Currency("livre", "livres", "penny", "pence"),
        "¥": Currency("yen", "yens"),
        "₹": Currency("roupie", "roupies", "paisa", "paisas"),
        "₿": Currency("bitcoin", "bitcoins"),
        "USD": Currency("dollar", "dollars", "cent", "cents"),
        "EUR": Currency("euro", "euros", "centime", "centimes"),
        "CHF": Currency("franc suisse", "francs suisses", "centime", "centimes"),
    },
    scales={
        "mille": ("mille", "mille"), "million": ("million", "millions"), "millions": ("million", "millions"),
        "milliard": ("milliard", "milliards"), "milliards": ("milliard", "milliards"), "k": ("mille", "mille"),
        "M": ("million", "millions"), "Md": ("milliard", "milliards"), "Mds": ("milliard", "milliards"),
    },
    scale_of=" de ",
    cents_named=False,
    number_sign=(r"(?:№|[Nn][º°]|[Nn]o\.|[Nn]um\.|#)", "numéro"),
    abbreviations={
        "etc.": "et cetera", "p. ex.": "par exemple", "p.ex.": "par exemple", "c.-à-d.": "c'est-à-dire",
        "env.": "environ", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ", "bd": "boulevard",
        "Bd": "Boulevard", "bd.": "boulevard", "av.": "avenue", "tél.": "téléphone", "Tél.": "téléphone",
        "max.": "maximum",
        "min.": "minimum", "svp": "s'il vous plaît", "SVP": "s'il vous plaît", "cf.": "confer", "vs": "versus",
        "M": "M", "Cie": "Compagnie", "St": "Saint", "Ste": "Sainte", "chap.": "chapitre", "art.": "article",
    },
    titles={
        "M.": "Monsieur", "Mme": "Madame", "Mmes": "Mesdames", "Mlle": "Mademoiselle", "MM.": "Messieurs",
        "Dr": "Docteur", "Dr.": "Docteur", "Pr": "Professeur", "Pr.": "Professeur", "Me": "Maître",
        "Mgr": "Monseigneur",
    },
    fractions={
        2: ("demi", "demis"), 3: ("tiers", "tiers"), 4: ("quart", "quarts"), 5: ("cinquième", "cinquièmes"),
        6: ("sixième", "sixièmes"), 7: ("septième", "septièmes"), 8: ("huitième", "huitièmes"),
        9: ("neuvième", "neuvièmes"), 10: ("dixième", "dixièmes"),
    },
    half=("et", "demi"),
    signs={
        "^": "puissance",
        "&": "et", "+": "plus", "=": "égale", "×": "fois", "x": "par", "*": "fois", "÷": "divisé par",
        "±": "plus ou moins", "≈": "environ", "~": "environ", "≠": "différent de", "<": "inférieur à",
        ">": "supérieur à", "≤": "inférieur ou égal à", "≥": "supérieur ou égal à", "√": "racine carrée de",
        "∞": "infini", "§": "paragraphe", "→": "vers", "@": "arobase", "#": "hashtag", "²": "au carré", "³": "au cube",
        "%": "pour cent", ":": "contre",
    },
    web={
        ".": "point", "/": "slash", "@": "arobase", "-": "tiret", "_": "tiret bas", ":": "deux-points",
        "?": "point d'interrogation", "=": "égale", "&": "et", "#": "dièse", "~": "tilde", "+": "plus",
        "%": "pour cent",
    },
    degrees=("degré", "degrés"),
    units={
        "kilogram": ("kilogramme", "kilogrammes"), "celsius": ("degré Celsius", "degrés Celsius"),
        "fahrenheit": ("degré Fahrenheit", "degrés Fahrenheit"),
    },
    ordinal_endings=(r"(?:ère|re|er|ème|eme|nde|nd|e)", {}),
    roman=r"(?:[Cc]hapitre|[Tt]ome|[Vv]olume|[Pp]artie|[Aa]cte|[Ss]cène|[Tt]itre|[Pp]hase|[Tt]ype|[Aa]nnexe|"
    r"Guerre mondiale|[Aa]rticle|[Ss]ection|Louis|Henri|Charles|Philippe|Napoléon|François|Jean-Paul|Benoît|Pie|Léon|"
    r"Élisabeth|Georges|Édouard|Guillaume|Catherine|Pierre|Nicolas|Alexandre|Frédéric|Ramsès|Mohammed|Hassan|Léopold|"
    r"Albert|Baudouin|Grégoire|Clément|Innocent|Jean)",
    roman_followed=(r"\s(?:siècles?|République|arrondissement)\b", ""),
    feminine=_feminine,
    functional=word_set("de d du des et ou à en est que qui par pour avec se la le les au un une"),
    digit_pairs=True,
    per="par",
    feminine_half="demie",
)  # fmt: skip
