"""Rewrites or translates a script: each sentence anew, its direction in its place.

The model sees words only. Speakers, emotions, voices, pace, pauses and headings stay around the sentences they belong
to; stress and pronunciations stay on words that come back as they were; a cue inside of a sentence keeps its place
among the words, roughly. What could not be kept is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.script import Script, direction
from paksatalker.core.text.sentences import Splitter
from paksatalker.core.text.serialise import serialise
from paksatalker.core.text.writing.form import LONGEST
from paksatalker.core.timeline import StageCue, Utterance
from paksatalker.errors import WritingFailed

Rephrase = Callable[[Iterable[str]], Iterator[str]]
"""Sentences to new sentences, one for one."""


def is_directed(script: Script) -> bool:
    """Whether a script holds more than plain text."""
    if len(script.utterances) != 1:
        return bool(script.utterances)
    (only,) = script.utterances
    marked = only.emphasis or only.readings or only.cues or only.pause_after
    return bool(marked) or direction(only) != direction(Utterance(""))


def rephrased_script(script: Script, rephrase: Rephrase, language: str = "") -> tuple[str, tuple[str, ...]]:
    """Writes the sentences of a script anew.

    Args:
        script: The script.
        rephrase: Writes sentences anew.
        language: What ``[lang …]`` becomes, where the new text is in another language; nothing leaves it.

    Returns:
        The markup, and a note for everything that could not be kept.

    Raises:
        WritingFailed: Read back, the markup would not be this script.
    """
    pieces = [piece for utterance in script.utterances for piece in sentences_of(utterance, LONGEST)]
    new = iter(rephrase(piece.text.strip() for piece in pieces if _has_words(piece)))
    made: list[Utterance] = []
    notes: list[str] = []
    for piece in pieces:
        spoken = _with_text(piece, next(new), notes) if _has_words(piece) else piece
        made.append(replace(spoken, language=language) if language and spoken.language else spoken)
    for _ in new:
        pass  # ends it
    return _written(Script(tuple(made))), tuple(notes)


def sentences_of(utterance: Utterance, limit: int | None = None) -> Iterator[Utterance]:
    """The sentences of an utterance with all white space, each with its part of the direction.

    Args:
        utterance: Of a script.
        limit: Longest sentence, characters; None takes what is spoken at once.
    """
    splitter = Splitter() if limit is None else Splitter(limit)
    found = [*splitter.feed(utterance.text), *splitter.close()]
    for start, end in pairwise([0, *(sentence.start for sentence in found[1:]), len(utterance.text)]):
        is_last = end == len(utterance.text)
        yield replace(
            utterance,
            text=utterance.text[start:end],
            pause_after=utterance.pause_after if is_last else 0.0,
            emphasis=tuple(
                (max(a, start) - start, min(b, end) - start) for a, b in utterance.emphasis if a < end and b > start
            ),
            readings=tuple(
                replace(r, start=max(r.start, start) - start, end=min(r.end, end) - start)
                for r in utterance.readings
                if r.start < end and r.end > start
            ),
            cues=tuple(
                replace(cue, at=cue.at - start)
                for cue in utterance.cues
                if start <= cue.at < end or (is_last and cue.at >= end)
            ),
        )


def _has_words(piece: Utterance) -> bool:
    return any(map(str.isalnum, piece.text))


def _with_text(piece: Utterance, new: str, notes: list[str]) -> Utterance:
    """A sentence with new words, its marks where the same words are."""
    old = piece.text.strip()
    lead = len(piece.text) - len(piece.text.lstrip())
    text = piece.text[:lead] + new + piece.text[lead + len(old) :]

    def moved(start: int, end: int, what: str) -> tuple[int, int] | None:
        marked = piece.text[start:end].strip()
        if marked == old:
            return lead, lead + len(new)
        at = _find(new, marked)
        if at is None:
            notes.append(f"{what} on “{marked}” is lost: the new sentence has no such words")
            return None
        return lead + at, lead + at + len(marked)

    emphasis = [span for a, b in piece.emphasis if (span := moved(a, b, "the stress"))]
    readings = [
        replace(r, start=span[0], end=span[1])
        for r in piece.readings
        if (span := moved(r.start, r.end, "the pronunciation"))
    ]
    cues = tuple(_moved_cue(cue, lead, len(old), new) for cue in piece.cues)
    return replace(piece, text=text, emphasis=tuple(sorted(emphasis)), readings=tuple(sorted(readings)), cues=cues)


def _find(text: str, words: str) -> int | None:
    """Where whole words stand in a text."""
    at = text.find(words) if words else -1
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(words) : at + len(words) + 1]
        if not before.isalnum() and not after.isalnum():
            return at
        at = text.find(words, at + 1)
    return None


def _moved_cue(cue: StageCue, lead: int, old: int, new: str) -> StageCue:
    if cue.at <= lead:
        return cue
    if cue.at >= lead + old:
        return replace(cue, at=cue.at - old + len(new))
    share = (cue.at - lead) / old
    starts = [0, *(i + 1 for i, char in enumerate(new) if char == " ")]
    return replace(cue, at=lead + min(starts, key=lambda start: abs(start / max(len(new), 1) - share)))


def _written(script: Script) -> str:
    """The markup of a script.

    Raises:
        WritingFailed: Read back, it would say something else, or in another way.
    """
    markup = serialise(script)
    back = parse_markup(markup)
    if back.text != script.text or _outline(back) != _outline(script):
        raise WritingFailed(
            "the script was not written anew",
            "reading the markup back gives another direction",
            "Please report this script as a defect",
        )
    return markup


def _outline(script: Script) -> tuple[object, ...]:
    """Who says what how, and all marks and pauses at their places, however the text is divided."""
    said: list[tuple[object, str]] = []
    marks: list[tuple[int, str, str]] = []  # place in the whole text, what it is, and which
    begin = 0
    for u in script.utterances:
        if u.text and said and said[-1][0] == direction(u):
            said[-1] = (said[-1][0], said[-1][1] + u.text)
        elif u.text:
            said.append((direction(u), u.text))
        marks += [(begin + a, "stress", u.text[a:b]) for a, b in u.emphasis]
        marks += [(begin + r.start, f"reading {r.ipa} {r.spoken}", u.text[r.start : r.end]) for r in u.readings]
        marks += [(begin + cue.at, cue.kind, cue.value) for cue in u.cues]
        begin += len(u.text)
        marks += [(begin, "pause", f"{u.pause_after:g}")] if u.pause_after else []
    return tuple(said), tuple(sorted(marks))
