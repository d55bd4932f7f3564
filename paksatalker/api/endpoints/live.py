"""Speech and face while they are made, over a WebSocket."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from paksatalker.api.deps import SocketParts, socket_caller
from paksatalker.api.errors import ApiError
from paksatalker.api.services.live import Overrun, Session

router = APIRouter(prefix="/api/v1", tags=["live"])
_OF_ONE_TENANT = 16  # sessions at a time, of one process


@router.websocket("/live")
async def live(websocket: WebSocket, parts: SocketParts) -> None:
    """Texts in, sound and ARKit coefficients out; see docs/service-live.md."""
    sessions: Counter[str] = websocket.app.state.live
    try:
        caller = await socket_caller(websocket, "live")
        if sessions[caller.tenant_id] >= _OF_ONE_TENANT:
            raise ApiError(429, "TooBusy", "too many live sessions")
    except ApiError as error:
        await websocket.close(4000 + error.status, error.what)
        return
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept("paksatalker" if "paksatalker" in offered else None)
    sessions[caller.tenant_id] += 1
    code, why = 1000, ""
    try:
        state = websocket.app.state
        await Session(websocket, caller, parts, state.speech, state.writers).run()
    except Overrun as error:
        code, why = 1008, str(error)
    except (WebSocketDisconnect, TimeoutError):
        pass
    finally:
        sessions[caller.tenant_id] -= 1
        if not sessions[caller.tenant_id]:
            del sessions[caller.tenant_id]
    with suppress(RuntimeError, WebSocketDisconnect):  # it was the other side that went
        await websocket.close(code, why)
