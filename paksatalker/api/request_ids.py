"""Gives every request an id: it stands in the answer and in every log line that the request causes."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from typing import TYPE_CHECKING

from paksatalker.config import log_ids
from paksatalker.errors import error_dict
from paksatalker.service.ids import new_id

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)
_HEADER = b"x-request-id"
_TAKEN = re.compile(rb"[A-Za-z0-9_.-]{8,64}")  # of a proxy before us; nothing that could forge a line or a header


class RequestIds:
    """Middleware. Logs method, path, status and time of each request: no query, no header, no body.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        request_id = given.decode() if _TAKEN.fullmatch(given) else new_id("req")
        began, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.accept"):
                status = message.get("status", 101)
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode())]
            await send(message)

        with log_ids(request_id=request_id):
            try:
                await self._app(scope, receive, answer)
            except asyncio.CancelledError:  # the server stops, and this takes longer than it waits
                if scope["type"] != "http":
                    raise
                if not status:
                    await _stop(answer)
            finally:
                if not scope["path"].startswith("/health"):
                    milliseconds = (time.monotonic() - began) * 1000
                    _log.info("%s %r %d %.0f ms", scope.get("method", "WS"), scope["path"], status, milliseconds)


async def _stop(send: Send) -> None:
    """Answers that the service stops."""
    error = error_dict("Stopping", "the service stops", "", "Try again in a moment")
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
               (b"retry-after", b"5"), (b"connection", b"close")]  # fmt: skip
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
