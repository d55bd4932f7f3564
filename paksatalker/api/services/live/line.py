"""The client's WebSocket: what is said to it."""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass
from typing import Any

from fastapi import WebSocket

from paksatalker.api.errors import ApiError
from paksatalker.errors import PaksaTalkerError

_SECONDS = 30.0  # who reads no more is let go


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
            TimeoutError: Nobody takes it.
            WebSocketDisconnect: The client has gone.
        """
        async with asyncio.timeout(_SECONDS):
            await self.socket.send_json(message)

    async def send_with(self, message: dict[str, Any], data: bytes) -> None:
        """Sends JSON and bytes as one binary message; raises as :meth:`send` does."""
        head = json.dumps(message).encode()
        async with asyncio.timeout(_SECONDS):
            await self.socket.send_bytes(struct.pack("<I", len(head)) + head + data)

    async def refuse(self, error: dict[str, str], about: str = "") -> None:
        """Tells what cannot be done.

        Args:
            error: ``code``, ``message`` and what else there is.
            about: The id of the utterance or turn.
        """
        await self.send({"type": "error", "id": about, "error": error})


def told(error: ApiError | PaksaTalkerError) -> dict[str, str]:
    """An error as the client gets it: what, why, and how to mend it."""
    message = error.what + (f": {error.why}" if error.why else "")
    return {"code": error.code, "message": message, "what": error.what, "why": error.why, "fix": error.fix}
