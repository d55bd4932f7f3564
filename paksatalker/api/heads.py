"""HEAD wherever there is GET, as HTTP asks (RFC 9110, 9.3.2): what watches over a service often sends nothing else."""

from __future__ import annotations

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ENDLESS = "/events"  # its body would be waited for


class Heads:
    """Answers HEAD as GET, without the body, where nothing answers it itself.

    Args:
        app: What answers.
        routes: Of the application; more may be added.
    """

    def __init__(self, app: ASGIApp, routes: list[BaseRoute]) -> None:
        self._app, self._routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith(_ENDLESS):
            return await self._app(scope, receive, send)
        if any(route.matches(scope)[0] is Match.FULL for route in self._routes):
            return await self._app(scope, receive, send)

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        return await self._app({**scope, "method": "GET"}, receive, without_body)
