"""What endpoints are given: what the service stands on, and who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request, WebSocket, WebSocketDisconnect
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from paksatalker.api.endpoints.signin import COOKIE
from paksatalker.api.errors import ApiError
from paksatalker.api.services.limits import check_rate
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller, KeyStore

bearer = HTTPBearer(auto_error=False, description="An API key: `paksatalker keys create NAME`")


def get_backend(request: Request) -> Backend:
    """Database, jobs, files and queue."""
    backend: Backend = request.app.state.backend
    return backend


async def get_caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Caller:
    """Who asks.

    Raises:
        ApiError: 401, nobody we know.
    """
    key = credentials.credentials if credentials else _cookie(request)
    caller = await _known(get_backend(request), key)
    request.state.caller = caller
    return caller


async def _known(backend: Backend, key: str | None) -> Caller:
    """Who shows this key.

    Raises:
        ApiError: 401, nobody we know. 429, one who asks too often.
    """
    caller = await KeyStore(backend.database).check(key) if key else None
    if caller is None:
        why = "the key is unknown, expired or revoked" if key else "there is no key"
        fix = "Send: Authorization: Bearer KEY; make one with: paksatalker keys create NAME"
        raise ApiError(401, "Unauthorized", "who are you?", why=why, fix=fix, headers={"WWW-Authenticate": "Bearer"})
    await check_rate(backend, caller)
    return caller


def _cookie(request: Request | WebSocket) -> str | None:
    """The key of a browser that is signed in; not if another site's page has sent the request."""
    origin = request.headers.get("origin")
    if request.scope["type"] == "websocket" or request.scope["method"] not in ("GET", "HEAD") or origin is not None:
        scheme = request.url.scheme.replace("ws", "http")
        if origin != f"{scheme}://{request.headers.get('host', '')}":
            return None
    return request.cookies.get(COOKIE)


async def socket_caller(websocket: WebSocket, scope: str) -> Caller:
    """Who opens a WebSocket.

    The key is in the header ``Authorization``, or (pages cannot set headers) it is the second of two subprotocols of
    which the first is ``paksatalker``, or in the cookie of a browser that is signed in.

    Args:
        websocket: Not yet accepted.
        scope: What the key must allow.

    Raises:
        ApiError: 401, nobody we know. 403, the key has not this scope. 429, too often.
    """
    kind, _, key = websocket.headers.get("authorization", "").partition(" ")
    offered: list[str] = websocket.scope.get("subprotocols", [])
    if kind.lower() != "bearer":
        key = offered[1] if offered[:1] == ["paksatalker"] and len(offered) == 2 else _cookie(websocket) or ""
    return check_scope(await _known(websocket.app.state.backend, key.strip()), scope)


async def accept(websocket: WebSocket) -> None:
    """Opens a WebSocket, with the subprotocol by which pages send their key."""
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept("paksatalker" if "paksatalker" in offered else None)


async def refuse(websocket: WebSocket, error: ApiError) -> None:
    """Closes a WebSocket that is not open yet, with 4000 + the status.

    It is opened for that: of one that is not, clients hear nothing but that there is none.
    """
    with suppress(RuntimeError, WebSocketDisconnect):  # the other side has gone already
        await accept(websocket)
        await websocket.close(4000 + error.status, error.what)


def check_scope(caller: Caller, scope: str) -> Caller:
    """Lets only callers with a scope through.

    Raises:
        ApiError: 403, the key has not this scope.
    """
    if scope not in caller.scopes:
        why = f"it has the scopes {', '.join(sorted(caller.scopes))}"
        raise ApiError(403, "Forbidden", f"the key may not use {scope}", why=why, fix="Use another key")
    return caller


def allowed(scope: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency that lets only keys with a scope through: ``Depends(allowed("videos"))``."""

    async def check(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
        return check_scope(caller, scope)

    return check


def _socket_backend(websocket: WebSocket) -> Backend:
    backend: Backend = websocket.app.state.backend
    return backend


BackendOf = Annotated[Backend, Depends(get_backend)]
Anybody = Annotated[Caller, Depends(get_caller)]
SocketBackend = Annotated[Backend, Depends(_socket_backend)]
