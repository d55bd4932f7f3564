"""Spanish."""

from __future__ import annotations

import re
from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language, word_set

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_MASCULINE = word_set(
    "día días mapa mapas planeta planetas poeta poetas atleta atletas artista artistas turista turistas kilo kilos"
)
_FEMININE = word_set(
    "mujer mujeres mano manos madre madres flor flores calle calles clase clases nube nubes tarde tardes parte partes "
    "llave llaves torre torres fuente fuentes serie series imagen imágenes luz luces cruz cruces voz voces sangre nave "
    "naves base bases frase frases leche carne labor labores ley leyes red redes sal"
)


def _feminine(noun: str) -> bool:
    if noun in _MASCULINE or (re.search(r"mas?$", noun) and noun not in ("cama", "camas", "forma", "formas", "firmas")):
        return False
    return (
        noun in _FEMININE
        or re.search(r"(?:a|as|ción|ciones|sión|siones|dad|dades|tud|tudes|noches?|veces|vez)$", noun) is not None
    )


def _time(hour: int, minute: int, say: Callable[[int, str], str], half: str) -> str:
    words = say(hour, "f")
    if minute:
        short = {15: "cuarto", 30: "media"} if 0 < hour <= 12 else {}
        words += f" y {short.get(minute) or say(minute, '')}"
    evening = "de la noche" if 8 <= hour < 12 else "de la tarde"
    return words + {"am": " de la mañana", "pm": f" {evening}"}.get(half, "")


LANGUAGE = Language(
    tag="es",
    point={".": "punto", ",": "coma"},
    minus="menos",
    plus="más",
    percent="por ciento",
    permille="por mil",
    month_names=_MONTHS,
    months={name: n for n, name in enumerate(_MONTHS, 1)}
    | {name[:3]: n for n, name in enumerate(_MONTHS, 1)}
    | {"setiembre": 9, "sept": 9},
    date=("{day} de {month}", "{day} de {month} de {year}"),
    first_of_month="primero",
    time=_time,
    time_marks=r"(?:\s?(?:h|hs|hrs)\b\.?)",
    ranges="a",
    cardinals={"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine"},
    ordinals={
        "": "spellout-ordinal-masculine", "m": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine",
        "r": "spellout-ordinal-masculine-adjective",
    },
    currencies={
        "$": Currency("dólar", "dólares", "centavo", "centavos"),
        "US$": Currency("dólar", "dólares", "centavo", "centavos"),
        "€": Currency("euro", "euros", "céntimo", "céntimos"),
        "£": Currency("libra", "libras", "penique", "peniques"),
        "¥": Currency("yen", "yenes"),
        "₹": Currency("rupia", "rupias", "paisa", "paisas"),
        "R$": Currency("real", "reales", "centavo", "centavos"),
        "₿": Currency("bitcóin", "bitcoines"),
        "USD": Currency("dólar", "dólares", "centavo", "centavos"),
        "EUR": Currency("euro", "euros", "céntimo", "céntimos"),
        "MXN": Currency("peso mexicano", "pesos mexicanos", "centavo", "centavos"),
        "S/": Currency("sol", "soles", "céntimo", "céntimos"),
    },
    scales={
        "mil": ("mil", "mil"), "millón": ("millón", "millones"), "millones": ("millón", "millones"),
        "mill.": ("millón", "millones"), "M": ("millón", "millones"), "MM": ("millón", "millones"),
        "billón": ("billón", "billones"), "billones": ("billón", "billones"), "k": ("mil", "mil"), "K": ("mil", "mil"),
    },
    scale_of=" de ",
    cents_join=" con ",
    number_sign=(r"(?:№|[Nn]\.?[º°]|[Nn]úm\.|[Nn]ro\.|#)", "número"),
    abbreviations={
        "p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "etc.": "etcétera", "vs.": "versus",
        "aprox.": "aproximadamente",
        "Ud.": "usted", "Uds.": "ustedes", "Vd.": "usted", "EE. UU.": "Estados Unidos", "EE.UU.": "Estados Unidos",
        "EEUU": "Estados Unidos", "pág.": "página", "págs.": "páginas", "cap.": "capítulo", "art.": "artículo",
        "tel.": "teléfono", "Tel.": "teléfono", "avda.": "avenida", "Avda.": "Avenida", "Av.": "Avenida",
        "C/": "Calle", "c/": "calle", "d. C.": "después de Cristo", "a. C.": "antes de Cristo", "S.A.": "S A",
        "S. A.": "S A",
        "dpto.": "departamento", "máx.": "máximo", "mín.": "mínimo", "ca.": "circa", "Cía.": "Compañía",
        "min.": "minutos", "seg.": "segundos", "ONU": "ONU",
    },
    titles={
        "Dr.": "Doctor", "Dra.": "Doctora", "Sr.": "Señor", "Sra.": "Señora", "Srta.": "Señorita", "Sres.": "Señores",
        "Prof.": "Profesor", "Profa.": "Profesora", "D.": "Don", "Dña.": "Doña", "Lic.": "Licenciado",
        "Ing.": "Ingeniero", "Sto.": "Santo", "Sta.": "Santa", "Gral.": "General", "Arq.": "Arquitecto",
    },
    fractions={
        2: ("medio", "medios"), 3: ("tercio", "tercios"), 4: ("cuarto", "cuartos"), 5: ("quinto", "quintos"),
        6: ("sexto", "sextos"), 7: ("séptimo", "séptimos"), 8: ("octavo", "octavos"), 9: ("noveno", "novenos"),
        10: ("décimo", "décimos"),
    },
    half=("y", "medio"),
    signs={
        "^": "elevado a",
        "&": "y", "+": "más", "=": "igual a", "×": "por", "x": "por", "*": "por", "÷": "dividido por",
        "±": "más menos", "≈": "aproximadamente", "~": "aproximadamente", "≠": "distinto de", "<": "menor que",
        ">": "mayor que", "≤": "menor o igual que", "≥": "mayor o igual que", "√": "raíz cuadrada de", "∞": "infinito",
        "§": "sección", "→": "a", "@": "arroba", "#": "hashtag", "²": "al cuadrado", "³": "al cubo",
        "%": "por ciento", ":": "a",
    },
    web={
        ".": "punto", "/": "barra", "@": "arroba", "-": "guion", "_": "guion bajo", ":": "dos puntos",
        "?": "interrogación", "=": "igual", "&": "y", "#": "almohadilla", "~": "virgulilla", "+": "más",
        "%": "por ciento",
    },
    degrees=("grado", "grados"),
    units={"kilogram": ("kilogramo", "kilogramos")},
    ordinal_endings=(r"(?:\.?[ºª°]|\.?er|\.?[oa](?![\w]))", {"ª": "f", "a": "f", "r": "r"}),
    roman=r"(?:[Cc]apítulo|[Tt]omo|[Vv]olumen|[Ss]iglos?|[Pp]arte|[Aa]cto|[Ee]scena|[Tt]ítulo|[Ff]ase|[Tt]ipo|"
    r"Guerra Mundial|[Aa]rtículo|[Ss]ección|[Aa]nexo)",
    kings=r"(?:[Rr]ey|[Rr]eina|[Pp]apa|Felipe|Carlos|Alfonso|Fernando|Isabel|Luis|Enrique|Jorge|Juan Carlos|Juan|"
    r"Juan Pablo|Pablo|Benedicto|Pío|León|Gregorio|Francisco|Pedro|Napoleón|Ramsés|Alejandro|Guillermo|Leopoldo)",
    king=("{}", 10),
    feminine=_feminine,
    functional=word_set("de del y o a en es que por para con se la el los las al un una no su"),
    version="versión",
    per="por",
    feminine_half="media",
)  # fmt: skip
