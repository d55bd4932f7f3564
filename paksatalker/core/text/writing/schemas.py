"""What answers of the language model look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from paksatalker.core.timeline import EMOTIONS

#: Gestures that a director may ask for; ``none`` is no gesture.
GESTURES: tuple[str, ...] = ("none", "nod", "wave", "point", "open_hands", "count", "shrug", "shake_head")
#: Pauses after a sentence, in seconds; None leaves it to the text.
PAUSES: dict[str, float | None] = {"normal": None, "long": 0.8, "dramatic": 1.4}
#: How much of an emotion is shown.
STRENGTHS: dict[str, float] = {"slightly": 0.4, "clearly": 0.7, "strongly": 1.0}


class Answer(BaseModel):
    """Base of all answers: nothing but what is asked for."""

    model_config = ConfigDict(extra="forbid")


def sentences(least: int, most: int) -> type[Answer]:
    """An answer with that many sentences.

    There is no longest length of a sentence: a model that is held to one stops in the middle of a word.
    """
    kind = Annotated[list[str], Field(min_length=least, max_length=most)]
    return create_model("Sentences", __base__=Answer, sentences=(kind, ...))


def named(count: int) -> type[Answer]:
    """An answer with a sentence for each of so many given ones, in fields ``s1``, ``s2`` and so on.

    A small model keeps to sentences that have names; of a list it makes as many as it likes.
    """
    fields: dict[str, Any] = dict.fromkeys(names(count), (str, ...))
    return create_model("NamedSentences", __base__=Answer, **fields)


def names(count: int) -> list[str]:
    """What so many sentences are called."""
    return [f"s{number}" for number in range(1, count + 1)]


def directions(words: Sequence[Sequence[str]]) -> type[Answer]:
    """An answer with the direction of some sentences, in fields ``s1``, ``s2`` and so on.

    Args:
        words: Of each sentence, those that may be stressed.
    """
    fields: dict[str, Any] = {}
    for number, choices in enumerate(words, 1):
        kinds: dict[str, Any] = {
            "emotion": Literal[EMOTIONS],
            "strength": Literal[tuple(STRENGTHS)],
            "stress": Literal[("", *dict.fromkeys(choices))],
            "pause": Literal[tuple(PAUSES)],
            "gesture": Literal[GESTURES],
        }
        required: dict[str, Any] = {name: (kind, ...) for name, kind in kinds.items()}
        direction = create_model(f"Direction{number}", __base__=Answer, **required)
        fields[f"s{number}"] = (direction, ...)
    return create_model("Directions", __base__=Answer, **fields)
