"""Language models behind OpenAI's protocol: vLLM, Ollama, DashScope, and our own server."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from paksatalker.config.settings import Settings, get_settings
from paksatalker.core.engines import Message, Parts, Sampling
from paksatalker.errors import SettingsInvalid, WriterUnreachable, WritingFailed

if TYPE_CHECKING:
    from openai import OpenAI

_log = logging.getLogger(__name__)

_TRIES = 2  # again after the first, for what may pass: a busy server, a broken connection
_LONGEST_SEED = 0x7FFFFFFF
_LONGEST_REASON = 200
_CUT_OFF = "does not match the expected"
_NO_KEY = "none"  # the client insists on one


class ChatClient:
    """Asks one server; what goes wrong becomes a :class:`~paksatalker.errors.WriterUnreachable`.

    Args:
        url: Address of the server, up to ``/v1``.
        key: Its key; never part of a message.
        model: Name of the model; empty takes the first that the server lists.
        timeout: Longest wait for the next word, seconds.
        local: Whether it is our own server: proxies are passed by.
    """

    def __init__(self, url: str, key: str, model: str, timeout: float, *, local: bool = False) -> None:
        self._url, self._key, self._model, self._timeout, self._local = url, key, model, timeout, local
        self._client: OpenAI | None = None
        self._schemas = True  # whether the server takes JSON schemas

    @property
    def model(self) -> str:
        """Name of the model.

        Raises:
            WriterUnreachable: The server does not tell.
        """
        if not self._model:
            from openai import OpenAIError

            try:
                self._model = next((found.id for found in self._connected().models.list()), "")
            except (OpenAIError, ValueError) as error:
                raise self._translated(error) from None
            if not self._model:
                raise self._unreachable("it lists no model", "Set PAKSATALKER_LLM_MODEL")
        return self._model

    def stream(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        """See :class:`~paksatalker.core.engines.LanguageModel`."""
        from openai import OpenAIError

        try:
            yield from self._answered(messages, schema, sampling)
        except (OpenAIError, ValueError) as error:
            if self._local and _CUT_OFF in str(error):
                return  # llama.cpp says so of an answer that reached its longest; whoever asked sees what is missing
            raise self._translated(error) from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2"):
                raise self._translated(error) from None
            raise

    def _answered(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        from openai import BadRequestError, UnprocessableEntityError

        try:
            answer = self._ask(messages, schema, sampling)
        except (BadRequestError, UnprocessableEntityError) as error:
            if not self._schemas or not _is_about_format(str(error)):
                raise
            _log.info("%s takes no JSON schema: asking for JSON, which is validated here", self._host)
            self._schemas = False
            answer = self._ask(messages, schema, sampling)
        with answer:
            for choice in (choice for chunk in answer for choice in chunk.choices[:1]):
                if choice.delta.content:
                    yield choice.delta.content
                if choice.finish_reason == "content_filter":
                    raise WritingFailed(
                        f"{self._host} did not write the text", "its own filter stopped it", "Change the brief"
                    )

    def close(self) -> None:
        """Closes its connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ask(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Any:
        form: dict[str, Any] = {"type": "json_object"}
        if self._schemas:
            described = {"name": schema.__name__, "schema": schema.model_json_schema(), "strict": True}
            form = {"type": "json_schema", "json_schema": described}
        asked: list[Any] = [dict(message) for message in messages]
        penalties = {"frequency_penalty": sampling.penalty, "presence_penalty": sampling.penalty}
        create: Any = self._connected().chat.completions.create  # whose types are unions of closed dicts
        return create(
            model=self.model,
            messages=asked,
            response_format=form,
            temperature=sampling.temperature,
            seed=sampling.seed & _LONGEST_SEED,
            max_tokens=sampling.max_tokens,
            stream=True,
            **(penalties if sampling.penalty else {}),
            **({"extra_body": {"cache_prompt": not sampling.fresh}} if self._local else {}),
        )

    def _connected(self) -> OpenAI:
        if self._client is None:
            from openai import DefaultHttpxClient, OpenAI

            self._client = OpenAI(
                base_url=self._url,
                api_key=self._key or _NO_KEY,
                timeout=self._timeout,
                max_retries=0 if self._local else _TRIES,
                http_client=DefaultHttpxClient(trust_env=not self._local),
            )
        return self._client

    @property
    def _host(self) -> str:
        parts = urlsplit(self._url)
        return parts.hostname or "the server" if parts.port is None else f"{parts.hostname}:{parts.port}"

    def _translated(self, error: Exception) -> WriterUnreachable:
        import openai

        status = getattr(error, "status_code", None)
        if isinstance(error, openai.APITimeoutError) or "Timeout" in type(error).__name__:
            why = f"it said nothing for {self._timeout:g} s"
            return self._unreachable(why, "Try again, or set PAKSATALKER_LLM_TIMEOUT to more seconds")
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__ or error
            return self._unreachable(self._clean(cause), "Start the server, or correct PAKSATALKER_LLM_URL")
        if status in (401, 403):
            return self._unreachable("it refuses the key", "Set PAKSATALKER_LLM_API_KEY to a key that it accepts")
        if status == 404:
            why = f"it has no model '{self._model}' at this address"
            return self._unreachable(why, "Correct PAKSATALKER_LLM_URL and PAKSATALKER_LLM_MODEL")
        if status == 429:
            return self._unreachable("it is busy or the quota is used up (429)", "Wait a while and try again")
        if status is not None:
            return self._unreachable(f"it answered {status}: {self._clean(error)}", "Look at the server's own log")
        return self._unreachable(f"its answer cannot be read ({self._clean(error)})", "Check PAKSATALKER_LLM_URL")

    def _clean(self, error: BaseException) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        return (text.replace(self._key, "***") if self._key else text)[:_LONGEST_REASON].rstrip(".")

    def _unreachable(self, why: str, fix: str) -> WriterUnreachable:
        return WriterUnreachable(f"the language model at {self._host} cannot be used", why, fix)


class RemoteModel:
    """The model at ``PAKSATALKER_LLM_URL``.

    Args:
        settings: Where it is; None reads the environment.

    Raises:
        SettingsInvalid: The address is none.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or get_settings()
        url = urlsplit(settings.llm_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise SettingsInvalid(
                "PAKSATALKER_LLM_URL cannot be used", "it is no http or https address", "Give one that ends in /v1"
            )
        key = settings.llm_api_key.get_secret_value()
        self._chat = ChatClient(settings.llm_url, key, settings.llm_model, settings.llm_timeout)

    @property
    def name(self) -> str:
        """Which model it is."""
        return self._chat.model

    def stream(self, messages: Sequence[Message], schema: type[BaseModel], sampling: Sampling) -> Parts:
        """See :class:`~paksatalker.core.engines.LanguageModel`."""
        return self._chat.stream(messages, schema, sampling)

    def close(self) -> None:
        """Closes its connections."""
        self._chat.close()


def _is_about_format(message: str) -> bool:
    return any(word in message.lower() for word in ("response_format", "json_schema", "schema", "grammar"))
