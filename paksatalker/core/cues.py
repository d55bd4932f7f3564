"""Subtitle cues: which words stand on the screen together, from when to when, in which lines."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from paksatalker.core.timeline import Speech, Word

MAX_SECONDS = 7.0
MIN_SECONDS = 1.0
_LINGER = 0.4  # seconds that a cue stays after its last word, when nothing follows
_MAX_LINES = 2
_SENTENCE_END = tuple(".!?…。！？")
_CLAUSE_END = tuple(",;:—–，、；：")
_CLOSING = "\"'”’»)]"
_CONJUNCTIONS = frozenset(
    ("and", "but", "or", "nor", "so", "because", "although", "while", "when", "if", "that", "which", "who", "than")
)
_ABBREVIATIONS = frozenset(("mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "e.g.", "i.e.", "no.", "gen.", "sen."))

# Costs of the places where a cue may end; the cheapest set of cuts wins.
_CUE, _AT_CLAUSE, _BEFORE_CONJUNCTION, _ANYWHERE = 3.0, 1.0, 2.0, 4.0
_SHORT, _ACROSS_SENTENCE, _ACROSS_PAUSE = 4.0, 1.5, 6.0
_PAUSE = 0.8  # seconds


@dataclass(frozen=True, slots=True)
class Cue:
    """Text that is shown from ``start`` to ``end`` (seconds on the audio clock), one or two lines."""

    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines, joined by newlines."""
        return "\n".join(self.lines)


def cut_cues(piece: Speech, max_columns: int = 42) -> tuple[Cue, ...]:
    """Cuts a piece of speech into cues that do not overlap, within the piece.

    Cues end at sentence ends, else at commas, else before a conjunction where that can be had; at most two lines of
    ``max_columns`` columns (wide East Asian characters take two) and :data:`MAX_SECONDS` each.

    Args:
        piece: Speech with timed words; without words there are no cues.
        max_columns: Longest line.
    """
    words = [part for word in piece.words if word.text.strip() for part in _parts(word, max_columns)]
    if not words:
        return ()
    groups = _cheapest_groups(words, max_columns)
    cues = []
    for group, following in zip(groups, [*groups[1:], None], strict=True):
        start, spoken = group[0].start, group[-1].end
        limit = following[0].start if following else max(piece.end, spoken)
        end = min(max(spoken + _LINGER, start + MIN_SECONDS), limit, start + MAX_SECONDS + _LINGER)
        if end > start:
            cues.append(Cue(start, end, wrap([word.text for word in group], max_columns) or ("",)))
    return tuple(cues)


def columns(text: str) -> int:
    """Width of a text in columns."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(words: list[str], max_columns: int) -> tuple[str, ...] | None:
    """The words in one line, or in two of about the same length; None if they do not fit."""
    whole = _joined(words)
    if columns(whole) <= max_columns:
        return (whole,)
    best: tuple[float, tuple[str, ...]] | None = None
    for cut in range(1, len(words)):
        lines = _joined(words[:cut]), _joined(words[cut:])
        widths = [columns(line) for line in lines]
        if max(widths) > max_columns:
            continue
        cost = abs(widths[0] - widths[1]) / max_columns + 0.15 * _cut_cost(words[cut - 1], words[cut])
        if best is None or cost < best[0]:
            best = cost, lines
    return best and best[1]


def _joined(words: list[str]) -> str:
    text = words[0] if words else ""
    for before, after in pairwise(words):
        wide = unicodedata.east_asian_width(before[-1]) in "WF" and unicodedata.east_asian_width(after[0]) in "WF"
        text += after if wide else f" {after}"
    return text


def _parts(word: Word, max_columns: int) -> list[Word]:
    """The word as it is, or in pieces when it is longer than a line."""
    text = " ".join(word.text.split())
    if columns(text) <= max_columns:
        return [Word(text, word.start, word.end)]
    pieces, line = [], ""
    for letter in text:
        if columns(line + letter) > max_columns:
            pieces.append(line)
            line = ""
        line += letter
    pieces.append(line)
    step = (word.end - word.start) / len(pieces)
    return [Word(p, word.start + i * step, word.start + (i + 1) * step) for i, p in enumerate(pieces)]


def _cheapest_groups(words: list[Word], max_columns: int) -> list[list[Word]]:
    """Dynamic programming over the places to cut."""
    count = len(words)
    cost = [0.0] + [float("inf")] * count
    came_from = [0] * (count + 1)
    for end in range(1, count + 1):
        for begin in range(end - 1, -1, -1):
            group = words[begin:end]
            too_long = group[-1].end - group[0].start > MAX_SECONDS
            if len(group) > 1 and (too_long or wrap([w.text for w in group], max_columns) is None):
                break
            total = cost[begin] + _group_cost(group, words[end] if end < count else None)
            if total < cost[end]:
                cost[end], came_from[end] = total, begin
    groups, end = [], count
    while end > 0:
        groups.append(words[came_from[end] : end])
        end = came_from[end]
    return groups[::-1]


def _group_cost(group: list[Word], following: Word | None) -> float:
    cost = _CUE
    if following is not None and following.start - group[-1].end < _PAUSE:
        cost += _cut_cost(group[-1].text, following.text)
    next_start = following.start if following else group[-1].end
    if max(group[-1].end, next_start) - group[0].start < MIN_SECONDS:
        cost += _SHORT
    for before, after in pairwise(group):
        if after.start - before.end >= _PAUSE:
            cost += _ACROSS_PAUSE
        elif _ends(before.text, _SENTENCE_END):
            cost += _ACROSS_SENTENCE
    return cost


def _cut_cost(before: str, after: str) -> float:
    if _ends(before, _SENTENCE_END):
        return 0.0
    if _ends(before, _CLAUSE_END):
        return _AT_CLAUSE
    return _BEFORE_CONJUNCTION if after.lower() in _CONJUNCTIONS else _ANYWHERE


def _ends(text: str, marks: tuple[str, ...]) -> bool:
    bare = text.rstrip(_CLOSING)
    return bare.endswith(marks) and bare.lower().lstrip("\"'(“‘") not in _ABBREVIATIONS
