"""Listens to a microphone: who begins to speak is noticed at once, and understood when they have finished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from paksatalker.api.models.live import Listen
from paksatalker.api.services.live.line import Line, Overrun, told
from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.live.resampling import PromptResampler
from paksatalker.api.services.recognising import EarPool, Transcript
from paksatalker.api.services.streaming import Busy
from paksatalker.core.audio.turns import (
    TurnBegan,
    TurnDetector,
    TurnDropped,
    TurnEnded,
    TurnEvent,
    TurnHinted,
    TurnPaused,
)
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import PaksaTalkerError

_log = logging.getLogger(__name__)
_WAITING = 4  # turns that wait to be understood
_RECORDED, _FASTER = 60.0, 1.25  # seconds of sound that may come at once; seconds a second that may go on coming
_SURE = 0.8  # probability from which a language is believed …
_LONG = 1.5  # … if so much was said, seconds

#: Called when somebody begins to speak.
Began = Callable[[], Awaitable[None]]
#: Called when somebody may have begun to speak (True), and when that has proved true or false (False).
Hinted = Callable[[bool], None]
#: Called with the sound of a voice that is to be spoken with, [N] from -1 to 1, and its rate, Hz.
Voiced = Callable[[FloatArray, int], Awaitable[None]]
#: Called with the id of a turn and what was understood.
Understood = Callable[[str, Transcript], Awaitable[None]]


class _Microphone:
    """Turns in the sound of one microphone."""

    def __init__(self, listen: Listen) -> None:
        self._detector = TurnDetector(silence=listen.silence)
        self._rate = listen.sample_rate
        self._resampler = PromptResampler(listen.sample_rate)

    def feed(self, samples: FloatArray, rate: int) -> list[TurnEvent]:
        if rate != self._rate:
            self._rate, self._resampler = rate, PromptResampler(rate)
        return self._detector.feed(self._resampler.feed(samples))

    def finish(self) -> list[TurnEvent]:
        return self._detector.finish()


@dataclass(slots=True)
class _Budget:
    """Sound that may come: as much as passes in time, and what somebody had recorded before."""

    left: float = _RECORDED
    _at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def take(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        self.left = min(_RECORDED, self.left + _FASTER * (now - self._at)) - seconds
        self._at = now
        if self.left < 0:
            raise Overrun("more sound comes than time passes")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is to be understood."""

    name: str
    heard: TurnPaused | TurnEnded
    listen: Listen

    @property
    def whole(self) -> bool:
        return isinstance(self.heard, TurnEnded)


@dataclass(slots=True)
class Hearing:
    """Listens for one session, once it is told to.

    Attributes:
        line: To the client.
        tenant_id: Whose session it is.
        ears: Understand.
        measures: Told how it goes.
        hinted: Called when somebody may have begun to speak, and when it is known.
        began: Called when somebody begins to speak.
        understood: Called with what they said.
        voiced: Called with a voice that the face is to speak with.
    """

    line: Line
    tenant_id: str
    ears: EarPool
    measures: LiveMeasures
    hinted: Hinted
    began: Began
    understood: Understood
    voiced: Voiced
    listen: Listen | None = None
    """How it listens; None while it does not."""
    _microphone: _Microphone | None = None
    _turns: asyncio.Queue[_Turn | None] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    _partial: tuple[str, float, Transcript] | None = None
    _feeding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _budget: _Budget = field(default_factory=_Budget)
    _count: int = 0
    _language: str | None = None

    async def start(self, listen: Listen) -> None:
        """Begins to listen.

        Raises:
            EngineUnavailable: Nothing here understands speech; the message says how to get it.
        """
        self.hinted(False)
        turns = listen.use == "turns"
        if turns:
            await asyncio.to_thread(self.ears.check)
        self.listen, self._microphone = listen, _Microphone(listen) if turns else None
        self._language = None if listen.language == "auto" else listen.language
        if turns:
            with suppress(asyncio.QueueFull):
                self._turns.put_nowait(None)
        await self.line.send({"type": "listening", **listen.model_dump(exclude={"type"})})

    async def stop(self) -> None:
        """Ends listening; what was being said is still understood."""
        listen, microphone = self.listen, self._microphone
        self.listen, self._microphone = None, None
        self.hinted(False)
        if listen is not None and microphone is not None:
            async with self._feeding:  # the track of a connection has its own task
                events = await asyncio.to_thread(microphone.finish)
            await self._happened(events, listen)
        if listen is not None:
            await self.line.send({"type": "muted"})

    async def give_up(self, error: dict[str, str]) -> None:
        """Ends listening because of an error; what was being said is forgotten.

        Args:
            error: ``code``, ``message`` and what else there is.
        """
        if self.listen is None:
            return
        self.listen, self._microphone = None, None
        self.hinted(False)
        await self.line.refuse(error)
        await self.line.send({"type": "muted"})

    async def pcm(self, data: bytes) -> None:
        """Takes sound that came as 16 bits, little-endian, mono.

        Raises:
            Overrun: More comes than anybody can have said.
        """
        if self.listen is not None and self.listen.source == "socket":
            self._budget.take(len(data) / 2 / self.listen.sample_rate)
            samples = np.frombuffer(data, "<i2", len(data) // 2).astype(np.float32) / 32768.0
            await self._hear(samples, self.listen.sample_rate)

    async def track(self, samples: FloatArray, rate: int) -> None:
        """Takes sound of the WebRTC connection.

        Raises:
            Overrun: More comes than anybody can have said.
        """
        if self.listen is not None and self.listen.source == "webrtc":
            self._budget.take(len(samples) / rate)
            await self._hear(samples, rate)

    async def run(self) -> None:
        """Understands what was said, turn by turn, until it is cancelled."""
        while True:
            turn = await self._turns.get()
            if turn is None:
                await self._warm()
            elif turn.whole or (turn.listen.partials and self._turns.empty()):
                await self._understand(turn)

    # --- turns -------------------------------------------------------------------------------------------------------
    async def _hear(self, samples: FloatArray, rate: int) -> None:
        listen, microphone = self.listen, self._microphone
        if listen is not None and microphone is not None:
            async with self._feeding:
                events = await asyncio.to_thread(microphone.feed, samples, rate)
            await self._happened(events, listen)
        elif listen is not None:
            await self.voiced(samples, rate)

    async def _happened(self, events: list[TurnEvent], listen: Listen) -> None:
        for event in events:
            if isinstance(event, TurnHinted | TurnDropped):
                self.hinted(listen.barge_in and isinstance(event, TurnHinted))
                continue
            if isinstance(event, TurnBegan):
                self._count += 1
                if listen.barge_in:
                    await self.began()
                self.hinted(False)
                await self.line.send({"type": "speech.begin", "id": self._id, "at": round(event.start, 3)})
                continue
            turn = _Turn(self._id, event, listen)
            if turn.whole:
                await self.line.send({"type": "speech.end", "id": self._id, "at": round(event.end, 3)})
            elif not self._turns.empty():
                continue  # there is enough to do
            try:
                self._turns.put_nowait(turn)
            except asyncio.QueueFull:
                error = {"code": "TooBusy", "message": "too much waits to be understood already"}
                await self.line.refuse(error, self._id)

    @property
    def _id(self) -> str:
        return f"turn-{self._count}"

    async def _warm(self) -> None:
        """Has what understands ready before it is needed."""
        try:
            nothing = self.ears.start(self.tenant_id, lambda _, __: iter(()))
            try:
                await anext(nothing, None)
            finally:
                nothing.stop()
        except Exception as error:  # noqa: BLE001  (whoever speaks will be told)
            _log.info("nothing is ready to understand speech yet: %s: %s", type(error).__name__, error)

    async def _understand(self, turn: _Turn) -> None:
        time = asyncio.get_running_loop().time
        began = time()
        try:
            transcript = await self._recognised(turn)
        except PaksaTalkerError as error:
            return await self._failed(turn, told(error))
        except Busy:
            return await self._failed(turn, {"code": "TooBusy", "message": "too much is being understood"})
        except Exception:  # noqa: BLE001  (the session goes on)
            _log.exception("a turn was not understood")
            return await self._failed(turn, {"code": "Internal", "message": "it could not be understood"})
        self._note_language(transcript, turn.heard.end - turn.heard.start)
        if turn.whole:
            self.measures.recognition.observe(time() - began)
            self.measures.turns.labels("understood" if transcript.text else "empty").inc()
        message = {"id": turn.name, "text": transcript.text, "language": transcript.language, "final": turn.whole}
        await self.line.send({"type": "transcript", **message})
        if turn.whole and transcript.text and turn.listen.answer:
            await self.understood(turn.name, transcript)
        return None

    async def _recognised(self, turn: _Turn) -> Transcript:
        """What was said; what was understood at a pause is not listened to again if nothing followed."""
        partial, language, heard = self._partial, self._language, turn.heard
        if partial is not None and partial[:2] == (turn.name, heard.end):
            return partial[2]
        stream = self.ears.start(self.tenant_id, lambda ear, _: iter([ear.understand(heard.samples, language)]))
        try:
            (transcript,) = [found async for found in stream]
        finally:
            stream.stop()
        self._partial = None if turn.whole else (turn.name, heard.end, transcript)
        return transcript

    def _note_language(self, transcript: Transcript, seconds: float) -> None:
        if self._language is None and transcript.sure >= _SURE and seconds >= _LONG:
            self._language = transcript.language

    async def _failed(self, turn: _Turn, error: dict[str, str]) -> None:
        if turn.whole:
            self.measures.turns.labels("failed").inc()
            await self.line.refuse(error, turn.name)
