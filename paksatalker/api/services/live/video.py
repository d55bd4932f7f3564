"""A portrait that is seen and heard by WebRTC: at rest it lives, and it says what it is given."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.live.sound import RATE, SoundBoard
from paksatalker.core.timeline import Speech
from paksatalker.errors import error_dict
from paksatalker.requirements import require_extra
from paksatalker.service.settings import IceServer
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.live_process import PortraitFailed, PortraitProcess, Portrayal

if TYPE_CHECKING:
    from paksatalker.api.services.live.peer import Hearer

_log = logging.getLogger(__name__)
_AHEAD = 0.12  # seconds from now until speech begins: its first frame is not made yet
_HUSHED = 0.05  # gain: what is left to be heard
_CONNECT_SECONDS = 15.0  # browsers need less than five, by TURN, too

#: Sends a message to the client.
Teller = Callable[[dict[str, Any]], Awaitable[None]]


def check_webrtc() -> None:
    """Refuses where WebRTC is not installed.

    Raises:
        EngineUnavailable: With the command that installs it.
    """
    require_extra("there is no live video", "webrtc", "aiortc")


@dataclass(slots=True)
class Place:
    """Where an utterance is on the clock of a video.

    Attributes:
        offset: Seconds of its beginning; None before it has begun.
    """

    offset: float | None = None


class LiveVideo:
    """Shows one portrait to one client. Close it.

    Sound and picture have one clock, which begins when the client is connected and the portrait is ready.

    Args:
        portrayal: Who is shown, and how.
        limits: Of the process that renders.
        servers: STUN and TURN.
        tell: Told what happens.
        hearer: Takes the sound of the client's microphone.
        measures: Told how it goes.
    """

    def __init__(
        self,
        portrayal: Portrayal,
        limits: RenderLimits,
        *,
        servers: Sequence[IceServer],
        tell: Teller,
        hearer: Hearer,
        measures: LiveMeasures,
    ) -> None:
        from paksatalker.api.services.live.peer import Peer  # aiortc is an extra
        from paksatalker.api.services.live.tracks import Clock, PictureTrack, SoundTrack

        self.fps = portrayal.fps
        self._tell, self._measures, self._servers = tell, measures, servers
        self._board, self._clock = SoundBoard(), Clock()
        self._picture = PictureTrack(self._clock, self.fps)
        self.peer = Peer(servers, (SoundTrack(self._clock, self._board), self._picture), hearer)
        self._process = PortraitProcess(portrayal, limits, self._drawn)
        self._life: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._end = 0.0  # of all that is to be said
        self._frames = -1

    @property
    def over(self) -> bool:
        """Whether it is not shown any more."""
        return self._over.is_set()

    @property
    def seen(self) -> bool:
        """Whether it is shown by now."""
        return self._clock.began is not None

    async def open(self, sdp: str) -> str:
        """Takes an offer, begins to show, and returns the answer.

        Raises:
            ApiError: 422, the offer cannot be used.
        """
        answer = await self.peer.answer(sdp)
        self._life = asyncio.create_task(self._live())
        return answer

    async def close(self) -> None:
        """Ends it; may be called again."""
        ending = self._over.is_set()
        self._over.set()
        if self._life is not None:
            if not ending:  # else it tidies up already, and then tells why it has ended
                self._life.cancel()
            await asyncio.wait({self._life})
        else:
            await self.peer.close()

    # --- saying ------------------------------------------------------------------------------------------------------
    async def shown(self) -> None:
        """Waits until it is seen, or is over."""
        await self._first(self._clock.begun())

    def say(self, piece: Speech, sound: npt.NDArray[np.int16], place: Place, spare: float = 0.0) -> float:
        """Has a piece said as soon as it can be: after what was given before.

        Args:
            piece: With prosody at our frame rate; its times count from the start of the utterance.
            sound: The same at 48 kHz.
            place: Of the utterance; the same for all its pieces.
            spare: Seconds that the first piece waits, so that those after it may come a little late.

        Returns:
            In how many seconds the utterance begins; negative if it has.
        """
        soonest = self._clock.now() + _AHEAD
        if place.offset is None:
            begins = max(soonest + spare, self._end) - piece.start
            place.offset = math.ceil(begins * self.fps - 1e-6) / self.fps
        elif (late := soonest - (place.offset + piece.start)) > 0:  # it was not made in time: there was a pause
            place.offset += math.ceil((late + spare) * self.fps) / self.fps
        placed = piece.shifted(place.offset)
        self._board.add(round(placed.start * RATE), sound)
        self._process.say(placed)
        self._end = placed.end
        return place.offset - self._clock.now()

    @property
    def ahead(self) -> float:
        """Seconds that are to be said yet."""
        return self._end - self._clock.now()

    def cut(self) -> None:
        """Stops what is being said, at once."""
        now = self._clock.now()
        if self._end > now:
            self._board.cut(round(now * RATE))
            self._process.cut(now)
            self._end = now

    def hush(self, quiet: bool) -> None:
        """Speaks softly while somebody may have begun to speak, so that a cough need not stop it."""
        self._board.gain = _HUSHED if quiet else 1.0

    async def room(self, ahead: float) -> None:
        """Waits until so many seconds or less are to be said."""
        await self._first(self._clock.until(self._end - ahead))

    async def said(self) -> None:
        """Waits until everything was said."""
        await self.room(0.0)

    async def _first(self, work: Awaitable[None]) -> None:
        """Waits for something, but not beyond the end."""
        tasks = {asyncio.ensure_future(work), asyncio.ensure_future(self._over.wait())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    # --- showing -----------------------------------------------------------------------------------------------------
    def _drawn(self, number: int, planes: bytes) -> None:
        missed = number - self._frames - 1
        self._frames = number
        self._measures.frames.labels("shown").inc()
        if missed > 0:
            self._measures.frames.labels("late").inc(missed)
        self._picture.put(number, planes)

    async def _live(self) -> None:
        """From the first picture to the last."""
        why: dict[str, Any] | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._process.start())
                group.create_task(self._connected())
            self._picture.size = width, height = self._process.size
            begins = asyncio.get_running_loop().time() + _AHEAD
            self._process.begin(begins)
            self._clock.begin(begins)
            await self._tell({"type": "video.begin", "width": width, "height": height, "fps": self.fps})
            await self._until_the_end()
        except* PortraitFailed as failures:
            why = failures.exceptions[0].error  # type: ignore[union-attr]  # a TaskGroup nests no groups
        except* TimeoutError:
            why = self._not_connected()
        except* Exception as failures:  # noqa: BLE001  (the session goes on, and is told)
            _log.error("a portrait cannot be shown", exc_info=failures)
            what, fix = "the portrait cannot be shown", "Ask for the video again in a moment"
            why = error_dict("Internal", what, "", fix)
        finally:
            self._over.set()
            await self._process.close()
            await self.peer.close()
        await self._tell({"type": "video.end", **({"error": why} if why else {})})

    async def _connected(self) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await self.peer.settled.wait()
        if self.peer.closed.is_set():
            raise TimeoutError

    def _not_connected(self) -> dict[str, Any]:
        """Why there is no way to the client, as far as it can be known here, and who can mend it."""
        what = "there is no connection for the video"
        addresses = [
            url for server in self._servers for url in ([server.urls] if isinstance(server.urls, str) else server.urls)
        ]
        if not self.peer.ways:
            why = "no address that you can be reached at came"
            fix = "Send your candidates: in the offer, or each as webrtc.candidate when your browser finds it"
        elif not any(url.startswith("turn") for url in addresses):
            why = "nothing answers at any address that you gave, and no TURN server is set that could pass packets on"
            fix = (
                "Be in the service's network, with UDP open between you; "
                "or have its operator name a TURN server that both sides reach in PAKSATALKER_ICE_SERVERS"
            )
        else:
            why = "nothing answers at any address that you gave, nor by way of the TURN server"
            fix = (
                "Give your RTCPeerConnection the ice_servers of `ready`; see whether both sides reach the TURN server, "
                "and whether its username and credential in PAKSATALKER_ICE_SERVERS are right"
            )
        return error_dict("NotConnected", what, why, fix)

    async def _until_the_end(self) -> None:
        """Hands pictures on until the client hangs up.

        Raises:
            PortraitFailed: The process has died.
        """
        pictures, gone = asyncio.create_task(self._process.run()), asyncio.create_task(self.peer.closed.wait())
        try:
            await asyncio.wait({pictures, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pictures, gone):
                task.cancel()
            await asyncio.wait({pictures, gone})
        if not pictures.cancelled() and (error := pictures.exception()) is not None:
            raise error
