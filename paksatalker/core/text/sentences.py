"""Cuts running text into utterances as it comes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paksatalker.core.timeline import Utterance

#: Longest utterance, characters: about 15 s of speech. The bundled voice says at most 400 phonemes at once, so text
#: that is read as written always fits; the first sound of any text comes within a third of a second.
MAX_CHARACTERS = 240

#: Silence after an utterance in seconds, as readers make it.
SENTENCE_PAUSE, EMPHATIC_PAUSE, LINE_PAUSE, PARAGRAPH_PAUSE = 0.35, 0.4, 0.45, 0.75
CLAUSE_PAUSE, WORD_PAUSE = 0.15, 0.0

_LOOKAHEAD = 32  # characters that must be known after a border to judge it
_HARD_WRAP = 48  # a line at least this long without an end mark was broken by an editor, not by the writer
_CLOSERS = "\"'”’»)\\]*_"
_BORDER = re.compile(
    rf"(?P<mark>[.!?…]+[{_CLOSERS}]*)(?=\s)|(?P<space>\s+)"
    r"|(?P<cjk>[。！？｡]+[」』”’）]*)"  # ideographic marks need no space
)
_OPENERS = "\"'“‘«([—–-*_ "
_CLAUSE = re.compile(r"[,;:—–]['\"”’)]*\s|\s[—–]\s")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _set("mr mrs ms dr prof st mt ft gen gov sen rep capt lt col sgt cmdr rev hon pres supt cpl maj adm fr msgr")
_NEVER_LAST = _set(
    "e.g i.e eg ie vs cf viz ca approx est fig figs vol ch pp p ed eds nos al dept univ assn w jan feb apr jun jul "
    "aug sep sept oct nov dec"
)
_MAYBE_LAST = _set("etc inc ltd co corp jr sr bros ave blvd rd ln a.m p.m am pm no ph.d m.d b.a m.a b.c a.d")
_STARTERS = _set(
    "the a an he she it we you they i this that these those there here in on at but and so if when while however then "
    "what why how who where my our your his her their its as for no yes now after before since by with from"
)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A border: text up to ``end`` is a piece, the next starts at ``resume``."""

    end: int
    resume: int
    pause: float


def sentences(text: str | Iterable[str], max_characters: int = MAX_CHARACTERS) -> Iterator[Utterance]:
    """Cuts text at sentence ends, longer sentences at clauses or between words.

    Abbreviations ("Dr.", "e.g.", "U.S."), numbers ("3.5"), initials, ellipses and quotations are not cut. Empty lines
    and line ends give longer pauses; lines broken by an editor are joined. White space is reduced to single spaces, and
    pieces without a letter or digit are left out.

    Args:
        text: The text, or its parts as they arrive. How it is divided into parts makes no difference.
        max_characters: Longest utterance.

    Yields:
        Utterances with ``pause_after``, each as soon as the text after it is known far enough to be sure of its end.
    """
    splitter = Splitter(max_characters)
    parts = (text[i : i + 4096] for i in range(0, len(text), 4096)) if isinstance(text, str) else text
    for part in parts:
        yield from (Utterance(s.text, pause_after=s.pause) for s in splitter.feed(part))
    yield from (Utterance(s.text, pause_after=s.pause) for s in splitter.close())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of a text: what it says with single spaces, where it lies in the text, and the pause after it."""

    text: str
    start: int
    end: int
    pause: float


class Splitter:
    """What :func:`sentences` does, for those who want to know where in the text a sentence lies.

    Args:
        limit: Longest sentence, characters.
    """

    def __init__(self, limit: int = MAX_CHARACTERS) -> None:
        self._limit = limit
        self._position = 0  # characters before the buffer
        self._buffer = ""
        self._column = 0  # characters of the current line before the buffer

    def feed(self, text: str) -> Iterator[Sentence]:
        """Takes more of the text and yields the sentences that are certain."""
        self._buffer += text
        yield from self._drain(final=False)

    def close(self) -> Iterator[Sentence]:
        """Ends the text and yields the rest."""
        yield from self._drain(final=True)

    def _drain(self, *, final: bool) -> Iterator[Sentence]:
        while True:
            self._consume(len(self._buffer) - len(self._buffer.lstrip()))
            if not self._buffer or (cut := self._next_cut(final=final)) is None:
                return
            piece = " ".join(self._buffer[: cut.end].split())
            start = self._position
            self._consume(cut.resume)
            if any(c.isalnum() for c in piece):
                yield Sentence(piece, start, start + cut.end, cut.pause)

    def _consume(self, count: int) -> None:
        gone, self._buffer = self._buffer[:count], self._buffer[count:]
        self._position += count
        newline = gone.rfind("\n")
        self._column = self._column + count if newline < 0 else count - newline - 1

    def _next_cut(self, *, final: bool) -> _Cut | None:
        cut = self._sentence_end(final=final)
        if cut and cut.end <= self._limit:
            return cut
        if cut:
            return self._clause_cut(cut.end)
        if len(self._buffer) >= 2 * self._limit + _LOOKAHEAD or (final and len(self._buffer) > self._limit):
            return self._clause_cut(len(self._buffer))
        return _Cut(len(self._buffer), len(self._buffer), SENTENCE_PAUSE) if final else None

    def _sentence_end(self, *, final: bool) -> _Cut | None:
        """The first certain sentence end in the first two limits' length."""
        buffer, mark = self._buffer, ""
        for match in _BORDER.finditer(buffer, 0, 2 * self._limit + _LOOKAHEAD):
            if match["mark"]:
                mark = match["mark"]
                continue
            if match["cjk"]:
                space, end, mark = "", match.end(), match["cjk"]
            else:
                space, end = match["space"], match.start()
            after = buffer[match.end() : match.end() + _LOOKAHEAD]
            if end > 2 * self._limit or (len(after) < _LOOKAHEAD and not final):
                return None
            pause = self._pause(end, mark, space, after)
            if pause is not None:
                return _Cut(end, match.end(), pause)
            mark = ""
        return None

    def _pause(self, end: int, mark: str, space: str, after: str) -> float | None:
        """The pause that a border makes, or None where the sentence goes on."""
        if space.count("\n") > 1:
            return PARAGRAPH_PAUSE
        is_end = bool(mark) and _is_sentence_end(self._buffer[:end], mark, after)
        if "\n" in space:
            newline = self._buffer.rfind("\n", 0, end)
            length = end - newline - 1 if newline >= 0 else end + self._column
            wrapped = length >= (_HARD_WRAP // 2 if after[:1].islower() else _HARD_WRAP)
            return None if wrapped and not is_end else (SENTENCE_PAUSE if wrapped else LINE_PAUSE)
        if not is_end:
            return None
        return EMPHATIC_PAUSE if set(mark) & set("!?…！？") or "..." in mark else SENTENCE_PAUSE

    def _clause_cut(self, length: int) -> _Cut:
        """Where to cut a sentence of ``length`` characters (or more) that is longer than allowed."""
        window = self._buffer[: self._limit]
        wanted = min(length, 2 * self._limit) / 2
        clauses = [m.end() for m in _CLAUSE.finditer(window) if m.end() > self._limit // 4]
        words = [m.end() for m in re.finditer(r"\s+", window) if m.end() > self._limit // 4]
        for borders, pause in ((clauses, CLAUSE_PAUSE), (words, WORD_PAUSE)):
            if borders:
                best = min(borders, key=lambda border: abs(border - wanted))
                return _Cut(best, best, pause)
        return _Cut(self._limit, self._limit, WORD_PAUSE)


def _is_sentence_end(text: str, mark: str, after: str) -> bool:
    """Whether the mark that ends ``text`` ends a sentence, given what follows the white space."""
    following = after.lstrip(_OPENERS)
    if not after:
        return True
    if mark.rstrip(_CLOSERS.replace("\\", "")) != ".":  # ! ? … ... and combinations
        return not following[:1].islower()
    before = text[: len(text) - len(mark)]
    word = before[max(before.rfind(" "), before.rfind("\n")) + 1 :].lstrip(_OPENERS)
    lower = word.lower()
    next_word = re.match(r"\w*", following)
    starts = next_word is not None and next_word[0].lower() in _STARTERS
    capital = following[:1].isupper()
    if lower in _TITLES or lower in _NEVER_LAST:
        return False
    if word.isdigit() and not before[: len(before) - len(word)].strip(_OPENERS):
        return False  # a list number
    if lower in _MAYBE_LAST:
        return capital
    if re.fullmatch(r"[^\W\d_](?:\.[^\W\d_])*", word):  # an initial or an acronym with dots
        return capital and starts
    if following[:1].islower():  # an abbreviation that is not in the lists, or someone who writes no capitals
        return len(word) > 4 or bool(re.search(r"[aeiouy]", lower))
    return True
