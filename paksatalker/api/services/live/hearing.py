"""Listens to a microphone: who begins to speak is noticed at once, and understood when they have finished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr

from paksatalker.api.errors import ApiError
from paksatalker.api.models.live import Listen
from paksatalker.api.services.live.line import Line, told
from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.recognising import EarPool, Transcript
from paksatalker.api.services.streaming import Busy
from paksatalker.core.audio.recording import SPEECH_RATE
from paksatalker.core.audio.turns import TurnBegan, TurnDetector, TurnEnded
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import PaksaTalkerError

_log = logging.getLogger(__name__)
_WAITING = 4  # turns that wait to be understood
_SURE = 0.8  # probability from which a language is believed …
_LONG = 1.5  # … if so much was said, seconds

#: Called when somebody begins to speak.
Began = Callable[[], Awaitable[None]]
#: Called with the id of a turn and what was understood.
Understood = Callable[[str, Transcript], Awaitable[None]]


class _Microphone:
    """Turns in the sound of one microphone."""

    def __init__(self, listen: Listen) -> None:
        self._detector = TurnDetector(silence=listen.silence)
        self._rate = 0
        self._resampler: Any = None

    def feed(self, samples: FloatArray, rate: int) -> list[TurnBegan | TurnEnded]:
        if rate != self._rate:
            self._rate = rate
            self._resampler = None if rate == SPEECH_RATE else soxr.ResampleStream(rate, SPEECH_RATE, 1, "float32")
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return self._detector.feed(samples)

    def finish(self) -> list[TurnBegan | TurnEnded]:
        return self._detector.finish()


@dataclass(slots=True)
class Hearing:
    """Listens for one session, once it is told to.

    Attributes:
        line: To the client.
        tenant_id: Whose session it is.
        ears: Understand.
        measures: Told how it goes.
        began: Called when somebody begins to speak.
        understood: Called with what they said.
    """

    line: Line
    tenant_id: str
    ears: EarPool
    measures: LiveMeasures
    began: Began
    understood: Understood
    listen: Listen | None = None
    """How it listens; None while it does not."""
    _microphone: _Microphone | None = None
    _turns: asyncio.Queue[tuple[str, TurnEnded, Listen]] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    _count: int = 0
    _language: str | None = None

    async def start(self, listen: Listen) -> None:
        """Begins to listen.

        Raises:
            EngineUnavailable: Nothing here understands speech; the message says how to get it.
        """
        await asyncio.to_thread(self.ears.check)
        self.listen, self._microphone = listen, _Microphone(listen)
        self._language = None if listen.language == "auto" else listen.language
        await self.line.send({"type": "listening", **listen.model_dump(exclude={"type"})})

    async def stop(self) -> None:
        """Ends listening; what was being said is still understood."""
        listen, microphone = self.listen, self._microphone
        self.listen, self._microphone = None, None
        if listen is not None and microphone is not None:
            await self._happened(await asyncio.to_thread(microphone.finish), listen)
            await self.line.send({"type": "muted"})

    async def pcm(self, data: bytes) -> None:
        """Takes sound that came as 16 bits, little-endian, mono."""
        if self.listen is not None and self.listen.source == "socket":
            samples = np.frombuffer(data, "<i2", len(data) // 2).astype(np.float32) / 32768.0
            await self._hear(samples, self.listen.sample_rate)

    async def track(self, samples: FloatArray, rate: int) -> None:
        """Takes sound of the WebRTC connection."""
        if self.listen is not None and self.listen.source == "webrtc":
            await self._hear(samples, rate)

    async def run(self) -> None:
        """Understands what was said, turn by turn, until it is cancelled."""
        while True:
            await self._understand(*await self._turns.get())

    # --- turns -------------------------------------------------------------------------------------------------------
    async def _hear(self, samples: FloatArray, rate: int) -> None:
        listen, microphone = self.listen, self._microphone
        if listen is not None and microphone is not None:
            await self._happened(await asyncio.to_thread(microphone.feed, samples, rate), listen)

    async def _happened(self, events: list[TurnBegan | TurnEnded], listen: Listen) -> None:
        for event in events:
            if isinstance(event, TurnBegan):
                self._count += 1
                if listen.barge_in:
                    await self.began()
                await self.line.send({"type": "speech.begin", "id": self._id, "at": round(event.start, 3)})
                continue
            await self.line.send({"type": "speech.end", "id": self._id, "at": round(event.end, 3)})
            try:
                self._turns.put_nowait((self._id, event, listen))
            except asyncio.QueueFull:
                error = {"code": "TooBusy", "message": "too much waits to be understood already"}
                await self.line.refuse(error, self._id)

    @property
    def _id(self) -> str:
        return f"turn-{self._count}"

    async def _understand(self, name: str, turn: TurnEnded, listen: Listen) -> None:
        time = asyncio.get_running_loop().time
        began = time()
        try:
            transcript = await self._recognised(turn)
        except (PaksaTalkerError, ApiError) as error:
            return await self._failed(name, told(error))
        except Busy:
            return await self._failed(name, {"code": "TooBusy", "message": "too much is being understood"})
        except Exception:  # noqa: BLE001  (the session goes on)
            _log.exception("a turn was not understood")
            return await self._failed(name, {"code": "Internal", "message": "it could not be understood"})
        self.measures.recognition.observe(time() - began)
        self.measures.turns.labels("understood" if transcript.text else "empty").inc()
        if transcript.sure >= _SURE and turn.end - turn.start >= _LONG:
            self._language = self._language or transcript.language
        await self.line.send(
            {"type": "transcript", "id": name, "text": transcript.text, "language": transcript.language, "final": True}
        )
        if transcript.text and listen.answer:
            await self.understood(name, transcript)
        return None

    async def _recognised(self, turn: TurnEnded) -> Transcript:
        language = self._language
        stream = self.ears.start(self.tenant_id, lambda ear, _: iter([ear.understand(turn.samples, language)]))
        try:
            async for transcript in stream:
                return transcript
        finally:
            stream.stop()
        raise RuntimeError("nothing came")

    async def _failed(self, name: str, error: dict[str, str]) -> None:
        self.measures.turns.labels("failed").inc()
        await self.line.refuse(error, name)
