"""Messages that videos are done: what was sent, what was given up, and the secret that signs them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import answers, not_found
from paksatalker.api.models.webhooks import MessageState, SecretOut, WebhookOut, WebhookPage
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller
from paksatalker.service.sealing import sealer
from paksatalker.service.webhooks import PURPOSE, WebhookStore

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], responses=answers(401, 403, 422, 429))
_User = Annotated[Caller, Depends(allowed("videos"))]
_Admin = Annotated[Caller, Depends(allowed("admin"))]


@router.get("", summary="List messages")
async def page(
    caller: _User,
    backend: BackendOf,
    state: MessageState | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> WebhookPage:
    """Newest first. `state=dead` are those that were given up after all attempts."""
    rows, more = await WebhookStore(backend.database).page(
        caller.tenant_id, state=state or "", limit=limit, cursor=cursor
    )
    return WebhookPage(items=[WebhookOut.model_validate(row) for row in rows], next_cursor=more)


@router.post("/{message_id}/redeliver", status_code=202, summary="Deliver again", responses=answers(404))
async def redeliver(message_id: str, caller: _User, backend: BackendOf) -> WebhookOut:
    """With the same id, whatever became of it before.

    Raises:
        ApiError: 404, there is no such message.
    """
    message = await WebhookStore(backend.database).redeliver(message_id, caller.tenant_id)
    if message is None:
        raise not_found("message")
    return WebhookOut.model_validate(message)


@router.get("/secret", summary="The secret that signs")
async def secret(caller: _Admin, backend: BackendOf) -> SecretOut:
    """Needs the scope `admin`. It is made when it is first asked for."""
    newest, *older = await _store(backend).secrets(caller.tenant_id)
    return SecretOut(secret=newest, previous=older)


@router.post("/secret/rotate", summary="Replace the secret")
async def rotate(caller: _Admin, backend: BackendOf) -> SecretOut:
    """The one before it signs for another day as well, so that no message is refused meanwhile."""
    newest, *older = await _store(backend).rotate(caller.tenant_id)
    return SecretOut(secret=newest, previous=older)


def _store(backend: Backend) -> WebhookStore:
    """One that can read secrets."""
    return WebhookStore(backend.database, sealer(backend.settings, PURPOSE))
