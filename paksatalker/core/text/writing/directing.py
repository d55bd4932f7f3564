"""Directs a plain text: emotions, stress, pauses and gestures, without changing a word.

The model never writes the text. It answers with choices out of closed lists, sentence by sentence, and the markup is
put around the unchanged text here. That nothing changed is checked all the same, by reading the markup back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from paksatalker.core.engines import Sampling
from paksatalker.core.text.markup import parse_markup
from paksatalker.core.text.mood import mood_of
from paksatalker.core.text.script import Script
from paksatalker.core.text.serialise import serialise
from paksatalker.core.text.writing import prompts, schemas
from paksatalker.core.text.writing.asking import Desk
from paksatalker.core.text.writing.script_rephrasing import sentences_of
from paksatalker.core.timeline import StageCue, Utterance
from paksatalker.errors import WritingFailed

_BATCH = 5  # sentences directed at once
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORTEST = 3  # letters of a word that can be stressed
_APART = 2  # sentences from one gesture to the next, at least

#: Called with the number of sentences that are directed.
Told = Callable[[int], None]


def direct_by_model(desk: Desk, script: Script, told: Told | None = None) -> Script:
    """Adds direction to the parts of a script that have none.

    Args:
        desk: Where the model is asked.
        script: A script; plain prose is one.
        told: Called after each batch.

    Returns:
        The same text. Emotions, stress and gestures that the script has already are kept.

    Raises:
        WritingFailed: The model's choices were not valid, twice.
    """
    performance = _Performance()
    done = 0
    for batch in _batches(script):
        texts = [" ".join(piece.text.split()) for piece in batch]
        answer = desk.answer(
            prompts.direction(texts), schemas.directions([_words(t) for t in texts]), Sampling(max_tokens=1024)
        )
        choices = answer.model_dump()
        for number, piece in enumerate(batch, 1):
            performance.add(piece, choices[f"s{number}"])
        done += len(batch)
        if told:
            told(done)
    return Script(tuple(performance.utterances))


def direct_by_lexicon(script: Script) -> Script:
    """Gives each sentence the emotion that its words and marks show; no model is needed."""
    performance = _Performance()
    for piece in (piece for batch in _batches(script) for piece in batch):
        emotion, intensity = mood_of(piece.text)
        performance.add(piece, {"emotion": emotion, "intensity": intensity})
    return Script(tuple(performance.utterances))


def written(directed: Script, original: Script) -> str:
    """The markup of a directed script.

    Raises:
        WritingFailed: Read back, it would not say exactly what the original says.
    """
    markup = serialise(directed)
    if parse_markup(markup).text != original.text:
        raise WritingFailed(
            "the text was not directed",
            "reading the markup back gives other words",
            "Please report this text as a defect",
        )
    return markup


class _Performance:
    """Puts choices around sentences."""

    def __init__(self) -> None:
        self.utterances: list[Utterance] = []
        self._since_gesture = _APART

    def add(self, piece: Utterance, choice: dict[str, object]) -> None:
        """Adds a sentence."""
        emotion = str(choice.get("emotion", "neutral"))
        changes: dict[str, object] = {}
        if piece.emotion == "neutral" and emotion != "neutral":
            intensity = choice.get("intensity", schemas.STRENGTHS.get(str(choice.get("strength")), 1.0))
            changes |= {"emotion": emotion, "intensity": intensity}
        if not piece.emphasis and (span := _span(piece.text, str(choice.get("stress", "")))):
            changes["emphasis"] = (span,)
        pause = schemas.PAUSES.get(str(choice.get("pause")))
        if pause is not None and not piece.pause_after:
            changes["pause_after"] = pause
        self._since_gesture += 1
        gesture = str(choice.get("gesture", "none"))
        if gesture != "none" and not piece.cues and self._since_gesture > _APART:
            self._since_gesture = 0
            start = len(piece.text) - len(piece.text.lstrip())
            changes["cues"] = (StageCue(start, "gesture", gesture),)
        self.utterances.append(replace(piece, **changes))  # type: ignore[arg-type]  # fields by name


def _batches(script: Script) -> Iterator[list[Utterance]]:
    batch: list[Utterance] = []
    for piece in (piece for utterance in script.utterances for piece in sentences_of(utterance)):
        batch.append(piece)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _words(text: str) -> Sequence[str]:
    return [word for word in dict.fromkeys(_WORD.findall(text)) if len(word) >= _SHORTEST]


def _span(text: str, word: str) -> tuple[int, int] | None:
    """Where a word stands, the last time."""
    spans = [match.span() for match in _WORD.finditer(text) if match[0] == word]
    return spans[-1] if word and spans else None
