"""Cuts running text into utterances as it comes in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paksatalker.core.text.emoji import AFTER_SENTENCE, EMOJI
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
    rf"(?P<mark>[.!?…]+[{_CLOSERS}]*){AFTER_SENTENCE}(?=\s)|(?P<space>\s+)"
    rf"|(?P<cjk>[。！？｡।॥۔؟]+[」』”’）\"'»)]*){AFTER_SENTENCE}"  # these marks need no space after them
)
_OPENERS = "\"'“‘«([—–-*_¿¡ "
_CLAUSE = re.compile(r"[,;:—–،؛]['\"”’)]*\s|\s[—–]\s|[，、；：]")
_CROWDED = 3  # a Chinese character takes about as long to say as three letters


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Of all languages together: what is an abbreviation in one is rarely the last word of a sentence in another.
_TITLES = _set(
    "mr mrs ms dr prof st mt ft gen gov sen rep capt lt col sgt cmdr rev hon pres supt cpl maj adm fr msgr "
    "sr sra srta sres dra profa dña ud uds vd lic ing sto sta gral mme mlle pr mgr hr hrn dipl dott dott.ssa "
    "sig sig.ra sig.na prof.ssa avv sigg eng exmo डॉ डा प्रो पं मो ڈاکٹر"
)
_NEVER_LAST = _set(
    "e.g i.e eg ie vs cf viz ca approx est fig figs vol ch pp p ed eds nos al dept univ assn w jan feb apr jun jul "
    "aug sep sept oct nov dec p.ej ej pág págs tel aprox ee chr c.-à-d env av z.b d.h u.a bzw vgl evtl ggf inkl zzgl "
    "bspw i.d.r bzgl pag pagg p.es v.le p.zza c.so máx mín tél"
)
_MAYBE_LAST = _set(
    "etc ex usw ecc uu ee.uu s.a s.p.a inc ltd co corp jr bros ave blvd rd ln a.m p.m am pm no ph.d m.d b.a m.a b.c a.d"
)
_BEFORE_NUMBERS = _set("art arts cap chap kap abb abs bd nr núm n.º nº sec no nos para sez tít")
_STARTERS = _set(
    "the a an he she it we you they i this that these those there here in on at but and so if when while however then "
    "what why how who where my our your his her their its as for no yes now after before since by with from "
    "el la los las un una él ella yo pero y si cuando luego le les il elle nous vous je et mais der die das er sie es "
    "wir ich und aber o os as ele ela eu mas lo gli io lui lei ma"
)
_ORDINAL_BEFORE = _set(
    "am der die das den dem des im vom zum zur beim ab bis seit ihr sein mein jeder jeden jedes unser"
)
_ORDINAL_AFTER = _set(
    "januar februar märz april mai juni juli august september oktober november dezember jahrhundert jahrhunderts"
)
_LONGEST_ORDINAL = 2  # digits


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

    Emoji after the mark that ends a sentence belong to it.

    Args:
        limit: Longest sentence, characters.
        emoji: Whether a piece of nothing but emoji says something; else it is left out.
    """

    def __init__(self, limit: int = MAX_CHARACTERS, *, emoji: bool = False) -> None:
        self._limit = limit
        self._emoji = emoji
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
            if any(c.isalnum() for c in piece) or (self._emoji and EMOJI.search(piece)):
                yield Sentence(piece, start, start + cut.end, cut.pause)

    def _consume(self, count: int) -> None:
        gone, self._buffer = self._buffer[:count], self._buffer[count:]
        self._position += count
        newline = gone.rfind("\n")
        self._column = self._column + count if newline < 0 else count - newline - 1

    def _next_cut(self, *, final: bool) -> _Cut | None:
        limit = self._room()
        cut = self._sentence_end(limit, final=final)
        if cut and cut.end <= limit:
            return cut
        if cut:
            return self._clause_cut(limit, cut.end)
        if len(self._buffer) >= 2 * limit + _LOOKAHEAD or (final and len(self._buffer) > limit):
            return self._clause_cut(limit, len(self._buffer))
        return _Cut(len(self._buffer), len(self._buffer), SENTENCE_PAUSE) if final else None

    def _room(self) -> int:
        """The longest sentence here: shorter in scripts that say more with a letter."""
        head = self._buffer[: max(1, self._limit // _CROWDED)]
        wide = sum(unicodedata.east_asian_width(char) == "W" for char in head)
        return max(1, self._limit // _CROWDED) if 2 * wide > len(head) else self._limit

    def _sentence_end(self, limit: int, *, final: bool) -> _Cut | None:
        """The first certain sentence end in the first two limits' length."""
        buffer, mark, said = self._buffer, "", 0  # ``said``: the end of the mark, before emoji
        for match in _BORDER.finditer(buffer, 0, 2 * limit + _LOOKAHEAD):
            if match["mark"]:
                mark, said = match["mark"], match.end("mark")
                continue
            if match["cjk"]:
                if match["cjk"] == "۔" and buffer[match.start() - 1 : match.start()].isdigit():
                    after = buffer[match.end() : match.end() + 1]
                    if (not after and not final) or after.isdigit():  # a decimal point
                        if not after:
                            return None
                        continue
                space, end, mark, said = "", match.end(), match["cjk"], match.end("cjk")
            else:
                space, end = match["space"], match.start()
            after = buffer[match.end() : match.end() + _LOOKAHEAD]
            if end > 2 * limit or (len(after) < _LOOKAHEAD and not final):
                return None
            pause = self._pause(end, buffer[:said] if mark else "", mark, space, after)
            if pause is not None:
                return _Cut(end, match.end(), pause)
            mark = ""
        return None

    def _pause(self, end: int, said: str, mark: str, space: str, after: str) -> float | None:
        """The pause that a border makes, or None where the sentence goes on."""
        if space.count("\n") > 1:
            return PARAGRAPH_PAUSE
        is_end = bool(mark) and _is_sentence_end(said, mark, after)
        if "\n" in space:
            newline = self._buffer.rfind("\n", 0, end)
            length = end - newline - 1 if newline >= 0 else end + self._column
            wrapped = length >= (_HARD_WRAP // 2 if after[:1].islower() else _HARD_WRAP)
            return None if wrapped and not is_end else (SENTENCE_PAUSE if wrapped else LINE_PAUSE)
        if not is_end:
            return None
        return EMPHATIC_PAUSE if set(mark) & set("!?…！？") or "..." in mark else SENTENCE_PAUSE

    def _clause_cut(self, limit: int, length: int) -> _Cut:
        """Where to cut a sentence of ``length`` characters (or more) that is longer than allowed."""
        window = self._buffer[:limit]
        wanted = min(length, 2 * limit) / 2
        clauses = [m.end() for m in _CLAUSE.finditer(window) if m.end() > limit // 4]
        words = [m.end() for m in re.finditer(r"\s+", window) if m.end() > limit // 4]
        for borders, pause in ((clauses, CLAUSE_PAUSE), (words, WORD_PAUSE)):
            if borders:
                best = min(borders, key=lambda border: abs(border - wanted))
                return _Cut(best, best, pause)
        return _Cut(limit, limit, WORD_PAUSE)


def _is_sentence_end(text: str, mark: str, after: str) -> bool:
    """Whether the mark that ends ``text`` ends a sentence, given what follows the white space."""
    following = after.lstrip(_OPENERS)
    if not after:
        return True
    bare = mark.rstrip(_CLOSERS.replace("\\", ""))
    if bare in ("...", "…", "....", "……") and unicodedata.category(following[:1] or " ") == "Lo":
        return False  # a script without capitals does not tell; most sentences go on
    if bare not in (".", "۔"):  # ! ? … ... and combinations
        return not following[:1].islower()
    before = text[: len(text) - len(mark)]
    space = max(before.rfind(" "), before.rfind("\n"))
    word = before[space + 1 :].lstrip(_OPENERS)
    lower = word.lower()
    starts = _first_word(following) in _STARTERS
    capital = following[:1].isupper()
    if lower in _TITLES:
        return lower == "sr" and starts  # John Smith Sr.
    if lower in _NEVER_LAST or (lower in _BEFORE_NUMBERS and following[:1].isdigit()):
        return False
    if word.isdigit() and (
        not before[: len(before) - len(word)].strip(_OPENERS) or _is_ordinal(before, word, following)
    ):
        return False  # the number of a list item, or the German third
    if lower in _MAYBE_LAST:
        return capital
    if re.fullmatch(r"[^\W\d_](?:\.[^\W\d_])*", word) and unicodedata.category(word[0]) != "Lo":
        return capital and starts  # an initial or an acronym with dots
    if following[:1].islower():  # an abbreviation that is not in the lists, or someone who writes no capitals
        return not re.fullmatch("[IVXLC]+", word) and (len(word) > 4 or bool(re.search(r"[aeiouy]", lower)))
    return True


def _is_ordinal(before: str, word: str, following: str) -> bool:
    """Whether a number with a point is an ordinal, as in "am 3. Mai" and "der 2. Weltkrieg"."""
    words = before[-40:].lower().split()
    return len(word) <= _LONGEST_ORDINAL and (
        _first_word(following) in _ORDINAL_AFTER or (len(words) > 1 and words[-2] in _ORDINAL_BEFORE)
    )


def _first_word(text: str) -> str:
    match = re.match(r"\w*", text)
    return match[0].lower() if match else ""
