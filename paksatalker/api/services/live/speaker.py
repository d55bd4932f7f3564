"""Says what there is to say, one utterance after another, and stops when it is told to."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import WebSocketDisconnect

from paksatalker.api.errors import ApiError
from paksatalker.api.models.live import Say, Start
from paksatalker.api.models.openai import STOCK_VOICES
from paksatalker.api.services.live.coding import SoundCoder, coder_of
from paksatalker.api.services.live.line import Line, Unread
from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.live.sound import RATE
from paksatalker.api.services.live.video import LiveVideo, Place
from paksatalker.api.services.speaking import SpeechPool
from paksatalker.api.services.streaming import Busy
from paksatalker.api.services.talking import spoken, talked
from paksatalker.api.services.writing import WriterPool
from paksatalker.core.engines import Message
from paksatalker.core.request import SpeechRequest
from paksatalker.errors import PaksaTalkerError

_log = logging.getLogger(__name__)
_LEAD = 2.0  # seconds that are sent before they are due: enough to never run dry, little to throw away
_REMEMBERED = 20  # messages of a chat
_WAITING = 32  # utterances


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
class _Saying:
    """An utterance.

    Attributes:
        said: What.
        how: In which way.
        asked: When it was asked for; 0 once its first sound is known.
        pace: Of what is sent.
        failed: Whether something went wrong.
        coder: Encodes what is sent, once something is; None sends PCM.
    """

    said: Say
    how: Start
    asked: float
    pace: _Pace = field(default_factory=_Pace)
    failed: bool = False
    coder: SoundCoder | None = None

    def close(self) -> None:
        """Lets go of what encodes it."""
        if self.coder is not None:
            self.coder.close()


@dataclass(slots=True)
class Speaker:
    """Speaks for one session.

    Attributes:
        line: To the client.
        tenant_id: Whose session it is.
        pool: Speaks.
        writers: Answer in a chat.
        measures: Told how it goes.
        voice: The name by which the pool knows a voice that the client names: it may be one of the tenant's own.
        how: In which way utterances are said from now on.
        video: Where they are seen; without one the client draws the face.
    """

    line: Line
    tenant_id: str
    pool: SpeechPool
    writers: WriterPool
    measures: LiveMeasures
    voice: Callable[[str], Awaitable[str]]
    how: Start = field(default_factory=lambda: Start.model_validate({"type": "start"}))
    video: LiveVideo | None = None
    _history: list[Message] = field(default_factory=list)
    _waiting: asyncio.Queue[tuple[Say, float]] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    _current: asyncio.Task[None] | None = None
    _saying: _Saying | None = None

    @property
    def busy(self) -> bool:
        """Whether something is said, or waits to be."""
        return self._saying is not None or not self._waiting.empty()

    def put(self, said: Say) -> None:
        """Has a text said when it is its turn.

        Raises:
            ApiError: Too much waits.
        """
        try:
            self._waiting.put_nowait((said, asyncio.get_running_loop().time()))
        except asyncio.QueueFull:
            raise ApiError(429, "TooBusy", "too much waits to be said already") from None

    async def run(self) -> None:
        """Speaks until it is cancelled."""
        try:
            while True:
                said, asked = await self._waiting.get()
                self._saying = _Saying(said, self.how, asked)
                self._current = asyncio.create_task(self._speak(self._saying))
                await asyncio.wait({self._current})
                self._saying.close()
                if not self._current.cancelled():
                    self._current.result()
                self._saying = None
        finally:
            if self._current is not None and not self._current.done():
                self._current.cancel()
                await asyncio.wait({self._current})

    async def interrupt(self) -> list[str]:
        """Stops at once, and forgets what waits: returns the ids of that."""
        dropped = []
        with suppress(asyncio.QueueEmpty):
            while True:
                dropped.append(self._waiting.get_nowait()[0].id)
        task, saying = self._current, self._saying
        if task is not None and saying is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})
            self.measures.utterances.labels("interrupted").inc()
            await self.line.send({"type": "utterance.end", "id": saying.said.id, "interrupted": True})
        return dropped

    # --- an utterance ------------------------------------------------------------------------------------------------
    async def _speak(self, saying: _Saying) -> None:
        said = saying.said
        await self.line.send({"type": "utterance.begin", "id": said.id})
        try:
            if saying.how.mode == "echo":
                await self._say(said.text, saying)
            else:
                await self._answer(saying)
            await self._finish(saying)
        except PaksaTalkerError as error:
            await self._failed(saying, error.to_dict())
        except ApiError as error:
            await self._failed(saying, {"code": error.code, "message": f"{error.what}: {error.why}", "fix": error.fix})
        except Busy:
            await self._failed(saying, {"code": "TooBusy", "message": "too much is being spoken, try again"})
        except (WebSocketDisconnect, Unread):
            raise
        except asyncio.CancelledError:
            if self.video is not None:
                self.video.cut()
            raise
        except Exception:  # noqa: BLE001  (the session goes on)
            _log.exception("a live utterance failed")
            await self._failed(saying, {"code": "Internal", "message": "it could not be spoken"})
        self.measures.utterances.labels("failed" if saying.failed else "whole").inc()
        await self.line.send({"type": "utterance.end", "id": said.id, "interrupted": False})

    async def _finish(self, saying: _Saying) -> None:
        """Sends the rest of the sound, or waits until it was seen."""
        if saying.coder is not None:
            await self.line.send_rest(saying.coder, saying.said.id, saying.how, saying.pace.frames)
        if self.video is not None:
            await self.video.said()

    async def _failed(self, saying: _Saying, error: dict[str, str]) -> None:
        saying.failed = True
        await self.line.refuse(error, saying.said.id)

    async def _answer(self, saying: _Saying) -> None:
        """Speaks each sentence of the answer while the next is written."""
        how = saying.how
        history = self._asked(saying.said.text)
        language = "" if how.language == "auto" else how.language
        stream = self.writers.start(
            self.tenant_id,
            lambda writers, _: writers.get("auto").reply(
                history, persona=how.persona, language=language, seed=how.seed
            ),
        )
        told: list[str] = []
        try:
            async for sentence in stream:
                told.append(sentence)
                await self.line.send({"type": "reply", "id": saying.said.id, "text": sentence})
                await self._say(sentence, saying)
        finally:
            stream.stop()
            if told:
                self._history.append({"role": "assistant", "content": json.dumps({"sentences": told})})
            del self._history[:-_REMEMBERED]

    def _asked(self, text: str) -> list[Message]:
        """What was said so far, with this. Who went on before there was an answer has said one thing."""
        if self._history and self._history[-1]["role"] == "user":
            text = f"{self._history.pop()['content']} {text}"
        self._history.append({"role": "user", "content": text})
        return list(self._history)

    async def _say(self, text: str, saying: _Saying) -> None:
        how = saying.how
        request = SpeechRequest(
            text=text, markup=saying.said.markup,
            voice=await self.voice(STOCK_VOICES.get(how.voice.lower(), how.voice)),
            language=how.language, speed=how.speed, emotion=how.emotion, seed=how.seed,
        )  # fmt: skip
        if self.video is not None and not self.video.over:
            await self._show(request, saying, self.video)
        else:
            await self._send(request, saying)

    async def _show(self, request: SpeechRequest, saying: _Saying, video: LiveVideo) -> None:
        """Has the portrait speak."""
        stream = self.pool.start(
            self.tenant_id, lambda pipeline, cancel: spoken(pipeline, request, video.fps, RATE, cancel)
        )
        place = Place()
        try:
            await video.shown()
            async for piece in stream:
                delay = video.say(piece.speech, piece.sound, place)
                if piece.words:
                    self._first_sound(saying, delay + piece.speech.start)
                    message = {"type": "words", "id": saying.said.id, "delay": round(delay, 3), "words": piece.words}
                    await self.line.send(message)
                await video.room(_LEAD)
        finally:
            stream.stop()

    async def _send(self, request: SpeechRequest, saying: _Saying) -> None:
        """Sends sound and coefficients."""
        how, pace = saying.how, saying.pace
        if saying.coder is None:
            saying.coder = coder_of(how.audio)
        stream = self.pool.start(self.tenant_id, lambda pipeline, cancel: talked(pipeline, request, how.fps, cancel))
        try:
            before = pace.frames
            async for chunk in stream:
                await self.line.send_chunk(chunk.shifted(before, how.fps), saying.said.id, how, saying.coder)
                self._first_sound(saying, 0.0)
                pace.frames += len(chunk.coefficients)
                await pace.after(chunk.seconds)
        finally:
            stream.stop()

    def _first_sound(self, saying: _Saying, delay: float) -> None:
        if saying.asked:
            self.measures.first_sound.observe(asyncio.get_running_loop().time() + delay - saying.asked)
            saying.asked = 0.0
