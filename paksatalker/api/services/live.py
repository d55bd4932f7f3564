"""A live session: texts come in, speech and face go out as they are made, and can be interrupted."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import struct
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from paksatalker.api.errors import ApiError, detail_of
from paksatalker.api.models.live import Interrupt, Say, Start, incoming
from paksatalker.api.models.openai import STOCK_VOICES
from paksatalker.api.services.limits import check_rate
from paksatalker.api.services.speaking import SpeechPool
from paksatalker.api.services.streaming import Busy
from paksatalker.api.services.talking import Chunk, talked
from paksatalker.api.services.writing import WriterPool
from paksatalker.core.engines import Message
from paksatalker.core.request import SpeechRequest
from paksatalker.core.timeline import ARKIT_NAMES
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.keys import Caller
from paksatalker.worker.main import Parts

_log = logging.getLogger(__name__)
_LEAD = 2.0  # seconds that are sent before they are due: enough to never run dry, little to throw away
_REMEMBERED = 20  # messages of a chat
_WAITING = 32  # utterances
_SEND_SECONDS = 30.0  # who reads no more is let go
_IDLE_SECONDS = 900.0
_LONGEST = 1 << 20  # characters of a message


class Overrun(Exception):
    """The client says nothing for too long, or too much at once."""


@dataclass(slots=True)
class _Pace:
    """Keeps what is sent a little ahead of what is due."""

    began: float | None = None
    sent: float = 0.0
    frames: int = 0

    async def after(self, seconds: float) -> None:
        """Waits, having sent so much more, until the next is wanted."""
        time = asyncio.get_running_loop().time()
        if self.began is None:
            self.began = time
        self.sent += seconds
        await asyncio.sleep(max(0.0, self.sent - (time - self.began) - _LEAD))


@dataclass(slots=True)
class Session:
    """One connection.

    Attributes:
        socket: Accepted.
        caller: Who speaks.
        parts: Of the service.
        pool: Speaks.
        writers: Answer in a chat.
    """

    socket: WebSocket
    caller: Caller
    parts: Parts
    pool: SpeechPool
    writers: WriterPool
    _history: list[Message] = field(default_factory=list)
    _how: Start = field(default_factory=lambda: Start.model_validate({"type": "start"}))
    _waiting: asyncio.Queue[Say] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    _current: asyncio.Task[None] | None = None
    _saying: Say | None = None

    async def run(self) -> None:
        """Serves until the client goes."""
        speaker = asyncio.create_task(self._speak_all())
        reader = asyncio.create_task(self._read_all())
        try:
            await self._send(self._ready())
            await asyncio.wait({speaker, reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = {task for task in (speaker, reader, self._current) if task is not None}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in (speaker, reader):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _ready(self) -> dict[str, Any]:
        how = self._how.model_dump(exclude={"type", "persona"})
        return {"type": "ready", **how, "coefficients": list(ARKIT_NAMES)}

    # --- what comes in -----------------------------------------------------------------------------------------------
    async def _read_all(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    text = await self.socket.receive_text()
            except TimeoutError:
                raise Overrun("nothing was said for too long") from None
            except KeyError:
                raise Overrun("messages are JSON, as text") from None
            if len(text) > _LONGEST:
                raise Overrun("the message is too long")
            try:
                await self._take(incoming.validate_json(text))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                place = ".".join(map(str, first["loc"]))
                await self._refuse("", {"code": "InvalidRequest", "message": f"{place}: {first['msg']}"})
            except ApiError as error:
                await self._refuse("", {"code": error.code, "message": f"{error.what}: {error.why}", "fix": error.fix})

    async def _take(self, message: Start | Say | Interrupt) -> None:
        if isinstance(message, Interrupt):
            await self._interrupt()
        elif isinstance(message, Start):
            self._how = message
            await self._send(self._ready())
        else:
            await check_rate(self.parts, self.caller)
            if len(message.text) > (most := self.parts.settings.speech_max_characters):
                why = f"{len(message.text)} characters, {most} are taken"
                return await self._refuse(message.id, {"code": "TextTooLong", "message": f"it is too long: {why}"})
            try:
                self._waiting.put_nowait(message)
            except asyncio.QueueFull:
                await self._refuse(message.id, {"code": "TooBusy", "message": "too much waits to be said already"})
        return None

    async def _interrupt(self) -> None:
        dropped = []
        with suppress(asyncio.QueueEmpty):
            while True:
                dropped.append(self._waiting.get_nowait().id)
        task, saying = self._current, self._saying
        if task is not None and saying is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})
            await self._send({"type": "utterance.end", "id": saying.id, "interrupted": True})
        await self._send({"type": "interrupted", "dropped": dropped})

    # --- what goes out -----------------------------------------------------------------------------------------------
    async def _speak_all(self) -> None:
        while True:
            self._saying = await self._waiting.get()
            self._current = asyncio.create_task(self._speak(self._saying, self._how))
            await asyncio.wait({self._current})
            if not self._current.cancelled():
                self._current.result()
            self._saying = None

    async def _speak(self, said: Say, how: Start) -> None:
        await self._send({"type": "utterance.begin", "id": said.id})
        pace = _Pace()
        try:
            if how.mode == "echo":
                await self._say(said.text, said, how, pace)
            else:
                await self._answer(said, how, pace)
        except PaksaTalkerError as error:
            await self._refuse(said.id, detail_of(error))
        except Busy:
            await self._refuse(said.id, {"code": "TooBusy", "message": "too much is being spoken, try again"})
        except (WebSocketDisconnect, TimeoutError, RuntimeError):
            raise
        except Exception:  # noqa: BLE001  (the session goes on)
            _log.exception("a live utterance failed")
            await self._refuse(said.id, {"code": "Internal", "message": "it could not be spoken"})
        await self._send({"type": "utterance.end", "id": said.id, "interrupted": False})

    async def _answer(self, said: Say, how: Start, pace: _Pace) -> None:
        """Speaks each sentence of the answer while the next is written."""
        self._history.append({"role": "user", "content": said.text})
        history = list(self._history)
        language = "" if how.language == "auto" else how.language
        stream = self.writers.start(
            self.caller.tenant_id,
            lambda writers, _: writers.get("auto").reply(
                history, persona=how.persona, language=language, seed=how.seed
            ),
        )
        spoken: list[str] = []
        try:
            async for sentence in stream:
                spoken.append(sentence)
                await self._send({"type": "reply", "id": said.id, "text": sentence})
                await self._say(sentence, said, how, pace)
        finally:
            stream.stop()
            self._history.append({"role": "assistant", "content": json.dumps({"sentences": spoken})})
            del self._history[:-_REMEMBERED]

    async def _say(self, text: str, said: Say, how: Start, pace: _Pace) -> None:
        request = SpeechRequest(
            text=text, markup=said.markup, voice=STOCK_VOICES.get(how.voice.lower(), how.voice),
            language=how.language, speed=how.speed, emotion=how.emotion, seed=how.seed,
        )  # fmt: skip
        stream = self.pool.start(
            self.caller.tenant_id, lambda pipeline, cancel: talked(pipeline, request, how.fps, cancel)
        )
        try:
            before = pace.frames
            async for chunk in stream:
                await self._send_chunk(chunk.shifted(before, how.fps), said.id, how)
                pace.frames += len(chunk.coefficients)
                await pace.after(chunk.seconds)
        finally:
            stream.stop()

    async def _send_chunk(self, chunk: Chunk, utterance: str, how: Start) -> None:
        values = asdict(chunk)
        pcm = values.pop("pcm")
        message = {"type": "chunk", "id": utterance, **values, "fps": how.fps}
        if how.audio == "base64":
            return await self._send(message | {"audio": base64.b64encode(pcm).decode()})
        head = json.dumps(message).encode()
        async with asyncio.timeout(_SEND_SECONDS):
            return await self.socket.send_bytes(struct.pack("<I", len(head)) + head + pcm)

    async def _refuse(self, utterance: str, error: dict[str, str]) -> None:
        await self._send({"type": "error", "id": utterance, "error": error})

    async def _send(self, message: dict[str, Any]) -> None:
        async with asyncio.timeout(_SEND_SECONDS):
            await self.socket.send_json(message)
