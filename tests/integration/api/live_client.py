"""A client of live sessions as programs write it: websockets for what is said, aiortc for what is seen and heard."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
import uvicorn
import websockets
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

RATE = 48_000
PATIENCE = 60.0  # seconds: the machine may be busy


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """A real server; gives its address, ``HOST:PORT``."""
    config = uvicorn.Config(app, "127.0.0.1", 0, log_level="warning")
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@dataclass
class Seen:
    """A frame of video: when it came, its time on the media clock, and the picture."""

    at: float
    time: float
    image: np.ndarray


@dataclass
class Sound:
    """A packet of sound: when it came, its time on the media clock, and the samples, mono at 48 kHz."""

    at: float
    time: float
    samples: np.ndarray


class Talk(MediaStreamTrack):
    """A microphone: silence, and what it is given, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._left = np.zeros(0, np.int16)
        self._began: float | None = None
        self._position = 0

    def say(self, samples: np.ndarray) -> None:
        """Adds int16 at 48 kHz."""
        self._left = np.concatenate([self._left, samples])

    async def recv(self) -> av.AudioFrame:
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        await asyncio.sleep(max(0.0, self._began + self._position / RATE - now))
        block, self._left = self._left[:960], self._left[960:]
        frame = av.AudioFrame.from_ndarray(np.pad(block, (0, 960 - len(block)))[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._position, Fraction(1, RATE)
        self._position += 960
        return frame


@dataclass
class Client:
    """One session."""

    socket: Any
    messages: list[tuple[float, dict]] = field(default_factory=list)
    frames: list[Seen] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    peer: RTCPeerConnection | None = None
    talk: Talk | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task] = field(default_factory=list)
    closed: tuple[int, str] | None = None

    async def send(self, **message: Any) -> float:
        """Sends, and returns when."""
        await self.socket.send(json.dumps(message))
        return now()

    async def until(self, kind: str, after: float = 0.0, **values: Any) -> tuple[float, dict]:
        """The first message of a kind that came after a time, with these values; it may have come already."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for at, message in self.messages:
                    if at > after and message["type"] == kind and values.items() <= message.items():
                        return at, message
                if self.closed is not None:
                    raise AssertionError(f"closed: {self.closed}; {[m for _, m in self.messages][-5:]}")
                self._news.clear()
                await self._news.wait()

    async def see(self, check: Any) -> Any:
        """Waits until a check of this client is true."""
        async with asyncio.timeout(PATIENCE):
            while not (found := check(self)):
                await asyncio.sleep(0.02)
        return found

    async def watch(self, portrait: str, talk: bool = False, **options: Any) -> dict:
        """Asks for video; returns what it answers to the offer, or the error."""
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peer.addTransceiver("video", direction="recvonly")
        if talk:
            self.talk = Talk()
            self.peer.addTrack(self.talk)
        else:
            self.peer.addTransceiver("audio", direction="recvonly")
        self.peer.on("track", lambda track: self._tasks.append(asyncio.create_task(self._take(track))))
        await self.peer.setLocalDescription(await self.peer.createOffer())
        began = now()
        await self.send(type="webrtc.offer", sdp=self.peer.localDescription.sdp, portrait=portrait, **options)
        async with asyncio.timeout(PATIENCE):
            while not (
                found := [m for at, m in self.messages if at > began and m["type"] in ("webrtc.answer", "error")]
            ):
                await asyncio.sleep(0.01)
        if found[0]["type"] == "webrtc.answer":
            await self.peer.setRemoteDescription(RTCSessionDescription(found[0]["sdp"], "answer"))
        return found[0]

    async def _take(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                seconds = float(frame.pts * frame.time_base)
                if isinstance(frame, av.VideoFrame):
                    self.frames.append(Seen(now(), seconds, frame.to_ndarray(format="rgb24")))
                else:
                    samples = frame.to_ndarray().reshape(-1, 2)[:, 0]
                    self.sounds.append(Sound(now(), seconds, samples))

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                if isinstance(message, bytes):
                    (length,) = struct.unpack_from("<I", message)
                    data = json.loads(message[4 : 4 + length])
                    data["pcm"] = np.frombuffer(message[4 + length :], np.uint8 if "codec" in data else "<i2")
                else:
                    data = json.loads(message)
                self.messages.append((now(), data))
                self._news.set()
        except websockets.ConnectionClosed:
            pass
        self.closed = (self.socket.close_code, self.socket.close_reason)
        self._news.set()

    async def leave(self) -> None:
        """Closes everything."""
        if self.peer is not None:
            await self.peer.close()
        await self.socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def live(address: str, key: str):
    """A session, ready."""
    headers = {"Authorization": f"Bearer {key}"}
    async with websockets.connect(f"ws://{address}/api/v1/live", additional_headers=headers, max_size=None) as socket:
        client = Client(socket)
        client._tasks.append(asyncio.create_task(client._read()))
        try:
            await client.until("ready")
            yield client
        finally:
            await client.leave()
