"""Abbreviations."""

from __future__ import annotations

import re

from paksatalker.core.text.normalise.rules import Rule, Tools, one_of

_PLACES = {"St.": "Street", "Dr.": "Drive"}  # English; after a name instead of before one
_PAGES = {
    "en": ("page", "pages"), "es": ("página", "páginas"), "fr": ("page", "pages"), "it": ("pagina", "pagine"),
    "pt": ("página", "páginas"),
}  # fmt: skip
_LIST_NUMBER = 6  # characters: what stands before a name at most for a title to be one


def abbreviations(tools: Tools) -> list[Rule]:
    """Rules for titles before names, and for other abbreviations."""
    language = tools.language

    def read(match: re.Match[str]) -> str:
        return _ended(match, language.abbreviations[match[0]])

    def title(match: re.Match[str]) -> str:
        return language.titles[match["title"]]

    rules = []
    if language.titles:
        names = one_of(language.titles)
        pattern = rf"(?<![\w.])(?P<title>{names})(?=\s?[^\W\d_a-zß-öø-ÿ]|\s(?:and|y|et|und|e|o|&)\s)"
        rules.append(Rule(re.compile(pattern), title, "title"))
    if language.tag == "en":
        places = re.compile(r"(?<=[a-z])\s(?P<place>St\.|Dr\.)(?!\w)")
        rules.append(Rule(places, lambda match: _ended(match, _PLACES[match["place"]]), "place"))
    if language.tag in _PAGES:
        page, pages = _PAGES[language.tag]
        pattern = r"(?<![\w.])(?P<page>pp?\.)(?=\s?\d)"
        rules.append(Rule(re.compile(pattern), lambda match: pages if match["page"] == "pp." else page, "page"))
    rules.append(Rule(re.compile(rf"(?<![\w.]){one_of(language.abbreviations)}(?!\w)"), read))
    return rules


def _ended(match: re.Match[str], spoken: str) -> str:
    """What is said, with the full stop of the sentence that the abbreviation ended along with itself."""
    return spoken + "." if match[0].endswith(".") and not match.string[match.end() :].strip("\"'”’»)") else spoken
