"""Portuguese, as in Brazil."""

from __future__ import annotations

import re
from collections.abc import Callable

from paksatalker.core.text.normalise.tables import Currency, Language, word_set

_MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip
_MASCULINE = word_set("dia dias mapa mapas planeta planetas poeta poetas grama gramas quilograma quilogramas")
_FEMININE = word_set(
    "mão mãos flor flores cor cores parte partes tarde tardes classe classes mãe mães irmã irmãs maçã maçãs nave naves "
    "série séries luz luzes voz vozes cruz cruzes lei leis rede redes chave chaves base bases frase frases torre torres"
)


def _feminine(noun: str) -> bool:
    if noun in _MASCULINE or (re.search(r"[eêo]mas?$|amas?$", noun) and noun not in ("cama", "camas")):
        return False
    return (
        noun in _FEMININE
        or re.search(r"(?:as?|ção|ções|são|sões|dades?|gem|gens|noites?|vez|vezes|mulher|mulheres)$", noun) is not None
    )


def _time(hour: int, minute: int, say: Callable[[int, str], str], half: str) -> str:
    tail = {"am": " da manhã", "pm": " da noite" if 7 <= hour < 12 else " da tarde"}.get(half, "")
    if not minute:
        return f"{say(hour, 'f')} hora{'s' if hour != 1 else ''}{tail}"
    return f"{say(hour, 'f')} e {'meia' if minute == 30 and 0 < hour <= 12 else say(minute, 'm')}{tail}"


LANGUAGE = Language(
    tag="pt",
    point={".": "ponto", ",": "vírgula"},
    minus="menos",
    plus="mais",
    percent="por cento",
    permille="por mil",
    month_names=_MONTHS,
    months={name: n for n, name in enumerate(_MONTHS, 1)} | {name[:3]: n for n, name in enumerate(_MONTHS, 1)},
    date=("{day} de {month}", "{day} de {month} de {year}"),
    first_of_month="primeiro",
    time=_time,
    time_marks=r"(?:\s?(?:h|hs|horas?)\b)",
    ranges="a",
    cardinals={"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine"},
    ordinals={"": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine"},
    currencies={
        "$": Currency("dólar", "dólares", "centavo", "centavos"),
        "US$": Currency("dólar", "dólares", "centavo", "centavos"),
        "R$": Currency("real", "reais", "centavo", "centavos"),
        "€": Currency("euro", "euros", "cêntimo", "cêntimos"),
        "£": Currency("libra", "libras", "pêni", "pence"),
        "¥": Currency("iene", "ienes"),
        "₹": Currency("rupia", "rupias", "paisa", "paisas"),
        "₿": Currency("bitcoin", "bitcoins"),
        "USD": Currency("dólar", "dólares", "centavo", "centavos"),
        "BRL": Currency("real", "reais", "centavo", "centavos"),
        "EUR": Currency("euro", "euros", "cêntimo", "cêntimos"),
    },
    scales={
        "mil": ("mil", "mil"), "milhão": ("milhão", "milhões"), "milhões": ("milhão", "milhões"),
        "mi": ("milhão", "milhões"), "M": ("milhão", "milhões"), "bilhão": ("bilhão", "bilhões"),
        "bilhões": ("bilhão", "bilhões"), "bi": ("bilhão", "bilhões"), "mil milhões": ("mil milhões", "mil milhões"),
        "k": ("mil", "mil"), "K": ("mil", "mil"), "trilhões": ("trilhão", "trilhões"),
        "trilhão": ("trilhão", "trilhões"),
    },
    scale_of=" de ",
    cents_join=" e ",
    number_sign=(r"(?:№|[Nn]\.?[º°]|[Nn]úm\.|#)", "número"),
    abbreviations={
        "p. ex.": "por exemplo", "p.ex.": "por exemplo", "etc.": "et cetera", "vs.": "versus",
        "aprox.": "aproximadamente",
        "pág.": "página", "págs.": "páginas", "cap.": "capítulo", "art.": "artigo", "tel.": "telefone",
        "Tel.": "telefone", "séc.": "século", "Séc.": "Século",
        "Av.": "Avenida", "av.": "avenida", "R.": "Rua", "EUA": "Estados Unidos",
        "a.C.": "antes de Cristo", "d.C.": "depois de Cristo", "S.A.": "S A", "Ltda.": "Limitada", "máx.": "máximo",
        "mín.": "mínimo", "obs.": "observação", "Cia.": "Companhia", "ex.": "exemplo", "depto.": "departamento",
    },
    titles={
        "Dr.": "Doutor", "Dra.": "Doutora", "Sr.": "Senhor", "Sra.": "Senhora", "Srta.": "Senhorita",
        "Prof.": "Professor",
        "Profa.": "Professora", "Profª": "Professora", "Eng.": "Engenheiro", "D.": "Dom", "Sto.": "Santo",
        "Sta.": "Santa", "Exmo.": "Excelentíssimo", "Gen.": "General",
    },
    fractions={
        2: ("meio", "meios"), 3: ("terço", "terços"), 4: ("quarto", "quartos"), 5: ("quinto", "quintos"),
        6: ("sexto", "sextos"), 7: ("sétimo", "sétimos"), 8: ("oitavo", "oitavos"), 9: ("nono", "nonos"),
        10: ("décimo", "décimos"),
    },
    half=("e", "meio"),
    signs={
        "^": "elevado a",
        "&": "e", "+": "mais", "=": "igual a", "×": "vezes", "x": "por", "*": "vezes", "÷": "dividido por",
        "±": "mais ou menos", "≈": "aproximadamente", "~": "aproximadamente", "≠": "diferente de", "<": "menor que",
        ">": "maior que", "≤": "menor ou igual a", "≥": "maior ou igual a", "√": "raiz quadrada de", "∞": "infinito",
        "§": "parágrafo", "→": "para", "@": "arroba", "#": "hashtag", "²": "ao quadrado", "³": "ao cubo",
        "%": "por cento", ":": "a",
    },
    web={
        ".": "ponto", "/": "barra", "@": "arroba", "-": "hífen", "_": "sublinhado", ":": "dois pontos",
        "?": "interrogação", "=": "igual", "&": "e", "#": "cerquilha", "~": "til", "+": "mais", "%": "por cento",
    },
    degrees=("grau", "graus"),
    ordinal_endings=(r"(?:\.?[ºª°]|\.?[oa](?![\w]))", {"ª": "f", "a": "f"}),
    roman=r"(?:[Cc]apítulo|[Tt]omo|[Vv]olume|[Ss]éculos?|[Ss]éc\.|[Pp]arte|[Aa]to|[Cc]ena|[Tt]ítulo|[Ff]ase|[Tt]ipo|"
    r"Guerra Mundial|[Aa]rtigo|[Ss]eção|[Aa]nexo)",
    roman_ordinal=r"(?:[Ss]éculos?|[Ss]éc\.)",
    kings=r"(?:[Rr]ei|[Rr]ainha|[Pp]apa|João Paulo|Dom João|Dom Pedro|João|Pedro|Manuel|Filipe|Carlos|Luís|"
    r"Henrique|Jorge|"
    r"Bento|Pio|Leão|Gregório|Francisco|Napoleão|Ramsés|Alexandre|Guilherme|Elizabeth|Isabel|Afonso|Sancho|José)",
    king=("{}", 10),
    feminine=_feminine,
    functional=word_set("de do da e ou a o em é que por para com se os as um uma ao não"),
    version="versão",
    per="por",
    feminine_half="meia",
)  # fmt: skip
