"""What every request passes: limits of its body, measures of how long it takes, headers that keep browsers safe."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paksatalker.errors import error_dict

#: Largest body that is no upload: a text of a million characters, escaped, and its transcript.
JSON_BYTES = 16 << 20
_FORM_BYTES = 1 << 16  # what a form adds to its file
_SILENCE = 40.0  # seconds in which nothing more of a body comes; uploads that can go on end by themselves before
_BODY_SECONDS, _UPLOAD_SECONDS = 300.0, 6 * 3600.0  # in which all of it has to come
_UPLOADS = ("multipart/", "application/offset+octet-stream")
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DATA_ONLY = "default-src 'none'; frame-ancestors 'none'"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Refused(Exception):
    pass


class _Body:
    """The body of one request as it comes.

    Args:
        receive: Of ASGI.
        most: Bytes that it may have.
        seconds: In which all of it has to come.

    Attributes:
        refusal: Status, code, what, why and how to mend it, once it is not taken any more.
    """

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive, self._most = receive, most
        self._deadline = time.monotonic() + seconds
        self._seen, self._whole = 0, False
        self.refusal: tuple[int, str, str, str, str] | None = None

    async def receive(self) -> Message:
        """Of ASGI.

        Raises:
            _Refused: It is too large, or does not come.
        """
        if self._whole:  # what comes now is that the client has gone
            return await self._receive()
        try:
            patience = min(_SILENCE, max(0.0, self._deadline - time.monotonic()))
            message = await asyncio.wait_for(self._receive(), patience)
        except TimeoutError:
            why, fix = "its body does not come", "Send it again, without pauses"
            self.refusal = (408, "Stalled", "the request stalls", why, fix)
            raise _Refused from None
        self._whole = not message.get("more_body", False)
        self._seen += len(message.get("body", b""))
        if self._seen > self._most:
            self.refusal = _too_large(self._most)
            raise _Refused
        return message


def _too_large(most: int) -> tuple[int, str, str, str, str]:
    return 413, "TooLarge", "the request is too large", f"{most:,} bytes are allowed", "Send less"


class BodyLimit:
    """Answers 413 to bodies that are too large, also to those that do not say how large they are, and 408 to slow ones.

    Args:
        app: What is guarded.
        upload_bytes: Largest file that is uploaded.
        other_bytes: Largest other body.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int, other_bytes: int = JSON_BYTES) -> None:
        self._app = app
        self._upload, self._other = upload_bytes + _FORM_BYTES, other_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").lower().startswith(_UPLOADS)
        most = self._upload if upload else self._other
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > most:
            await _answer(send, *_too_large(most))
            return
        body = _Body(receive, most, _UPLOAD_SECONDS if upload else _BODY_SECONDS)
        begun = refused = False

        async def answered(message: Message) -> None:
            nonlocal begun, refused
            if body.refusal is not None and not begun:
                refused = True  # whatever the application makes of its broken body
            if not refused:
                begun = True
                await send(message)

        with suppress(_Refused):
            await self._app(scope, body.receive, answered)
        if body.refusal is not None and not begun:
            await _answer(send, *body.refusal)


async def _answer(send: Send, status: int, code: str, what: str, why: str, fix: str) -> None:  # noqa: PLR0917  (as an error has them)
    body = json.dumps({"error": error_dict(code, what, why, fix)}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
               (b"connection", b"close")]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class SafeHeaders:
    """Adds headers that keep what is answered from being misread, framed, kept or run by browsers.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE.items():
                    headers.setdefault(name, value)
                kind = headers.get("content-type", "")
                if not kind.startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", _DATA_ONLY)
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, safer)


class Timing:
    """Measures how long answers take to begin.

    Args:
        app: What answers.
        registry: Of the measures.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._seconds = Histogram(
            "paksatalker_request_seconds", "From a request to the start of its answer.",
            ("method", "route", "status"), registry=registry,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                labels = (
                    scope["method"] if scope["method"] in _METHODS else "other",
                    route_of(scope),
                    str(message["status"]),
                )
                self._seconds.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, timed)


def route_of(scope: Scope) -> str:
    """The address as its router knows it, without what callers fill in; else there would be no end of measures."""
    own = getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", None)
    if own is None:
        return "none"
    try:
        filled = str(own).format(**scope.get("path_params", {}))
    except (KeyError, IndexError, ValueError):
        return str(own)
    path: str = scope["path"]
    return path.removesuffix(filled) + str(own) if path.endswith(filled) else str(own)
