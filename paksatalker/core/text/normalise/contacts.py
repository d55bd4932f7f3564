"""Telephone numbers, versions, and other digits that are said one by one."""

from __future__ import annotations

import re

from paksatalker.core.text.normalise.numbers import plain_digits
from paksatalker.core.text.normalise.rules import Rule, Tools, word_before

_GAP = r"[ .\u00a0\u202f-]"
_PHONES = (
    r"\+\d{1,3}(?:[ ./-]?\(?\d{1,5}\)?){2,6}",  # +49 30 1234567, +1 (555) 123-4567
    rf"\(\d{{2,5}}\) ?\d{{2,5}}(?:{_GAP}?\d{{2,6}}){{0,3}}",  # (555) 123-4567
    rf"\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{4}}",
    rf"0\d(?:{_GAP}\d{{2}}){{4}}",  # 06 12 34 56 78
    r"0\d{1,4}[/ -]\d{5,9}",
    rf"9\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}",  # 912 34 56 78
    r"[6-9]\d{2} \d{3} \d{3}(?![ .]?\d)",  # 612 345 678
    r"[6-9]\d{4} \d{5}",  # 98765 43210
    r"\d{3}-\d{4}",
    r"0\d{3}-\d{7}",
    r"\d{4}(?:[ -]\d{4}){2,4}",  # cards
    r"\d{1,5}(?:-\d{1,7}){2,5}",
)
_PHONE = re.compile(rf"(?<![\w.,+/-])(?:{'|'.join(_PHONES)})(?![\w/-]|[.,]\d)")

_NAMED_PHONE = re.compile(
    r"(?i:(?<!\w)(?:tel|tél|phone|telephone|téléphone|telefon|teléfono|telefono|telefone|mobile|mobil|móvil|celular|"
    r"cellulare|handy|fax|whatsapp|फ़ोन|फोन|मोबाइल|فون|موبائل))\.?:? ?"
    r"(?P<phone>\+?\(?\d(?: / |[ \u00a0\u202f()./-]{0,2}\d){4,19})(?![\w%°€$£¥₹]|[.,:/]\d)"
)
_FEWEST_DIGITS = 6


def phones(tools: Tools) -> list[Rule]:
    """Telephone, card and serial numbers."""

    def read(match: re.Match[str]) -> str:
        return telephone(tools, match[0])

    def named(match: re.Match[str]) -> str | None:
        digits = sum(map(str.isdigit, match["phone"]))
        return telephone(tools, match["phone"]) if digits >= _FEWEST_DIGITS else None

    return [Rule(_NAMED_PHONE, named, "phone"), Rule(_PHONE, read)]


def telephone(tools: Tools, text: str) -> str:
    """A telephone number digit by digit (in pairs where the language does so), with commas between its groups."""
    groups = re.findall(r"\d+", plain_digits(text))
    pairs = tools.language.digit_pairs and len("".join(groups)) == 10 and all(len(group) == 2 for group in groups)
    if pairs:
        spoken = [
            tools.numbers.digits(group) if group.startswith("0") else tools.numbers.cardinal(int(group))
            for group in groups
        ]
    else:
        spoken = [tools.numbers.digits(group) for group in groups]
    sign = f"{tools.language.plus} " if text.lstrip().startswith("+") else ""
    return sign + ("، " if tools.language.tag == "ur" else ", ").join(spoken)


def versions(tools: Tools) -> list[Rule]:
    """``v2.0.1``, ``2.0.1``, ``192.168.0.1``."""
    point = tools.language.point["."]

    def read(match: re.Match[str]) -> str:
        parts = [_part(tools, part) for part in plain_digits(match["number"]).split(".")]
        dots = len(parts) == 4 and not match["v"]  # an address of the internet
        words = f" {tools.language.web['.'] if dots else point} ".join(parts)
        named = word_before(match).lower() == tools.language.version.lower()
        return f"{tools.language.version} {words}" if match["v"] and not named else words

    return [
        Rule(re.compile(r"(?<![\w.])(?P<v>[vV])\.?\s?(?P<number>\d+(?:\.\d+)*)(?![\d])"), read),
        Rule(
            re.compile(
                r"(?<![\w.,/-])(?P<v>)(?P<number>\d{1,4}(?:\.\d{1,2}){2,4}|\d{1,3}(?:\.\d{1,3}){3})(?![\w]|\.\d)"
            ),
            read,
        ),
    ]


def _part(tools: Tools, digits: str) -> str:
    leading = digits.startswith("0") and len(digits) > 1
    return tools.numbers.digits(digits) if leading or len(digits) > 4 else tools.numbers.cardinal(int(digits))
