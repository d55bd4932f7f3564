from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from paksatalker.core.engines import Message, Parts, Sampling

Reply = str | Exception | Callable[[str], str]


class ScriptedModel:
    """Answers with what a test says, in small parts, and remembers what it was asked."""

    name = "scripted"

    def __init__(self, replies: Iterable[Reply]) -> None:
        self.replies = iter(replies)
        self.asked: list[str] = []
        self.systems: list[str] = []
        self.samplings: list[Sampling] = []
        self.schemas: list[type[BaseModel]] = []
        self.stopped = 0

    def stream(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        self.systems.append(messages[0]["content"])
        self.asked.append(messages[-1]["content"])
        self.samplings.append(sampling)
        self.schemas.append(schema)
        reply = next(self.replies)
        if isinstance(reply, Exception):
            raise reply
        text = reply if isinstance(reply, str) else reply(self.asked[-1])
        try:
            for start in range(0, len(text), 7):
                yield text[start : start + 7]
        finally:
            self.stopped += 1

    def close(self) -> None:
        """Nothing to end."""


def listed(*sentences: str, **more: Any) -> str:
    return json.dumps({"sentences": list(sentences), **more}, ensure_ascii=False)


@pytest.fixture
def scripted() -> type[ScriptedModel]:
    return ScriptedModel


def named(*sentences: str) -> str:
    return json.dumps({f"s{number}": sentence for number, sentence in enumerate(sentences, 1)}, ensure_ascii=False)


@pytest.fixture
def anew() -> Callable[..., str]:
    """An answer to sentences that are to be written anew."""
    return named


@pytest.fixture
def answer() -> Callable[..., str]:
    return listed
