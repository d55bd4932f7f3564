"""Portuguese words that no rule of spelling tells, those of little stress, and which stressed e and o are open."""

from __future__ import annotations

import re

_TABLE = """
e i|a a|as as|à a|às as|o ʊ|os ʊs|que ki|é ɛ|ao W|aos Ws|muito mwˈiŋtʊ|muita mwˈiŋtæ|muitos mwˈiŋtʊs|muitas mwˈiŋtæs
porque poɾəkˈe|para pˌaɾæ|nós nɔz
por por|um ũŋ|ruim xuˈiŋ|foi foɪ|eu eʊ|sou sow|ou ow|gol ɡˈow|site sˈIʧi|sites sˈIʧis|vídeo vˈiʤjʊ
vídeos vˈiʤjʊs|fui fˈuɪ|caiu kaˈiʊ|saiu saˈiʊ|mal mˈW|último ˈulʧimʊ|última ˈulʧimæ|últimos ˈulʧimʊs|últimas ˈulʧimæs
internet ˌiŋteɾənˈɛʧ|marketing mˈarkeʧiŋ|shopping ʃˈɔpiŋ|online ˌoŋlˈIn|show ʃˈow|facebook fˌAsibˈuk|google ɡˈuɡow
da da|das das|na na|nas nas|mas mas|uma ˌumæ|umas ˌumæs|alguma ˌWɡˈumæ|algumas ˌWɡˈumæs|nenhuma nˌeɲˈumæ
pro prʊ|pra pra|lhe ʎi|lhes ʎis|numa nˌumæ|esse ˈesi|até atˌɛ
email imˈAl|software sˈɔftwer|download dawnlˈowʤ|web wˈɛb
"""
#: Pronunciations by spelling.
FIXED: dict[str, str] = {}
for _entry in _TABLE.replace("\n", "|").split("|"):
    if _entry.strip():
        _word, _, _said = _entry.strip().partition(" ")
        FIXED[_word] = _said
#: Words whose stress is a weak one.
WEAK = frozenset(
    "como uma umas uns para pode onde nosso nossa nossos nossas você vocês não minha meu minhas meus vamos era eram "
    "ele eles esse essa este esta isso sobre quando seu sua seus suas pela está estou estava".split()
)

#: Stems whose -ei- before an ending in -a is open.
OPEN_EI = frozenset("idei assemblei platei europei estrei gelei colmei corei odissei epopei hebrei".split())

_CLOSED_E = re.compile(
    r"(?:ezes?|sexta|sexto|termo|terça|preso|presa|peso|perda|esquerda|esquerdo|devo|pedro|sejam|serem|terem|eses?|ez[ao]|esa|exto|teve|desde|edo|eiro|[^l]elo|ele|[^v]elho|elha|eto|eta|esse|[^l]estes?|eço|cabeça|ejo|eja|echa|chega|rede|mesmo|mesma|"
    r"erde|erro|governo|negr[oa]|estrela|seda|espesso|cesto|zelo|pera|prego|emprego|apego|segredo|letra|eixa|eixe|"
    r"seco|seca|beco|medo|perca|cerca|acerto|esteja|trevo)s?$"
)
_OPEN_E = re.compile(
    r"(?:^(?:quer|(?:quis|tiv|estiv|fiz|diss|pud|soub|vi|d|coub|troux)(?:er(?:em|es|mos)?|esse(?:m|s)?))$|^belo|"
    r"castelo|martelo|paralelo|duelo|^apelo|^pele|projeto|objeto|direto|direta|"
    r"completo|completa|concreto|concreta|neto|neta|^reta|^reto|quieto|quieta|^seta|^meta|atleta|afeta|^teto|correto|correta|"
    r"secreto|secreta|discreto|exceto|alfabeto|teste|peste|leste|oeste|nordeste|sudeste|veste|inveja|flecha|velho|velha|perde|"
    r"interessa|mulher|qualquer|talher|^colher|papel|^dez|aspecto|dialeto|poeta|obsoleto|repleto|repleta|^veto|"
    r"dieta|bicicleta|profeta|espeta|interpreta|moeda|queda|celeste|agreste|faroeste|ferro|^espera)s?$"
)
_CLOSED_O = re.compile(
    r"(?:oa|ores|doce|porra|sob|^fossem|^foram|oso|esposa|orto|orpo|orço|orça|osto|(?:^|f)osse|jogo|fogo|toda|todo|lodo|gota|garot[oa]|esgoto|bolo|tijolo|cebola|"
    r"folha|escolha|bolha|rolha|molho|bolso|sopa|novo|povo|ovo|corvo|sobre|dobro|boca|coco|troco|moça|moço|almoço|"
    r"pescoço|poço|hoje|[ts]ora|coro|choro|ouro|orro|orvo|forno|torno|morno|retorno|gosto|rosto|osso|grosso|outro|nojo|"
    r"horto|lobo|globo|bobo|boba|rodo|engodo|polvo|forro|estojo|sogro|sogra)$"
)
#: Endings in -o and -os that are open against the rule.
_OPEN_O = re.compile(
    r"(?:nosso|vosso|posso|logo|modo|foto|voto|moto|solo|polo|copo|foco|bloco|toco|colo|moro|adoro|sonoro|devoto|remoto|"
    r"protocolo|subsolo|provo|aprovo|piloto|topo)s?$"
)
_OPEN_PLURAL = re.compile(
    r"(?:osos|jogos|fogos|olhos|novos|povos|ovos|corpos|postos|opostos|impostos|portos|mortos|ossos|esforços|"
    r"tijolos|fornos|poços|grossos|tortos|caroços|destroços|socorros|reforços)$"
)


def is_open(word: str, letter: str) -> bool:
    """Whether the stressed e or o of a word, without accent and not before m or n, is open.

    Args:
        word: In small letters.
        letter: ``e`` or ``o``.
    """
    if letter == "e":
        if word.endswith("mente"):
            return False
        if _OPEN_E.search(word) or word.removesuffix("es") in ("mulher", "colher"):
            return True
        if re.search(r"(?:e[rz]|eu|e[rz]es)$", word):
            return False
        return not _CLOSED_E.search(word)
    if word in (
        "melhor",
        "maior",
        "menor",
        "pior",
        "redor",
        "suor",
        "voz",
        "melhores",
        "maiores",
        "menores",
        "piores",
        "feroz",
        "veloz",
        "sol",
        "nós",
        "só",
    ):
        return True
    if _OPEN_PLURAL.search(word) or _OPEN_O.search(word):
        return True
    if re.search(r"o[rz]$", word) or _CLOSED_O.search(word.removesuffix("s")):
        return False
    return not re.search(r"[^aeiou]os?$", word) or bool(re.search(r"osa[s]?$|ol$", word))
