"""What may not be said: word lists, and hooks of the program that embeds us. Asked before anything is spoken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paksatalker.core.text.load import load_text
from paksatalker.core.timeline import Utterance
from paksatalker.errors import TextRefused, TextUnreadable

_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_WORD_CHARACTER = re.compile(r"\w")
#: Scripts that are written without spaces: their words are found anywhere.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# Letters that look like Latin ones, in words that mix scripts. Unicode's confusables, those that occur in such tricks.
_LOOKALIKES = str.maketrans("аеорсухіїјѕһԁԛԝвкмнтгαβεικνορτυχωγ", "aeopcyxiijshdqwbkmhtrabeiknoptuxwy")
_LATIN = re.compile(r"[a-z]")
_OTHER = re.compile("[\u0370-\u052f]")
_TOKEN = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")
_LONGEST_TERM = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a hook says of a text.

    Attributes:
        allowed: Whether it may be said.
        reason: Why not; shown to the user.
    """

    allowed: bool
    reason: str = ""


#: Judges one text that is about to be spoken, usually a sentence.
ModerationHook = Callable[[str], Verdict]


class WordList:
    """A hook that refuses texts in which one of its words or phrases stands, as whole words.

    Capitals, accents, full-width and other styled letters, invisible characters and look-alikes of other scripts make
    no difference.

    Args:
        terms: Words and phrases. Empty ones are passed over.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        words = sorted({folded for term in terms if (folded := fold(term[:_LONGEST_TERM]))}, key=lambda w: (-len(w), w))
        self._pattern = re.compile("|".join(map(_whole, words))) if words else None

    @classmethod
    def load(cls, path: Path) -> WordList:
        """Reads a file: one word or phrase a line; lines that begin with ``#`` are comments.

        Raises:
            TextUnreadable: It cannot be read.
        """
        try:
            lines = load_text(path.expanduser()).split("\n")
        except TextUnreadable as error:
            raise TextUnreadable(
                f"cannot read the word list {path}", error.why, "Correct PAKSATALKER_BLOCKLIST"
            ) from None
        return cls(line for line in lines if not line.lstrip().startswith("#"))

    def __call__(self, text: str) -> Verdict:
        """Judges a text. The reason does not repeat the word."""
        if self._pattern is not None and self._pattern.search(fold(text)):
            return Verdict(False, "a word in it is on the word list")
        return Verdict(True)


class Moderator:
    """Asks all hooks about everything that is about to be said.

    Args:
        hooks: In the order in which they are asked.
    """

    def __init__(self, hooks: Iterable[ModerationHook] = ()) -> None:
        self._hooks = tuple(hooks)

    @classmethod
    def of(cls, blocklist: Path | None, hook: ModerationHook | None = None) -> Moderator:
        """Asks a word list and a hook, where there are any.

        Raises:
            TextUnreadable: The word list cannot be read.
        """
        hooks = [] if blocklist is None else [WordList.load(blocklist)]
        return cls([*hooks, *([] if hook is None else [hook])])

    def review(self, text: str, utterances: Iterable[Utterance]) -> None:
        """Asks about a whole text and each of its utterances, before any of it is spoken.

        Raises:
            TextRefused: A hook does not let it through.
        """
        if self._hooks:
            self.check(text)
            for _ in self.watch(utterances):
                pass

    def check(self, text: str) -> None:
        """Asks about a text.

        Raises:
            TextRefused: A hook does not let it through.
        """
        for hook in self._hooks if text.strip() else ():
            verdict = hook(text)
            if not verdict.allowed:
                raise TextRefused(
                    "the text is not spoken", verdict.reason or "it is not allowed here", "Change the text"
                )

    def watch(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        """Passes utterances on, each after all hooks were asked about it, as written and as it will sound.

        A phrase that begins in one utterance and ends in the next is seen too.

        Raises:
            TextRefused: A hook does not let one through.
        """
        tail = ""
        for utterance in utterances:
            if self._hooks and utterance.text:
                self.check(utterance.text)
                if (spoken := sounding(utterance)) != utterance.text:
                    self.check(spoken)
                if tail:
                    self.check(f"{tail} {utterance.text}")
                tail = utterance.text
            yield utterance


def sounding(utterance: Utterance) -> str:
    """The text of an utterance with respelled words as they are said; those given in phonetic letters as written."""
    parts, position = [], 0
    for reading in utterance.readings:
        said = utterance.text[reading.start : reading.end] if reading.ipa else reading.spoken
        parts += [utterance.text[position : reading.start], said]
        position = reading.end
    return "".join([*parts, utterance.text[position:]])


def fold(text: str) -> str:
    """A text as words are compared: plain small letters, single spaces, nothing invisible."""
    visible = "".join(char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) != "Cf")
    plain = _MARKS.sub("", visible).casefold()
    if _OTHER.search(plain):
        is_latin = len(_LATIN.findall(plain)) >= len(_OTHER.findall(plain))
        plain = _TOKEN.sub(lambda token: _in_one_script(token[0], is_latin=is_latin), plain)
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", plain)).strip()


def _in_one_script(word: str, *, is_latin: bool) -> str:
    """A word with the look-alikes of Latin letters replaced, if it mixes scripts or if the text around it is Latin."""
    if not _OTHER.search(word):
        return word
    latin = word.translate(_LOOKALIKES)
    return latin if _LATIN.search(word) or (is_latin and not _OTHER.search(latin)) else word


def _whole(term: str) -> str:
    pattern = re.escape(term)
    if _UNSPACED.search(term):
        return pattern
    before = r"(?<!\w)" if _WORD_CHARACTER.match(term[0]) else ""
    after = r"(?!\w)" if _WORD_CHARACTER.match(term[-1]) else ""
    return f"{before}{pattern}{after}"
