"""A live session: texts and speech come in, speech and face go out as they are made, and can be interrupted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from paksatalker.api.errors import ApiError, reason_of
from paksatalker.api.models.live import Candidate, HangUp, Interrupt, Listen, Message, Mute, Offer, Say, Start, incoming
from paksatalker.api.services.limits import check_rate
from paksatalker.api.services.live.hearing import Hearing
from paksatalker.api.services.live.line import Line, Overrun, Unread, told
from paksatalker.api.services.live.mimic import Mimic
from paksatalker.api.services.live.photo import as_avatar, photo_of, portrayed_by
from paksatalker.api.services.live.room import LiveRoom
from paksatalker.api.services.live.speaker import Speaker
from paksatalker.api.services.live.video import LiveVideo, check_webrtc
from paksatalker.api.services.own_voices import speakable
from paksatalker.api.services.recognising import EarPool, Transcript
from paksatalker.api.services.speaking import SpeechPool
from paksatalker.api.services.writing import WriterPool
from paksatalker.core.provenance.manifests import AI_GENERATED
from paksatalker.core.timeline import ARKIT_NAMES, FloatArray
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller, KeyStore
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.live_process import Portrayal

_log = logging.getLogger(__name__)
_LONGEST = 1 << 20  # characters of a message
_LONGEST_SOUND = 1 << 18  # bytes of a message: 2.7 s at 48 kHz
_MINUTE, _DAY = 60.0, 86_400  # seconds
#: A manifest is signed over a file, and there is none: so whoever shows this is told.
_PROVENANCE = {
    "c2pa": False,
    "digital_source_type": AI_GENERATED,
    "notice": "This voice and face are made by a machine while you hear and see them. "
    "No signed manifest comes with what is live: say so to whoever hears and sees it.",
}


@dataclass(frozen=True, slots=True)
class Pools:
    """What does the work: speaks, writes and understands."""

    speech: SpeechPool
    writers: WriterPool
    ears: EarPool


class Session:
    """One connection.

    Args:
        socket: Accepted.
        caller: Who it is.
        backend: Of the service.
        pools: Do the work.
        room: Has a place for the portrait, or not.
    """

    def __init__(self, socket: WebSocket, caller: Caller, backend: Backend, pools: Pools, room: LiveRoom) -> None:
        self._socket, self._caller, self._backend, self._room = socket, caller, backend, room
        self._line, self._keys = Line(socket), KeyStore(backend.database)
        self._speaker = Speaker(
            self._line, caller.tenant_id, pools.speech, pools.writers, room.measures,
            voice=lambda name: speakable(backend, caller.tenant_id, name),
        )  # fmt: skip
        self._hearing = Hearing(
            self._line, caller.tenant_id, pools.ears, room.measures,
            hinted=self._hush, began=self._somebody_speaks, understood=self._understood, voiced=self._voiced,
        )  # fmt: skip
        self._mimic: Mimic | None = None
        self._listened = False
        self._video: tuple[LiveVideo, ExitStack] | None = None
        self._active = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Serves until the client goes.

        Raises:
            Overrun: The client says nothing for too long, or too much.
            WebSocketDisconnect: It has gone.
        """
        await self._count()  # before anything is said: else sessions of a moment would be none
        works: tuple[Callable[[], Any], ...] = (self._speaker.run, self._hearing.run, self._read_all, self._watch)
        tasks = [asyncio.create_task(work()) for work in works]
        try:
            await self._line.send(self._ready())
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._hang_up()
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _ready(self) -> dict[str, Any]:
        how = self._speaker.how.model_dump(exclude={"type", "persona"})
        servers = [server.model_dump(exclude_none=True) for server in self._backend.settings.ice_servers]
        told = {"coefficients": list(ARKIT_NAMES), "ice_servers": servers, "provenance": _PROVENANCE}
        return {"type": "ready", **how, **told}

    # --- what comes in -----------------------------------------------------------------------------------------------
    async def _read_all(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            if message.get("text") is not None:
                await self._read(message["text"])
            elif not self._listened or len(message["bytes"]) > _LONGEST_SOUND:
                raise Overrun("that was no message: JSON as text, or, after `listen`, sound of up to 256 KiB")
            else:
                await self._listened_to(self._hearing.pcm(message["bytes"]))

    async def _read(self, text: str) -> None:
        self._note()
        if len(text) > _LONGEST:
            raise Overrun("the message is too long")
        try:
            await self._take(incoming.validate_json(text))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the message"
            await self._line.refuse({"code": "InvalidRequest", "message": f"{place}: {reason_of(first)}"})
        except (ApiError, PaksaTalkerError) as error:
            await self._line.refuse(told(error))

    async def _take(self, message: Message) -> None:
        match message:
            case Interrupt():
                await self._line.send({"type": "interrupted", "dropped": await self._speaker.interrupt()})
            case Start():
                self._speaker.how = await as_avatar(self._backend, self._caller, message.avatar, message)
                await self._line.send(self._ready())
            case Say():
                await check_rate(self._backend, self._caller)
                await self._say(message)
            case Listen():
                self._listened = True  # sound may be on its way, whatever comes of it
                await self._listen(message)
            case Mute():
                await self._hearing.stop()
            case Offer():
                await check_rate(self._backend, self._caller)
                await self._show(message)
            case Candidate():
                if self._video is not None:
                    self._video[0].peer.add(message.candidate)
            case HangUp():
                await self._hang_up()
                await self._line.send({"type": "video.end"})

    async def _say(self, said: Say) -> None:
        if len(said.text) > (most := self._backend.settings.speech_max_characters):
            why = f"{len(said.text)} characters, {most} are taken"
            return await self._line.refuse({"code": "TextTooLong", "message": f"it is too long: {why}"}, said.id)
        if self._hearing.listen is not None and self._hearing.listen.use == "voice":
            error = {"code": "InvalidRequest", "message": "the microphone is what speaks now", "fix": "Send mute first"}
            return await self._line.refuse(error, said.id)
        try:
            self._speaker.put(said)
        except ApiError as error:
            await self._line.refuse(told(error), said.id)
        return None

    # --- what is heard -----------------------------------------------------------------------------------------------
    async def _listen(self, listen: Listen) -> None:
        self._mimic = None
        if listen.use == "voice":
            if listen.sample_rate % 25:
                raise ApiError(422, "InvalidRequest", "sample_rate cannot be used", why="it is no multiple of 25")
            await self._speaker.interrupt()  # there is one voice at a time
        await self._hearing.start(listen)

    async def _listened_to(self, hearing: Awaitable[None]) -> None:
        """Takes sound; whatever goes wrong with it is told, ends listening, and not the session.

        Raises:
            Overrun: There is too much of it.
        """
        try:
            await hearing
        except (Overrun, WebSocketDisconnect, Unread):
            raise
        except (ApiError, PaksaTalkerError) as error:
            await self._hearing.give_up(told(error))
        except Exception:  # noqa: BLE001  (the session goes on)
            _log.exception("a microphone is not listened to any more")
            await self._hearing.give_up({"code": "Internal", "message": "the microphone cannot be listened to"})

    async def _heard(self, samples: FloatArray, rate: int) -> None:
        """Takes sound of the WebRTC connection, whose own task must go on whatever comes."""
        with suppress(WebSocketDisconnect, Unread):  # whoever reads the messages notices it, too
            try:
                await self._listened_to(self._hearing.track(samples, rate))
            except Overrun as error:
                what, fix = str(error), "Send sound as it is recorded, then listen again"
                await self._hearing.give_up({"code": "TooMuchSound", "message": f"{what}. {fix}", "fix": fix})

    async def _voiced(self, samples: FloatArray, rate: int) -> None:
        video = None if self._video is None or self._video[0].over else self._video[0]
        fps = self._speaker.how.fps if video is None else video.fps
        mimic = self._mimic
        if mimic is None or (mimic.rate, mimic.fps) != (rate, fps):
            mimic = self._mimic = Mimic(self._line, rate, self._speaker.how, fps)
        if await mimic.hear(samples, video):
            self._note()

    def _hush(self, quiet: bool) -> None:
        if self._video is not None:
            self._video[0].hush(quiet)

    async def _somebody_speaks(self) -> None:
        self._note()
        if self._speaker.busy:
            dropped = await self._speaker.interrupt()
            await self._line.send({"type": "interrupted", "dropped": dropped})

    async def _understood(self, turn: str, transcript: Transcript) -> None:
        try:
            await check_rate(self._backend, self._caller)
        except ApiError as error:
            return await self._line.refuse(told(error), turn)
        return await self._say(Say(type="say", id=turn, text=transcript.text, markup=False))

    # --- what is seen ------------------------------------------------------------------------------------------------
    async def _show(self, offer: Offer) -> None:
        await self._hang_up()
        check_webrtc()
        offer = await portrayed_by(self._backend, self._caller, offer)
        photo = await photo_of(self._backend, self._caller, str(offer.portrait), offer.face)
        self._speaker.how = await as_avatar(self._backend, self._caller, offer.avatar, self._speaker.how)
        with ExitStack() as stack:
            stack.enter_context(self._room.video())
            portrayal = Portrayal(
                photo, size=offer.size, aspect=offer.aspect, background=offer.background, face=offer.face,
                label=offer.label, expression_scale=offer.expression_scale, head_motion=offer.head_motion,
                fps=offer.fps, seed=self._speaker.how.seed,
            )  # fmt: skip
            settings = self._backend.settings
            video = LiveVideo(
                portrayal, RenderLimits.of(settings, "portrait"), servers=settings.ice_servers, tell=self._tell,
                hearer=self._heard, measures=self._room.measures,
            )  # fmt: skip
            try:
                answer = await video.open(offer.sdp)
            except BaseException:
                await video.close()
                raise
            self._video = (video, stack.pop_all())
        self._speaker.video = video
        await self._line.send({"type": "webrtc.answer", "sdp": answer})

    async def _hang_up(self) -> None:
        held, self._video, self._speaker.video = self._video, None, None
        if held is not None:
            video, place = held
            with place:
                await video.close()

    async def _tell(self, message: dict[str, Any]) -> None:
        """Of the video, which may outlive the connection by a moment."""
        with suppress(WebSocketDisconnect, Unread):
            await self._line.send(message)

    # --- how long ----------------------------------------------------------------------------------------------------
    def _note(self) -> None:
        self._active = asyncio.get_running_loop().time()

    async def _watch(self) -> None:
        """Counts the minutes, and ends what nobody uses.

        Raises:
            Overrun: Nothing happens for too long, the day's minutes are used, or the key opens no more.
        """
        loop, settings = asyncio.get_running_loop(), self._backend.settings
        minute = loop.time() + _MINUTE
        while True:
            if self._speaker.busy:
                self._note()
            if self._video is not None and self._video[0].over:
                await self._hang_up()
            if loop.time() >= minute:
                minute = loop.time() + _MINUTE
                await self._check_key()
                await self._count()
            idle = self._active + settings.live_idle_minutes * 60
            if loop.time() >= idle:
                raise Overrun("nothing was said for too long")
            await asyncio.sleep(min(idle - loop.time(), 1.0))

    async def _check_key(self) -> None:
        try:
            opens = await self._keys.still_opens(self._caller)
        except Exception as error:  # noqa: BLE001  (a database that is away for a moment ends no conversation)
            _log.warning("a live session's key is not looked at: %s: %s", type(error).__name__, error)
            return
        if not opens:
            raise Overrun("the key was revoked, or has expired")

    async def _count(self) -> None:
        """Counts a minute of the tenant, for all processes of the API together.

        Raises:
            Overrun: There were too many today.
        """
        most = self._backend.settings.live_minutes_per_day
        try:
            used, _ = await self._backend.queue.count(f"live:{self._caller.tenant_id}", _DAY)
        except Exception as error:  # noqa: BLE001  (while Redis does not answer, nothing is counted)
            _log.warning("live minutes are not counted: %s: %s", type(error).__name__, error)
            return
        if used > most:
            raise Overrun(f"{most:g} live minutes a day are allowed")
