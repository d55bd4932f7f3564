"""Follows a transcript along a recording: which words belong to which piece, from the phones heard in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.audio.g2p import TextPronouncer
from paksatalker.core.audio.phones import segments
from paksatalker.core.timeline import ARPABET

_GAP = 0.7  # cost of a phone that is heard but not written, or written but not heard; 1 is a wrong phone
_UNSAID = 0.35  # cost of a phone at the end of the transcript that the recording does not reach
_MARGIN = 300  # phones of the transcript that are looked at beyond those expected
_SENTENCE_BONUS, _CLAUSE_BONUS = 1.0, 0.6  # for a border between pieces at a mark
_CERTAIN = 3.0  # cost that skipping them must save
_SKIPPED = 8  # phones of the transcript before a piece that count as left out by the speaker

_CLASSES: tuple[tuple[float, tuple[str, ...]], ...] = (  # cost of hearing one for another of the group
    (0.3, ("B", "P")), (0.3, ("D", "T")), (0.3, ("G", "K")), (0.3, ("V", "F")), (0.3, ("DH", "TH")),
    (0.3, ("Z", "S")), (0.3, ("ZH", "SH", "CH", "JH")), (0.3, ("N", "NG", "M")), (0.3, ("DH", "D", "V")),
    (0.3, ("R", "ER")), (0.3, ("L", "OW", "W")), (0.3, ("Y", "IY")),
    (0.3, ("IY", "IH", "EY", "EH")), (0.3, ("AE", "EH", "AH", "AW", "AY")), (0.3, ("AA", "AO", "AH", "OW", "AW")),
    (0.3, ("UH", "UW", "OW", "AH", "IH")),
    (0.6, ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")),
    (0.6, ("B", "P", "D", "T", "G", "K", "CH", "JH")), (0.6, ("F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "HH")),
    (0.6, ("M", "N", "NG", "L", "R", "W", "Y", "ER")),
)  # fmt: skip
_CODE = {symbol: index for index, symbol in enumerate(ARPABET)}


def _costs() -> npt.NDArray[np.float64]:
    table = np.ones((len(ARPABET), len(ARPABET)))
    for cost, group in _CLASSES:
        codes = [_CODE[symbol] for symbol in group]
        table[np.ix_(codes, codes)] = np.minimum(table[np.ix_(codes, codes)], cost)
    np.fill_diagonal(table, 0.0)
    return table


@dataclass(frozen=True, slots=True)
class TranscriptWord:
    """A word as written and how it is said: ARPAbet symbols with stress."""

    text: str
    phones: tuple[tuple[str, int], ...]


def transcript_words(text: str, pronouncer: TextPronouncer) -> list[TranscriptWord]:
    """The words of a transcript. Those without sound (a dash) are joined to the one before."""
    words: list[TranscriptWord] = []
    silent = ""
    known: dict[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]] = {}  # a word said twice is kept once
    for sentence in _sentences(text):
        found = pronouncer.pronounce(sentence)
        phones: dict[int, list[tuple[str, int]]] = {}
        for segment in segments(found.symbols, found.owners):
            phones.setdefault(found.owners[segment.last], []).append((segment.symbol, segment.stress))
        for number, written in enumerate(found.words):
            if number in phones:
                said = tuple(phones[number])
                words.append(TranscriptWord(f"{silent} {written}".strip(), known.setdefault(said, said)))
                silent = ""
            elif words:
                words[-1] = TranscriptWord(f"{words[-1].text} {written}", words[-1].phones)
            else:
                silent = f"{silent} {written}".strip()
    return words


def _sentences(text: str, longest: int = 300) -> list[str]:
    """Pieces that the pronunciation rules see at once; where they are cut matters little."""
    result: list[str] = []
    for sentence in re.split(r"(?<=[.!?…।])\s+(?=[^\Wa-z\d_]|[\"“‘'(¿¡«])|\n+", text):
        current = ""
        for word in sentence.split():
            if current and len(current) + len(word) > longest:
                result.append(current)
                current = ""
            current = f"{current} {word}".strip()
        if current:
            result.append(current)
    return result


@dataclass(frozen=True, slots=True)
class Match:
    """What of the transcript is said in a piece.

    Attributes:
        first: Index of its first word.
        last: One past its last word.
        misfit: Cost of the piece and of those ahead, as a share of what they cost against the same stretch of the
            transcript read backwards: 0 all right, 0.3–0.85 usual, about 1 for a transcript of something else.
        reached: One past the last word that is said in the pieces ahead.
    """

    first: int
    last: int
    misfit: float
    reached: int


class TranscriptFollower:
    """Walks along the transcript piece by piece. Time and memory a piece need do not grow with the transcript.

    Args:
        words: The transcript.
    """

    def __init__(self, words: Sequence[TranscriptWord]) -> None:
        self.words = words
        self._phones = np.array([_CODE[s] for word in words for s, _ in word.phones], np.int64)
        self._starts = np.cumsum([0, *(len(word.phones) for word in words)])
        self._costs = _costs()
        self.position = 0
        """Words that are behind."""

    def follow(self, heard: Sequence[str], ahead: Sequence[str], *, ending: bool = False) -> Match:
        """Finds the words of the next piece and moves on past them.

        Edit distance between the phones heard and a stretch of the transcript, free at the transcript's end. The phones
        ahead (the more the better: a minute is plenty) keep the border where it belongs.

        Args:
            heard: ARPAbet phones decoded in the piece.
            ahead: Those of the pieces after it.
            ending: Nothing is said after ``ahead``.
        """
        origin = int(self._starts[self.position])
        window = self._phones[origin : origin + int(1.5 * (len(heard) + len(ahead))) + _MARGIN]
        codes = np.array([_CODE[s] for s in (*heard, *ahead)], np.int64)
        through, last = self._distances(codes, window, len(heard))
        unsaid = np.zeros(len(window) + 1)
        if ending and origin + len(window) == len(self._phones):
            unsaid = _UNSAID * np.arange(len(window), -1.0, -1.0)
        end = int(np.argmin(last + unsaid))
        # Words before the piece that are not said cost less than words inside it: nobody skips here and there.
        entering = self._distances(codes[::-1], window[:end][::-1])[1][::-1] + _UNSAID * np.arange(end + 1)
        enters = int(np.argmin(entering))
        skips = enters >= _SKIPPED and entering[0] - entering[enters] > _CERTAIN
        first = self._word_at(origin + enters) if skips else self.position
        backward = self._distances(codes[len(heard) :][::-1], window[:end][::-1])[1][::-1]
        self.position = self._border(first, origin, through[: end + 1] + backward)
        if not ahead and ending and self._starts[-1] - self._starts[self.position] <= _SKIPPED:
            self.position = len(self.words)
        control = float((self._distances(codes, window[::-1])[1] + unsaid).min())
        misfit = float(last[end] + unsaid[end]) / max(control, 1e-9)
        return Match(first, self.position, misfit, self._word_at(origin + end))

    def _border(self, first: int, origin: int, through: npt.NDArray[np.float64]) -> int:
        """The word border that the cheapest path passes between the piece and the next.

        Args:
            first: First word of the piece.
            origin: Phone of the transcript that the window starts with.
            through: Cost of the cheapest path [W + 1] through each column at the border.
        """
        last = int(np.searchsorted(self._starts, origin + len(through) - 1, side="right"))
        if last <= first + 1:
            return first
        cost = through[self._starts[first:last] - origin].copy()
        for index in range(1, len(cost)):  # a piece ends at a pause, a pause is mostly at a mark
            mark = self.words[first + index - 1].text.rstrip("\"'”’)")[-1:]
            cost[index] -= _SENTENCE_BONUS if mark in set(".!?…:;") else _CLAUSE_BONUS if mark in set(",—–-") else 0.0
        return first + int(np.argmin(cost))

    def _word_at(self, phone: int) -> int:
        """The word border nearest to a phone's index."""
        right = int(np.searchsorted(self._starts, phone))
        left = max(right - 1, 0)
        return left if phone - self._starts[left] < self._starts[right] - phone else right

    def _distances(
        self, codes: npt.NDArray[np.int64], window: npt.NDArray[np.int64], row: int = 0
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Least cost [W + 1] of the first ``row`` phones heard, and of all, against the first of the window."""
        ramp: npt.NDArray[np.float64] = _GAP * np.arange(len(window) + 1, dtype=np.float64)
        wanted = above = ramp
        for number, code in enumerate(codes, start=1):
            best = above + _GAP
            best[1:] = np.minimum(best[1:], above[:-1] + self._costs[code, window])
            # Skipping phones of the window: min over k of best[k] + gap · (j − k).
            above = np.minimum.accumulate(best - ramp) + ramp
            if number == row:
                wanted = above
        return wanted, above
