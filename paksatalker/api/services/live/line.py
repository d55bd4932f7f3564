"""The client's WebSocket: what is said to it."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from paksatalker.api.errors import ApiError
from paksatalker.api.models.live import Start
from paksatalker.api.services.live.coding import SoundCoder
from paksatalker.api.services.talking import Chunk
from paksatalker.errors import PaksaTalkerError

_SECONDS = 30.0  # who reads no more is let go


class Overrun(Exception):
    """The client says nothing for too long, or too much at once."""


class Unread(Exception):
    """The client is there, and reads nothing any more."""


@dataclass(slots=True)
class Line:
    """Sends messages.

    Attributes:
        socket: Accepted.
    """

    socket: WebSocket

    async def send(self, message: dict[str, Any]) -> None:
        """Sends JSON as text.

        Raises:
            Unread: Nobody takes it.
            WebSocketDisconnect: The client has gone.
        """
        await _sent(self.socket.send_json(message))

    async def send_with(self, message: dict[str, Any], data: bytes) -> None:
        """Sends JSON and bytes as one binary message; raises as :meth:`send` does."""
        head = json.dumps(message).encode()
        await _sent(self.socket.send_bytes(struct.pack("<I", len(head)) + head + data))

    async def send_chunk(self, chunk: Chunk, about: str, how: Start, coder: SoundCoder | None = None) -> None:
        """Sends frames with their sound; raises as :meth:`send` does.

        Args:
            chunk: What.
            about: The id of the utterance.
            how: In which form.
            coder: Encodes the sound; None sends PCM.
        """
        values = asdict(chunk)
        pcm = values.pop("pcm")
        message = {"type": "chunk", "id": about, **values, "fps": how.fps}
        if coder is not None:
            told, data = coder.encode(pcm, chunk.sample_rate)
            await self.send_with(message | told, data)
        elif how.audio == "base64":
            await self.send(message | {"audio": base64.b64encode(pcm).decode()})
        else:
            await self.send_with(message, pcm)

    async def send_rest(self, coder: SoundCoder, about: str, how: Start, frames: int) -> None:
        """Sends what an encoder has held back: a chunk without frames; raises as :meth:`send` does.

        Args:
            coder: Of the utterance.
            about: The id of the utterance.
            how: In which form.
            frames: How many there were.
        """
        nothing = Chunk(frames, [], [], [], [], b"", 0, 0.0)
        told, data = coder.finish()
        values = {name: value for name, value in asdict(nothing).items() if name != "pcm"}
        await self.send_with({"type": "chunk", "id": about, **values, "fps": how.fps, **told}, data)

    async def refuse(self, error: dict[str, str], about: str = "") -> None:
        """Tells what cannot be done.

        Args:
            error: ``code``, ``message`` and what else there is.
            about: The id of the utterance or turn.
        """
        await self.send({"type": "error", "id": about, "error": error})


async def _sent(sending: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            await sending
    except TimeoutError:
        raise Unread from None
    except (
        RuntimeError
    ) as error:  # so ASGI servers call a connection that is closed; nothing else does while it is sent
        raise WebSocketDisconnect(1006, str(error)) from error


def told(error: ApiError | PaksaTalkerError) -> dict[str, str]:
    """An error as the client gets it: what, why, and how to mend it."""
    message = error.what + (f": {error.why}" if error.why else "")
    return {"code": error.code, "message": message, "what": error.what, "why": error.why, "fix": error.fix}
