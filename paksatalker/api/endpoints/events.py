"""How far a video is, told while it is made: as server-sent events, or over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from paksatalker.api.deps import BackendOf, SocketBackend, accept, allowed, refuse, socket_caller
from paksatalker.api.endpoints.videos import VideoId, job_of
from paksatalker.api.errors import ApiError, answers
from paksatalker.api.models.videos import VideoState
from paksatalker.api.services.following import follow
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller

router = APIRouter(prefix="/videos/{video_id}", tags=["videos"])
User = Annotated[Caller, Depends(allowed("videos"))]
_HEARTBEAT = 15  # seconds
_SEND_SECONDS = 30.0  # for one event: who reads no more is let go
_EXAMPLE = (
    'event: state\ndata: {"id":"vid_…","state":"running","stage":"frames","progress":0.42,"frames_done":126}\n\n'
    'event: state\ndata: {"id":"vid_…","state":"succeeded","progress":1.0}\n\n'
)


@router.get(
    "/events",
    summary="Follow a video",
    response_class=Response,
    responses={
        200: {"description": "Events named `state`.", "content": {"text/event-stream": {"example": _EXAMPLE}}},
        **answers(403, 404),
    },
)
async def events(video_id: VideoId, caller: User, backend: BackendOf) -> EventSourceResponse:
    """Server-sent events: the state now, then every change; the stream ends with the video.

    Over a WebSocket at the same address the same comes as JSON messages.
    """
    job = await job_of(backend, caller, video_id)
    told = _told(backend, job.id, caller)
    return EventSourceResponse(told, ping=_HEARTBEAT, send_timeout=_SEND_SECONDS, headers={"Cache-Control": "no-store"})


async def _told(backend: Backend, job_id: str, caller: Caller) -> AsyncGenerator[dict[str, str], None]:
    async with aclosing(follow(backend, job_id, caller.tenant_id)) as states:
        async for state in states:
            yield {"event": "state", "data": state.model_dump_json()}


@router.websocket("/events")
async def socket(websocket: WebSocket, video_id: str, backend: SocketBackend) -> None:
    """The same over a WebSocket: a JSON message for every change, closed at the end.

    The key comes as header ``Authorization: Bearer KEY``, as the cookie of a browser that is signed in, or (from other
    pages) as the second of the two subprotocols ``paksatalker`` and the key.
    """
    try:
        caller = await socket_caller(websocket, "videos")
        job = await job_of(backend, caller, video_id)
    except ApiError as error:
        await refuse(websocket, error)
        return
    await accept(websocket)
    tasks = {asyncio.create_task(_send(websocket, backend, job.id, caller)), asyncio.create_task(_gone(websocket))}
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with suppress(RuntimeError, WebSocketDisconnect):  # it was the other side that went
        await websocket.close()


async def _send(websocket: WebSocket, backend: Backend, job_id: str, caller: Caller) -> None:
    async with aclosing(follow(backend, job_id, caller.tenant_id)) as states:
        async for state in states:
            async with asyncio.timeout(_SEND_SECONDS):
                await websocket.send_json(_json(state))


def _json(state: VideoState) -> dict[str, object]:
    return state.model_dump(mode="json")


async def _gone(websocket: WebSocket) -> None:
    """Comes back when the other side goes; what it says means nothing."""
    with suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
