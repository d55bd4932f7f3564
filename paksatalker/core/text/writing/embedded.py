"""Qwen on this computer: a GGUF file in a server of our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from paksatalker.config.settings import Settings, get_settings
from paksatalker.core.engines import Message, Parts, Sampling
from paksatalker.core.text.registry import QWEN
from paksatalker.core.text.writing.remote import ChatClient
from paksatalker.models.base import WeightsStore
from paksatalker.models.qwen.server import ModelServer

#: A slow computer may take minutes to read a long document before the first word comes, seconds.
_PATIENCE = 600.0


class EmbeddedModel:
    """A GGUF file, loaded when the first question is asked.

    Args:
        store: Where the model is, unless the settings name a file.
        settings: None reads the environment.
    """

    def __init__(self, store: WeightsStore | None = None, settings: Settings | None = None) -> None:
        self._settings = settings or get_settings()
        self._store = store
        self._server: ModelServer | None = None
        self._chat: ChatClient | None = None

    @property
    def name(self) -> str:
        """Which model it is."""
        path = self._settings.qwen_model_path
        return QWEN if path is None else path.stem

    def stream(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        """See :class:`~paksatalker.core.engines.LanguageModel`."""
        yield from self._started().stream(messages, schema, sampling)

    def close(self) -> None:
        """Ends the server."""
        if self._chat is not None:
            self._chat.close()
        if self._server is not None:
            self._server.close()
        self._chat = self._server = None

    def _started(self) -> ChatClient:
        if self._chat is None or self._server is None or not self._server.alive:
            self.close()
            self._server = ModelServer(self._file())
            self._chat = ChatClient(self._server.url, self._server.key, self.name, _PATIENCE, local=True)
        return self._chat

    def _file(self) -> Path:
        if self._settings.qwen_model_path is not None:
            return self._settings.qwen_model_path.expanduser()
        return (self._store or WeightsStore(self._settings.weights)).path(QWEN)
