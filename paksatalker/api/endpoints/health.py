"""Whether the service lives, and whether it can work. No key needed."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text

from paksatalker.api.deps import BackendOf

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """State of the service, and of its parts."""

    status: Literal["ok", "failing"]
    parts: dict[str, str] = {}


@router.get("/live", summary="Does the process answer?")
async def live() -> Health:
    """Always ``ok``: if this does not answer, restart the process."""
    return Health(status="ok")


@router.get("/ready", summary="Can it work?", responses={503: {"model": Health}})
async def ready(backend: BackendOf, response: Response) -> Health:
    """``failing`` while database or queue do not answer: send no requests."""
    found = {}
    try:
        async with backend.database.reader() as session:
            await session.execute(text("SELECT 1"))
        found["database"] = "ok"
    except Exception as error:  # noqa: BLE001  (whatever it is, the answer is the same)
        found["database"] = type(error).__name__
    try:
        await backend.queue.ping()
        found["queue"] = "ok"
    except Exception as error:  # noqa: BLE001  (whatever it is, the answer is the same)
        found["queue"] = type(error).__name__
    good = all(state == "ok" for state in found.values())
    response.status_code = 200 if good else 503
    return Health(status="ok" if good else "failing", parts=found)
