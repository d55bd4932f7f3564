"""The two tracks of a live portrait: picture and sound of one clock, each sent when it is due."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from paksatalker.api.services.live.sound import RATE, SoundBoard

_PACKET = RATE // 50  # samples: 20 ms
_CLOCK = 90_000  # of RTP video, Hz
_KEPT = 4  # pictures that wait: older ones are dropped


@dataclass(slots=True)
class Clock:
    """The time of a performance: seconds since frame 0 was due, which is known once it begins."""

    began: float | None = None
    _begun: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, time: float) -> None:
        """Sets when frame 0 is due, in the time of the event loop."""
        self.began = time
        self._begun.set()

    async def begun(self) -> None:
        """Waits until it is known."""
        await self._begun.wait()

    def now(self) -> float:
        """Seconds since frame 0 was due; 0 before it is known."""
        return 0.0 if self.began is None else asyncio.get_running_loop().time() - self.began

    async def until(self, time: float) -> None:
        """Sleeps until a time of this clock."""
        await self.begun()
        if (left := time - self.now()) > 0:
            await asyncio.sleep(left)


class SoundTrack(MediaStreamTrack):
    """Sends what a sound board has, in packets of 20 ms.

    Args:
        clock: Of the performance.
        board: The sound by its place.
    """

    kind = "audio"

    def __init__(self, clock: Clock, board: SoundBoard) -> None:
        super().__init__()
        self._clock, self._board = clock, board
        self._packet = -1

    async def recv(self) -> av.AudioFrame:
        """The next packet, when it is due."""
        await self._clock.begun()
        if self._packet < 0:
            self._packet = int(max(0.0, self._clock.now()) * RATE / _PACKET)
        first = self._packet * _PACKET
        await self._clock.until(first / RATE)
        _check(self)
        self._packet += 1
        frame = av.AudioFrame.from_ndarray(self._board.read(first, _PACKET)[None], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), first
        return frame


class PictureTrack(MediaStreamTrack):
    """Sends pictures when they are due; those that come too late are left out.

    Args:
        clock: Of the performance.
        fps: Frames a second.
    """

    kind = "video"

    def __init__(self, clock: Clock, fps: float) -> None:
        super().__init__()
        self._clock, self._fps = clock, fps
        self._pictures: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._news = asyncio.Event()
        self.size = (0, 0)

    def put(self, number: int, planes: bytes) -> None:
        """Takes a picture: planes of YUV 4:2:0."""
        self._pictures.append((number, planes))
        self._news.set()

    async def recv(self) -> av.VideoFrame:
        """The next picture, when it is due."""
        while not self._pictures:
            self._news.clear()
            await self._news.wait()
        number, planes = self._pictures.popleft()
        now = self._clock.now()
        while self._pictures and self._pictures[0][0] / self._fps <= now:
            number, planes = self._pictures.popleft()
        await self._clock.until(number / self._fps)
        _check(self)
        width, height = self.size
        rows = np.frombuffer(planes, np.uint8).reshape(height * 3 // 2, width)
        frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        frame.time_base, frame.pts = Fraction(1, _CLOCK), round(number * _CLOCK / self._fps)
        return frame


def _check(track: MediaStreamTrack) -> None:
    if track.readyState != "live":
        raise MediaStreamError
