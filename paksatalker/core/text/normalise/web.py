"""Addresses: web, e-mail, handles, hashtags and file names."""

from __future__ import annotations

import re
from urllib.parse import unquote

from paksatalker.core.text.normalise.rules import Rule, Tools
from paksatalker.core.text.normalise.tables import word_set

_DOMAINS = (
    "com org net edu gov mil info biz io ai app dev co tv me uk us ca au de fr es it nl eu ch at in jp cn br "
    "ru pk mx pt "
    "ar cl pl se xyz online shop tech cloud store blog site page news"
)
_SHY = word_set("me us in it es at de co se")  # words too: only after www., in a path or after a longer name
_FILES = (
    "js py md txt pdf doc docx xls xlsx ppt pptx png jpg jpeg gif svg mp3 mp4 wav json yaml yml html htm css "
    "exe zip csv "
    "ts rs java cpp toml ini log"
)
_TLD = "|".join(sorted(_DOMAINS.split(), key=lambda d: (-len(d), d)))
_HOST = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,62}})\.)+(?:{_TLD})"
_TAIL = r"(?::\d{1,5})?(?:[/?#][^\s<>\"”’“)\]]*)?"
_URL = re.compile(
    rf"(?<![\w@.])(?:(?P<scheme>(?:https?|ftp)://)(?:[^\s/@]+@)?[^\s/:?#<>\"]+|www\.[A-Za-z0-9.-]+|{_HOST}){_TAIL}",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?<![\w@.+-])(?:mailto:)?([A-Za-z0-9][\w.+%-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24})(?![\w@])"
)
_HANDLE = re.compile(r"(?<![\w@.])@(?P<name>[A-Za-z0-9_](?:[\w.]{0,40}\w)?)")
_HASHTAG = re.compile(r"(?<![\w&#])#(?P<name>[^\W\d_][\w]{0,60})")
_FILE = re.compile(
    rf"(?<![\w.@/])(?P<name>[A-Za-z][\w-]{{0,60}}(?:\.[A-Za-z][\w-]{{0,20}}){{0,3}}\.(?:{'|'.join(_FILES.split())}))(?![\w])"
)
_LONGEST_TAIL = 24  # characters after the host that are worth reading out
_SPELLED = 3  # letters that are always spelled where no vowel is among them
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_WWW = {"hi": "डब्ल्यू डब्ल्यू डब्ल्यू", "ur": "ڈبلیو ڈبلیو ڈبلیو", "es": "uve doble uve doble uve doble"}


def addresses(tools: Tools) -> list[Rule]:
    """Rules for all kinds of addresses."""

    def url(match: re.Match[str]) -> str | None:
        text = match[0][len(match["scheme"] or "") :]
        tail = re.search(r"[.,;:!?…]*$", text)
        kept = text[: len(text) - len(tail[0])] if tail else text
        host = re.split(r"[/?#:]", kept)[0]
        labels = host.lower().split(".")
        bare = not match["scheme"] and labels[0] != "www" and host == kept
        if bare and labels[-1] in _SHY and (len(labels[-2]) < 4 or not host.islower()):
            return None
        rest = unquote(kept[len(host) :]).rstrip("/")
        spoken = spell_address(tools, host.rpartition("@")[2] + (rest if len(rest) <= _LONGEST_TAIL else ""))
        return spoken + (tail[0] if tail else "")

    def mail(match: re.Match[str]) -> str:
        return spell_address(tools, match[1])

    def handle(match: re.Match[str]) -> str:
        return f"{tools.language.web['@']} {spell_address(tools, match['name'])}"

    def hashtag(match: re.Match[str]) -> str:
        name = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|_", " ", match["name"])
        words = [tools.numbers.in_mixture(word) if word.isdigit() else word for word in name.split()]
        return f"{tools.language.signs['#']} {' '.join(words)}"

    def file(match: re.Match[str]) -> str:
        return spell_address(tools, match["name"])

    return [Rule(_MAIL, mail), Rule(_URL, url), Rule(_FILE, file), Rule(_HANDLE, handle), Rule(_HASHTAG, hashtag)]


def spell_address(tools: Tools, text: str) -> str:
    """An address as people dictate it: words as words, the rest by its letters, signs by their names."""
    return " ".join(filter(None, (_said(tools, token) for token in _TOKEN.findall(text))))


def _said(tools: Tools, token: str) -> str:
    if token.isdigit():
        return tools.numbers.in_mixture(token)
    if not token[0].isalpha():
        return tools.language.web.get(token, "")
    if token.lower() == "www":
        return _WWW.get(tools.language.tag, "W W W")
    lower = token.lower()
    if token.isascii() and (len(token) <= 2 or not re.search("[aeiouy]", lower) or lower in _LETTERS):
        return " ".join(token.upper()) if len(token) <= 2 * _SPELLED else token
    return token


_LETTERS = frozenset(
    ("html", "pdf", "faq", "api", "sql", "jpg", "jpeg", "png", "csv", "php", "exe", "ibm", "usa", "uni")
)
