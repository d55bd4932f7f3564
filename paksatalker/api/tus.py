"""What every answer under the address of resumable uploads has, and what their clients may send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from paksatalker.api.services.resumable import VERSION

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Headers that pages of other origins may send, and read.
SENT = (
    "Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum", "X-HTTP-Method-Override",
)  # fmt: skip
TOLD = (
    "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm", "Upload-Length",
    "Upload-Metadata", "Upload-Offset", "Upload-Expires", "Upload-Asset",
)  # fmt: skip
_INSTEAD = frozenset({"PATCH", "DELETE", "HEAD"})


class TusHeaders:
    """Names the version in every answer, and lets clients that cannot send PATCH say so.

    Args:
        app: What answers.
        path: Address of uploads.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{self._path}/"):
            await self._app(scope, receive, send)
            return

        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Tus-Resumable", VERSION)
            await send(message)

        instead = Headers(scope=scope).get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and instead in _INSTEAD:
            scope = {**scope, "method": instead}
        await self._app(scope, receive, versioned)
