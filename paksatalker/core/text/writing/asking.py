"""Asks the language model, and takes its answers apart while they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import takewhile
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from paksatalker.core.engines import LanguageModel, Message, Sampling
from paksatalker.core.text.writing import schemas
from paksatalker.errors import WritingFailed

Sentences = Generator[str, None, None]
AnswerT = TypeVar("AnswerT", bound=BaseModel)

_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_THINKING = re.compile(r"\s*(?:<(?:t(?:h(?:i(?:n(?:k(?:>.*)?)?)?)?)?)?)?", re.DOTALL)  # may still become a thought
_LONGEST = 200_000  # characters of an answer; a model that never ends is stopped


class Malformed(ValueError):
    """An answer is not what was asked for; the message says why."""


def read_sentences(parts: Iterator[str]) -> Iterator[str]:
    """The strings of ``{"sentences": [...]}``, each as soon as it is complete.

    What stands before the first brace (a thought, a fence, a preamble) is passed over.

    Raises:
        Malformed: The answer is no such JSON, or ends early; what was complete has been yielded by then.
    """
    schema = schemas.sentences(0, _LONGEST)
    return _read(parts, _listed, lambda document: schema.model_validate_json(document).model_dump()["sentences"])


def read_named(parts: Iterator[str], count: int) -> Iterator[str]:
    """The strings of ``{"s1": "…", "s2": "…"}`` in order, each as soon as it is complete.

    Raises:
        Malformed: The answer is no such JSON, or ends early; what was complete has been yielded by then.
    """
    schema, names = schemas.named(count), schemas.names(count)

    def so_far(found: dict[str, Any]) -> list[Any]:
        return list(takewhile(lambda value: isinstance(value, str), map(found.get, names)))

    return _read(parts, so_far, lambda document: list(schema.model_validate_json(document).model_dump().values()))


def _read(
    parts: Iterator[str], so_far: Callable[[dict[str, Any]], list[Any]], whole: Callable[[str], list[str]]
) -> Iterator[str]:
    """Strings of an answer while it comes.

    Args:
        parts: The answer.
        so_far: Finds those that are complete in a document that is not.
        whole: Finds all of them, or raises a ``ValidationError``.
    """
    text, given = "", 0
    for part in parts:
        text += part
        if len(text) > _LONGEST:
            raise Malformed("it does not end")
        if '"' in part:
            found = so_far(_partial(text))
            yield from found[given:]
            given = max(given, len(found))
    try:
        found = whole(_document(text))
    except ValidationError as error:
        raise Malformed(_reason(error)) from None
    yield from found[given:]


def _partial(text: str) -> dict[str, Any]:
    """What is complete of a document."""
    try:
        found = from_json(_document(text), allow_partial=True)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _listed(found: dict[str, Any]) -> list[Any]:
    listed = found.get("sentences")
    return [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []


def _document(text: str) -> str:
    """An answer without what stands around its JSON."""
    if thought := _THOUGHT.match(text):
        text = text[thought.end() :]
    elif _THINKING.fullmatch(text):
        return ""
    start = text.find("{")
    if start < 0:
        return ""
    end = text.rfind("}")
    fenced = end > start and text[end + 1 :].strip("` \n\r\t") == ""
    return text[start : end + 1] if fenced else text[start:]


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


class Desk:
    """Where questions are put to a model.

    Args:
        model: Answers.
        seed: Of the first question; each further one has its own.
    """

    def __init__(self, model: LanguageModel, seed: int) -> None:
        self._model = model
        self._seed = seed
        self._asked = 0

    def sentences(self, messages: Sequence[Message], least: int, most: int, sampling: Sampling) -> Sentences:
        """Asks for sentences and yields them as they are written.

        Raises:
            Malformed: The answer is no list of sentences; what was complete has been yielded by then.
        """
        parts = self._model.stream(messages, schemas.sentences(least, most), self._next(sampling))
        with closing(parts):
            yield from read_sentences(parts)

    def named(self, messages: Sequence[Message], count: int, sampling: Sampling) -> Sentences:
        """Asks for one sentence for each of ``count`` given ones and yields them as they are written.

        Raises:
            Malformed: The answer is none of that form; what was complete has been yielded by then.
        """
        parts = self._model.stream(messages, schemas.named(count), self._next(sampling))
        with closing(parts):
            yield from read_named(parts, count)

    def answer(self, messages: Sequence[Message], schema: type[AnswerT], sampling: Sampling) -> AnswerT:
        """Asks for one document; if it is not valid, once more.

        Raises:
            WritingFailed: The second answer was not valid either.
        """
        reason = ""
        for _ in range(2):
            parts = self._model.stream(messages, schema, self._next(sampling))
            with closing(parts):
                text = ""
                for part in parts:
                    text += part
                    if len(text) > _LONGEST:
                        break
            try:
                return schema.model_validate_json(_document(text))
            except ValidationError as error:
                reason = _reason(error)
        raise refusal(reason)

    def _next(self, sampling: Sampling) -> Sampling:
        self._asked += 1
        return replace(sampling, seed=self._seed * 1000 + self._asked, fresh=self._asked == 1)


def refusal(reason: str) -> WritingFailed:
    """The error for answers that were not as asked, twice."""
    return WritingFailed(
        "the language model did not write what was asked",
        f"asked again, its answer was still not usable ({reason})",
        "Try another --seed or brief, or a larger model: see docs/writing.md",
    )
