"""Makes pasted text readable for a voice: markup, emoji, invisible characters and foreign scripts."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from paksatalker.config.limits import MAX_TEXT_CHARACTERS
from paksatalker.core.text.emoji import EMOJI, face_of
from paksatalker.core.text.scripts import SCRIPT_NAMES, count_scripts, language_name, script_of, scripts_of
from paksatalker.errors import TextEmpty, TextTooLong, TextUnspeakable

# Look-alikes that people paste: full-width forms, mathematical alphabets, ligatures, circled letters.
_COMPATIBLE = re.compile("[\uff01-\uffef\ufb00-\ufb06\u2460-\u24ff\u1d2c-\u1d6a\U0001d400-\U0001d7ff]+")
_KEPT_SYMBOLS = frozenset("°№℃℉™®©")
_NOT_SPACE_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=][-'^]?[)(\]\[dDpPoO/\\|3*]|<3|\^_\^|[xX]D)(?=\s|$|[.,!?])")
# Invisible, but letters between which they stand look otherwise for it.
_JOINER = re.compile("(?<=[\u0600-\u0dff])[\u200c\u200d](?=[\u0600-\u0dff])")
_PART = re.compile(r"[^.!?…।۔؟。！？\n]*[.!?…।۔؟。！？\n]+|[^.!?…।۔؟。！？\n]+")  # about a sentence
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]{1,200}@")
# Repetitions are bounded and spaces are single by then, so that no text takes quadratic time.
_MARKDOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"^[^\S\n]*(?:```|~~~).*$", ""),  # fences
        (r"^[^\S\n]*(?:[-*_]\s*){3,}$", "\n"),  # rules
        (r"^[^\S\n]*\|?(?:\s*:?-{3,}:?\s*\|)+\s*(?::?-{3,}:?)?[^\S\n]*$", ""),  # the rule of a table
        (r"!?\[([^\]\n]{0,400})\]\([^)\s]{0,2000}(?:\s+\"[^\"]{0,400}\")?\)", r"\1"),  # links and pictures
        (r"!?\[([^\]\n]{0,400})\]\[[^\]\n]{0,400}\]", r"\1"),
        (r"\[\^?\d+\]", ""),  # footnote marks
        (r"^ {0,3}#{1,6}[^\S\n]+(.*?)[# ]*$", r"\1\n"),  # headings stand alone
        (r"^[^\S\n]*>+\s?", ""),  # quotations
        (r"^[^\S\n]*(?:[-*+•‣▪–]\s+(?:\[[ xX]\]\s+)?|(?=\d{1,3}[.)]\s))", "\n"),  # list items stand alone too
        (r"(?<!\w)(\*{1,3}|_{2,3}|~~|==)(?=\S)(.{1,400}?)(?<=\S)\1", r"\2"),  # emphasis
        (r"(?<!\w)_(?=\S)([^_\n]{1,400}?)(?<=\S)_(?!\w)", r"\1"),
        (r"`+([^`\n]{1,400})`+", r"\1"),  # code
        (r"^[^\S\n]*\||\|[^\S\n]*$", ""),  # the cells of a table
        (r"[^\S\n]*\|[^\S\n]*", ", "),
        (r"\\([\\`*_{}\[\]()#+.!|-])", r"\1"),  # escapes
    )
)
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]{0,400})?/?>|<!--.{0,4000}?-->", re.DOTALL)
_BLOCK_TAG = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Readable:
    """A text that a voice can read, and one line for everything that was left out of it."""

    text: str
    warnings: tuple[str, ...] = ()


def clean_text(text: str, keep: frozenset[str] = frozenset(), *, emoji: bool = False) -> str:
    """Removes what is not meant to be spoken: markup, emoji, control and invisible characters.

    What is written otherwise than it is said (numbers, addresses, signs) stays: subtitles show it as it is. Line ends
    are kept.

    Args:
        text: As the user gave it.
        keep: Characters that stay although they cannot be spoken.
        emoji: Whether emoji stay, too, and emoticons become emoji.
    """
    text = re.sub("[\ud800-\udfff]", "", text).replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", text)
    text = re.sub("[\u2028\u2029\x85\x0b\x0c]", "\n", text)
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub("", _BLOCK_TAG.sub("\n", text)))
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = re.sub(r"[^\S\n]+", " ", text)
    for pattern, replacement in _MARKDOWN:
        text = pattern.sub(replacement, text)
    text = _EMOTICON.sub((lambda match: face_of(match[0])) if emoji else "", text)
    text = _CREDENTIALS.sub("", text)
    text = _NOT_SPACE_CONTROL.sub(" ", text)
    joiners = {match.start() for match in _JOINER.finditer(text)}
    if emoji:
        joiners |= {place for match in EMOJI.finditer(text) for place in range(*match.span())}
    text = "".join(c if c in keep or place in joiners else _speakable(c) for place, c in enumerate(text))
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" (?=[,.;:!?\n])|(?<=\n) ", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def readable_for(
    text: str,
    language: str = "en-US",
    max_characters: int = MAX_TEXT_CHARACTERS,
    keep: frozenset[str] = frozenset(),
    also: Callable[[], Iterable[str]] = tuple,
    *,
    emoji: bool = False,
    named: bool = False,
) -> Readable:
    """Cleans a text and checks that a voice of this language can read it.

    Args:
        text: As the user gave it.
        language: BCP-47 tag of the voice.
        max_characters: Longest text taken.
        keep: Characters that stay although they cannot be spoken.
        also: Other languages that voices speak; asked for only where the text has letters of another script. Whole
            sentences in these stay.
        emoji: Whether emoji stay in the text, and emoticons as such.
        named: Whether they are words to be said then; else a warning counts them.

    Returns:
        The clean text, with a warning for emoji and for passages in another script that were left out.

    Raises:
        TextEmpty: Nothing but white space.
        TextTooLong: More characters than allowed.
        TextUnspeakable: No word in it, or most of it in a script that the voice cannot read.
    """
    if not text.strip():
        raise TextEmpty("there is nothing to say", "the text is empty", "Write at least one word")
    if len(text) > max_characters:
        raise TextTooLong(
            "the text is too long",
            f"it has {len(text):,} characters and {max_characters:,} are allowed",
            "Shorten it or split it into several videos",
        )
    cleaned = clean_text(text, keep, emoji=emoji)
    warnings = []
    count = sum(any(map(_is_emoji, match[0])) for match in EMOJI.finditer(text))
    if count and not named:
        warnings.append(f"{count} emoji {'is' if count == 1 else 'are'} not spoken")
    cleaned, foreign = _without_foreign(cleaned, language, also)
    warnings += foreign
    if not any(char.isalnum() for char in cleaned) and not (named and EMOJI.search(cleaned)):
        content = "emoji" if count and not re.search(r"[^\W_]", text) else "punctuation and signs"
        raise TextUnspeakable("there is nothing to say", f"the text holds only {content}", "Write at least one word")
    return Readable(cleaned, tuple(warnings))


def _without_foreign(text: str, language: str, also: Callable[[], Iterable[str]]) -> tuple[str, list[str]]:
    """Leaves out passages in scripts that neither the language nor a sentence of another one uses.

    Raises:
        TextUnspeakable: They are the greater part.
    """
    allowed = scripts_of(language) | {"LATIN"}  # which every voice can read somehow
    if "GREEK" not in allowed:
        text = re.sub(r"(?<!\w)[α-ωΑ-Ω](?!\w)", _greek_letter_name, text)
    counts = count_scripts(text)
    if not counts.keys() - allowed:
        return text, []
    spoken = [scripts_of(other) for other in also()]
    parts = [(part, allowed | _scripts_for(part, spoken)) for part in _PART.findall(text)]
    foreign: Counter[str] = Counter()
    for part, scripts in parts:
        foreign.update({script: count for script, count in count_scripts(part).items() if script not in scripts})
    if not foreign:
        return text, []
    names = " and ".join(dict.fromkeys(SCRIPT_NAMES[script] for script in sorted(foreign, key=lambda s: -foreign[s])))
    if sum(foreign.values()) * 2 > sum(counts.values()):
        raise TextUnspeakable(
            "the voice cannot read this text",
            f"most of it is written in {names} and the voice reads {language_name(language)}",
            "Choose a voice of the text's language (see: paksatalker voices) or translate the text",
        )
    kept = "".join(_stripped(part, scripts) for part, scripts in parts)
    kept = re.sub(r"[(\[“\"«「]\s*[)\]”\"»」]", "", kept)  # brackets around nothing
    warning = f"text in {names} is left out: the voice reads {language_name(language)}"
    return re.sub(r"[^\S\n]+", " ", re.sub(r" (?=[,.;:!?\n])", "", kept)).strip(), [warning]


def _scripts_for(sentence: str, spoken: list[frozenset[str]]) -> frozenset[str]:
    """The scripts of a language that somebody speaks, if most of a sentence is in them."""
    counts = count_scripts(sentence)
    for scripts in spoken:
        if sum(counts[script] for script in scripts) * 2 > sum(counts.values()):
            return scripts
    return frozenset()


def _stripped(part: str, scripts: frozenset[str]) -> str:
    return re.sub(r"\S+", lambda match: _strip_foreign(match[0], scripts), part)


def _strip_foreign(word: str, scripts: frozenset[str]) -> str:
    """The word without letters of other scripts than these; ideographic punctuation goes with them."""
    kept = "".join(char for char in word if script_of(char) in {None, *scripts})
    return kept if kept == word else re.sub("[\u3000-\u303f\uff00-\uffef]", " ", kept)


def _greek_letter_name(match: re.Match[str]) -> str:
    name = unicodedata.name(match[0]).split()[-1].lower()
    return {"lamda": "lambda"}.get(name, name)


def _is_emoji(char: str) -> bool:
    return ord(char) >= 0x2600 and unicodedata.category(char) == "So" and not 0x3000 <= ord(char) < 0xA000


def _speakable(char: str) -> str:
    """The character, its plain form, or a space where it cannot be spoken."""
    if char < "\x7f" or char == "\n":
        return char
    category = unicodedata.category(char)
    if category in ("Cf", "Me") or 0xFE00 <= ord(char) <= 0xFE0F:  # invisible; they stand inside words
        return ""
    if category in ("Co", "Cn", "Cs", "Sk", "Zs") or (category == "So" and char not in _KEPT_SYMBOLS):
        return " "
    return char
