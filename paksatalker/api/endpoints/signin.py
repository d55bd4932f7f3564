"""The one-time link that ``paksatalker serve`` prints: it signs a browser in, as Jupyter's does."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from paksatalker.api.errors import ApiError
from paksatalker.service.ids import random_text

router = APIRouter(tags=["health"])
COOKIE = "paksatalker_key"
_DAYS = 30


@dataclass(slots=True)
class SignIn:
    """A key that one visitor gets who has the token.

    Attributes:
        key: The key.
        token: Part of the link; empty once it was used.
    """

    key: str
    token: str = field(default_factory=lambda: random_text(32))


@router.get("/sign-in", include_in_schema=False)
async def sign_in(request: Request, token: str = "") -> RedirectResponse:
    """Gives the browser its key, once.

    Raises:
        ApiError: 401, the link was used or is wrong.
    """
    offer: SignIn | None = request.app.state.sign_in
    if offer is None or not offer.token or not hmac.compare_digest(token.encode(), offer.token.encode()):
        why = "the link was used already, or is wrong"
        raise ApiError(
            401, "Unauthorized", "cannot sign in", why=why, fix="Start paksatalker serve again for a new one"
        )
    offer.token = ""
    answer = RedirectResponse("/docs", 303)
    answer.set_cookie(
        COOKIE, offer.key, max_age=_DAYS * 86400, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer
