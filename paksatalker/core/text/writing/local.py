"""Qwen in this process, by transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import BaseModel

from paksatalker.config.settings import Settings, get_settings
from paksatalker.core.engines import Message, Parts, Sampling
from paksatalker.errors import EngineUnavailable
from paksatalker.models.qwen.in_process import ChatModel


class LocalModel:
    """The model folder at ``PAKSATALKER_QWEN_MODEL_PATH``, loaded when the first question is asked.

    Args:
        settings: None reads the environment.

    Raises:
        EngineUnavailable: No folder is named.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        folder = (settings or get_settings()).qwen_model_path
        if folder is None:
            raise EngineUnavailable(
                "the writer engine 'transformers' cannot run",
                "PAKSATALKER_QWEN_MODEL_PATH is not set",
                "Set it to a model's folder, see docs/writing.md",
            )
        self._folder = folder.expanduser()
        self._model: ChatModel | None = None

    @property
    def name(self) -> str:
        """Which model it is."""
        return self._folder.name

    def stream(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        """See :class:`~paksatalker.core.engines.LanguageModel`. The schema is described to the model."""
        if self._model is None:
            self._model = ChatModel(self._folder)
        form = json.dumps(schema.model_json_schema(), ensure_ascii=False)
        first, *rest = messages
        told = {**first, "content": f"{first['content']}\nThe JSON must follow this JSON schema: {form}"}
        yield from self._model.stream(
            [told, *rest],
            temperature=sampling.temperature,
            seed=sampling.seed,
            max_tokens=sampling.max_tokens,
            penalty=sampling.penalty,
        )

    def close(self) -> None:
        """Lets go of the model."""
        self._model = None
