"""What endpoints are given: the parts of the service, and who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from paksatalker.api.endpoints.signin import COOKIE
from paksatalker.api.errors import ApiError
from paksatalker.service.keys import Caller, KeyStore
from paksatalker.worker.main import Parts

_bearer = HTTPBearer(auto_error=False, description="An API key: `paksatalker keys create NAME`")


def get_parts(request: Request) -> Parts:
    """Database, jobs, files and queue."""
    parts: Parts = request.app.state.parts
    return parts


async def get_caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """Who asks.

    Raises:
        ApiError: 401, nobody we know.
    """
    key = credentials.credentials if credentials else _cookie(request)
    caller = await KeyStore(get_parts(request).database).check(key) if key else None
    if caller is None:
        why = "the key is unknown, expired or revoked" if key else "there is no key"
        fix = "Send: Authorization: Bearer KEY; make one with: paksatalker keys create NAME"
        raise ApiError(401, "Unauthorized", "who are you?", why=why, fix=fix, headers={"WWW-Authenticate": "Bearer"})
    request.state.caller = caller
    return caller


def _cookie(request: Request) -> str | None:
    """The key of a browser that is signed in; not if another site's page has sent the request."""
    origin = request.headers.get("origin")
    if request.method not in ("GET", "HEAD") or origin is not None:
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if origin != own:
            return None
    return request.cookies.get(COOKIE)


def allowed(scope: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency that lets only keys with a scope through: ``Depends(allowed("videos"))``."""

    async def check(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
        if scope not in caller.scopes:
            why = f"it has the scopes {', '.join(sorted(caller.scopes))}"
            raise ApiError(403, "Forbidden", f"the key may not use {scope}", why=why, fix="Use another key")
        return caller

    return check


PartsOf = Annotated[Parts, Depends(get_parts)]
Anybody = Annotated[Caller, Depends(get_caller)]
