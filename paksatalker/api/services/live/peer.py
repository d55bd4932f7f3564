"""A WebRTC connection: what is negotiated, what is sent and what is heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceCandidate,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame

from paksatalker.api.errors import ApiError
from paksatalker.api.models.live import IceCandidate
from paksatalker.api.services.live.jitter import hasten
from paksatalker.core.timeline import FloatArray
from paksatalker.service.settings import IceServer

_log = logging.getLogger(__name__)
_MEDIA = 4  # sections of an offer
_CANDIDATES = 64
_GATHER_SECONDS = 20.0  # servers that do not answer are waited for
_CLOSE_SECONDS = 5.0
_HELD = 500  # frames of a microphone, 20 ms each, that wait to be listened to
_GAP = 1.0  # seconds of sound that was lost, or not sent because it was silent (DTX): longer ones are another count

#: Called with mono sound [N] and its rate, Hz.
Hearer = Callable[[FloatArray, int], Awaitable[None]]


class Peer:
    """One side of a WebRTC connection; the other one offers. Close it.

    No server is asked for the way unless the operator names one.

    Args:
        servers: STUN and TURN.
        sends: The tracks that are sent, sound and picture.
        hearer: Takes the sound of the other side's microphone.

    Attributes:
        ways: How many candidates the other side gave so far.
        settled: Set when there is a connection, or there will be none.
        closed: Set when there is none any more.
    """

    def __init__(self, servers: Sequence[IceServer], sends: Sequence[MediaStreamTrack], hearer: Hearer) -> None:
        ice = [
            RTCIceServer(s.urls if isinstance(s.urls, str) else list(s.urls), s.username, s.credential) for s in servers
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=ice))  # an empty list, not None: no default
        self._sends, self._hearer = sends, hearer
        self._tasks: set[asyncio.Task[None]] = set()
        self.ways = 0
        self.settled, self.closed = asyncio.Event(), asyncio.Event()
        self._connection.on("connectionstatechange", self._changed)
        self._connection.on("track", self._heard)

    async def answer(self, sdp: str) -> str:
        """Takes an offer and returns the answer, with all our candidates in it.

        Raises:
            ApiError: 422, it cannot be used.
        """
        self._count(sdp.count("a=candidate:"))
        if sdp.count("\nm=") > _MEDIA or "\nm=video" not in sdp or "\nm=audio" not in sdp:
            raise _unusable("it must ask for one video and one audio track, and little else")
        try:
            async with asyncio.timeout(_GATHER_SECONDS):
                return await self._answered(sdp)
        except Exception as error:
            _log.info("an offer cannot be used: %s: %s", type(error).__name__, error)
            raise _unusable("it is no session description that we understand") from error

    async def _answered(self, sdp: str) -> str:
        connection = self._connection
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for track in self._sends:
            connection.addTrack(track)
        for transceiver in connection.getTransceivers():
            transceiver.direction = "sendrecv" if transceiver.kind == "audio" else "sendonly"
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)

    def add(self, candidate: IceCandidate | None) -> None:
        """Takes one more way to the other side; None after the last.

        Raises:
            ApiError: 422, it cannot be read, or there are too many.
        """
        if candidate is None or not candidate.candidate:
            return self._do(None)
        self._count(1)
        try:
            way: RTCIceCandidate = candidate_from_sdp(candidate.candidate.removeprefix("candidate:"))
        except (ValueError, AssertionError, IndexError) as error:
            raise _unusable("a candidate cannot be read") from error
        way.sdpMid, way.sdpMLineIndex = candidate.sdpMid, candidate.sdpMLineIndex
        return self._do(way)

    async def close(self) -> None:
        """Ends it; may be called again."""
        self.closed.set()
        self.settled.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._connection.close()
        except Exception as error:  # noqa: BLE001  (one that was never complete may not be able to close)
            _log.info("a connection does not close: %s: %s", type(error).__name__, error)

    def _count(self, more: int) -> None:
        self.ways += more
        if self.ways > _CANDIDATES:
            raise _unusable(f"it has more than {_CANDIDATES} candidates")

    def _do(self, way: RTCIceCandidate | None) -> None:
        """Adds it in the background: to find a name in the local network takes seconds."""

        async def done() -> None:
            try:
                await self._connection.addIceCandidate(way)
            except Exception as error:  # noqa: BLE001  (what cannot be reached is no way)
                _log.info("a candidate cannot be used: %s: %s", type(error).__name__, error)

        self._keep(asyncio.create_task(done()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state in ("failed", "closed"):
            self.closed.set()
        if state in ("connected", "failed", "closed"):
            self.settled.set()

    def _heard(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            for transceiver in self._connection.getTransceivers():
                if transceiver.kind == "audio":
                    hasten(transceiver.receiver)
            self._keep(asyncio.create_task(self._hear(track)))

    async def _hear(self, track: MediaStreamTrack) -> None:
        """Hands a track's sound on; what comes faster than it is taken is left out."""
        frames: asyncio.Queue[AudioFrame | None] = asyncio.Queue(_HELD)
        reading = asyncio.create_task(_read(track, frames))
        try:
            end: int | None = None
            while (frame := await frames.get()) is not None:
                samples, missing = _mono(frame), 0
                if frame.pts is not None:
                    missing = 0 if end is None else frame.pts - end
                    end = frame.pts + frame.samples
                if 0 < missing <= _GAP * frame.sample_rate:  # time must pass: silence is what ends a turn
                    samples = np.pad(samples, (missing, 0))
                await self._hearer(samples, frame.sample_rate)
        finally:
            reading.cancel()
            await asyncio.wait({reading})


async def _read(track: MediaStreamTrack, frames: asyncio.Queue[AudioFrame | None]) -> None:
    """Takes all that comes, at once: aiortc would keep it without end."""
    with suppress(MediaStreamError):
        while True:
            frame = await track.recv()
            if isinstance(frame, AudioFrame) and not frames.full():
                frames.put_nowait(frame)
    await frames.put(None)


def _mono(frame: AudioFrame) -> FloatArray:
    """Samples [N], −1 to 1, of a packed frame of 16 bits."""
    channels = frame.layout.nb_channels
    samples = frame.to_ndarray().reshape(-1, channels).astype(np.float32)
    return np.asarray(samples.mean(axis=1) / 32768.0, np.float32)


def _unusable(why: str) -> ApiError:
    fix = "Offer what a browser does: a video transceiver that receives, and an audio one"
    return ApiError(422, "InvalidRequest", "the offer cannot be used", why=why, fix=fix)
