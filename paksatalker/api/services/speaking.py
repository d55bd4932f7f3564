"""Texts into sound while they are spoken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from paksatalker.api.models.openai import STOCK_MODELS, STOCK_VOICES, SpeechBody
from paksatalker.api.services.streaming import Pool
from paksatalker.core.engines import find, installed
from paksatalker.core.request import SpeechRequest
from paksatalker.core.text.mood import mood_of

if TYPE_CHECKING:
    from paksatalker.core.pipeline import Pipeline

SpeechPool = Pool["Pipeline"]
_KOKORO = "kokoro"


def speech_pool(slots: int) -> SpeechPool:
    """Pipelines that speak, made when they are needed.

    Args:
        slots: How many texts are spoken at a time; each keeps its own voices warm.
    """
    return Pool(_make, lambda pipeline: pipeline.close(), slots)


def _make() -> Pipeline:
    from paksatalker.core.pipeline import Pipeline  # heavy: not for an API that never speaks

    return Pipeline()


def speech_models() -> tuple[str, ...]:
    """Names for ``model`` that can speak here: OpenAI's, then our engines."""
    return (*STOCK_MODELS, *(info.name for info in installed("speech") if info.hindrance() is None))


def voice_of(body: SpeechBody) -> str:
    """Our voice for the caller's. OpenAI's names are Kokoro's where it can speak, else the engine's own voice."""
    stock = STOCK_VOICES.get(body.voice_name.lower())
    if stock is None:
        return body.voice_name
    kokoro = body.model in (*STOCK_MODELS, _KOKORO) and find("speech", _KOKORO).hindrance() is None
    return stock if kokoro else "auto"


def speech_request(body: SpeechBody) -> SpeechRequest:
    """What is asked of the pipeline.

    Raises:
        InvalidOption: A value cannot be used.
    """
    emotion, intensity = mood_of(body.instructions or "")
    return SpeechRequest(
        text=body.input, markup=False, voice=voice_of(body), speed=body.speed, language=body.language, seed=body.seed,
        emotion=emotion, emotion_intensity=intensity,
        speech_engine="auto" if body.model in STOCK_MODELS else body.model,
    )  # fmt: skip


def encoded(
    pipeline: Pipeline,
    request: SpeechRequest,
    format: str,  # noqa: A002  (the option's own name)
    cancel: threading.Event,
    engines: dict[str, str] | None = None,
) -> Iterator[bytes]:
    """Speaks a text into an encoded stream.

    Args:
        pipeline: Speaks.
        request: What.
        format: One of :data:`~paksatalker.core.audio.sound_stream.STREAM_FORMATS`.
        cancel: Set when it is not wanted any more.
        engines: Told the name of the engine that speaks.

    Yields:
        Some of the stream for every piece of speech.
    """
    from paksatalker.core.audio.sound_stream import sound_stream

    outlet = _Outlet()
    with ExitStack() as stack:
        source = pipeline.speech(request, cancel)
        if engines is not None:
            engines[source.stage] = source.engine
        sink = stack.enter_context(sound_stream(outlet, format))
        for piece in source.pieces():
            sink.write(piece.samples, piece.sample_rate)
            if data := outlet.taken():
                yield data
        sink.complete()
        yield outlet.taken()


class _Outlet:
    """Keeps bytes until they are taken."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes, /) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data
