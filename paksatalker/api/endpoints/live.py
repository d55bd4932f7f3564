"""Speech and face while they are made, over a WebSocket and WebRTC."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from paksatalker.api.deps import SocketBackend, accept, refuse, socket_caller
from paksatalker.api.errors import ApiError
from paksatalker.api.services.live.line import Overrun, Unread
from paksatalker.api.services.live.room import LiveRoom
from paksatalker.api.services.live.session import Pools, Session

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.websocket("/live")
async def live(websocket: WebSocket, backend: SocketBackend) -> None:
    """Texts and speech in; sound and coefficients, or rendered video, out; see docs/service-live.md."""
    state = websocket.app.state
    room: LiveRoom = state.live
    code, why = 1000, ""
    try:
        caller = await socket_caller(websocket, "live")
        with room.session(caller):
            await accept(websocket)
            pools = Pools(state.speech, state.writers, state.ears)
            await Session(websocket, caller, backend, pools, room).run()
    except ApiError as error:  # before it was accepted
        await refuse(websocket, error)
        return
    except Overrun as error:
        code, why = 1008, str(error)
    except (WebSocketDisconnect, Unread):
        pass
    with suppress(RuntimeError, WebSocketDisconnect):  # it was the other side that went
        await websocket.close(code, why)
