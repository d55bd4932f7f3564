"""Traces each request, under the name of its route: what callers fill in is in no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paksatalker.api.guards import route_of
from paksatalker.service.tracing import span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FAULT = 500


class Tracing:
    """Middleware; does nothing while nothing is traced.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(("/health", "/metrics")):
            await self._app(scope, receive, send)
            return
        parent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        with span(scope["method"], "server", parent) as traced:
            traced.tell("http.request.method", scope["method"])

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = route_of(scope)
                    traced.rename(f"{scope['method']} {route}")
                    traced.tell("http.route", route)
                    traced.tell("http.response.status_code", message["status"])
                    if message["status"] >= _FAULT:
                        traced.fail(str(message["status"]))
                await send(message)

            await self._app(scope, receive, answer)
