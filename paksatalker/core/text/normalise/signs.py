"""Signs that are said as words: ``&``, ``+``, ``=``, ``<``, ``°``, ``²``; and those that are not said."""

from __future__ import annotations

import re

from paksatalker.core.text.normalise.rules import Rule, Tools

_SILENT = "®™©℠*†‡¶¹"


def powers(tools: Tools) -> list[Rule]:
    """``x^2`` and ``x^3``, whose number is not said; other powers have a sign and a number."""
    say = tools.language.signs
    return [Rule(re.compile(r"(?<=[\w)])\^(?P<power>[23])(?!\w)"), lambda m: say["²" if m["power"] == "2" else "³"])]


def signs(tools: Tools) -> list[Rule]:
    """Rules for single signs, after all others."""
    say = tools.language.signs

    def by_name(match: re.Match[str]) -> str | None:
        return say.get(match[0].strip())

    def letters(match: re.Match[str]) -> str:
        return f"{match[1]} {say['&']} {match[2]}"

    def repeated(match: re.Match[str]) -> str:
        return " ".join([tools.language.plus] * len(match[0]))

    def sole_currency(match: re.Match[str]) -> str:
        return tools.language.currencies[match[0]].many

    symbols = "".join(s for s in tools.language.currencies if len(s) == 1 and not s.isalnum())
    return [
        Rule(re.compile(r"(?<=[\d)%°€$£¥₹])\s?/\s?(?=[^\W\d_])"), lambda _m: tools.language.per),
        Rule(re.compile(r"(?<![\w&])([A-Z]{1,3})&([A-Z]{1,3})(?![\w&])"), letters),
        Rule(re.compile(r"(?<=[A-Za-z])\+{1,3}(?!\w)"), repeated),
        Rule(re.compile(r"(?<=\bC)#(?!\w)|(?<=\bF)#(?!\w)"), lambda _m: "sharp"),
        Rule(re.compile(r"[&×÷±≈≠≤≥√∞§→%٪²³]"), by_name),
        Rule(re.compile(r"(?<=[\w)])\s?[=]\s?(?=[\w(\"'+−-])|(?<=\s)[=](?=\s)"), by_name),
        Rule(re.compile(r"(?<=[\w)])\s?\^\s?(?=[\w(−-])"), by_name),
        Rule(re.compile(r"(?<=[\d)])\s?[x*]\s?(?=[\d(])"), by_name),
        Rule(re.compile(r"(?<![\w+])\+(?=\s?[\w(])|(?<=[\w)])\s?\+\s?(?=[\w(])"), by_name),
        Rule(re.compile(r"[<>](?=\s?[\d$€£-])|(?<=\s)[<>](?=\s)"), by_name),
        Rule(re.compile(r"(?<!\w)~(?=\s?[\d$€£])"), by_name),
        Rule(re.compile(r"(?<=\s)@(?=\s)"), by_name),
        Rule(re.compile(r"(?<=[\w)])\s?−\s?(?=[\w(])"), lambda _m: tools.language.minus),
        Rule(re.compile(rf"(?<!\w)[{re.escape(symbols)}](?!\w)"), sole_currency),
        Rule(re.compile(rf"(?<![^\s(\"'“‘«])([^\W\d_][\w'’-]*)[{re.escape(_SILENT)}]+(?!\w)"), lambda m: m[1]),
        Rule(re.compile(r"(?<![\w/.])[^\W\d_]+(?:/[^\W\d_]+){1,3}(?![\w/.])"), lambda m: m[0].replace("/", " ")),
        Rule(re.compile(r"(?<![\w@./])[^\W_]+(?:_+[^\W_]+)+(?![\w@/])"), lambda m: m[0].replace("_", " ")),
    ]
