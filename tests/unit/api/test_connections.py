"""Who connects and does not ask, or does not send what was announced, holds nothing for long."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from paksatalker.api import connections, guards
from paksatalker.api.connections import PromptProtocol
from paksatalker.api.deps import refuse
from paksatalker.api.errors import ApiError
from paksatalker.api.guards import BodyLimit

SOON = 0.4


@pytest.fixture
def port(monkeypatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "ASK_SECONDS", SOON)
    monkeypatch.setattr(guards, "_SILENCE", SOON)
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def json(said: dict[str, int]) -> int:
        return len(said)

    @app.get("/slow")
    def slow() -> str:
        time.sleep(3 * SOON)
        return "done"

    @app.websocket("/talk")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())

    @app.websocket("/refused")
    async def refused(websocket: WebSocket) -> None:
        await refuse(websocket, ApiError(401, "NoKey", "no key"))

    app.add_middleware(BodyLimit, upload_bytes=1000)
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=PromptProtocol, log_level="error"))
    bound = server.config.bind_socket()
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join()


def answer(port: int, *sent: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """All that comes back until the other side hangs up, and how long that took."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for piece in sent:
            connection.sendall(piece)
            time.sleep(pause)
        began, got = time.monotonic(), b""
        while piece := connection.recv(4096):
            got += piece
        return got, time.monotonic() - began


ASK = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET /slow HT", b"GET /slow HTTP/1.1\r\nHost: x\r\n"])
def test_who_does_not_ask_is_hung_up_on(port, sent):
    got, seconds = answer(port, sent)
    assert got == b""
    assert seconds < 3


def test_what_is_being_answered_takes_its_time_and_what_follows_does_not(port):
    got, _ = answer(port, ASK, b"GET /sl", pause=4 * SOON)
    assert got.startswith(b"HTTP/1.1 200")
    assert got.endswith(b'"done"')


@pytest.mark.parametrize("path", [b"/echo", b"/json"])
def test_a_body_that_does_not_come_is_told(port, path):
    got, seconds = answer(port, POST.replace(b"/echo", path) + b"{")
    assert got.startswith(b"HTTP/1.1 408")
    assert b'"Stalled"' in got
    assert seconds < 3
    got, _ = answer(port, POST, b"01234", b"56789", b"GET", pause=SOON / 2)
    assert got.startswith(b"HTTP/1.1 200"), "one that comes slowly, but comes, is taken"


def test_a_conversation_may_rest(port):
    with connect(f"ws://127.0.0.1:{port}/talk") as talk:
        time.sleep(3 * SOON)
        talk.send("still there")
        assert talk.recv(5) == "still there"


def test_who_is_refused_a_conversation_hears_why(port):
    protocols = ["paksatalker", "key_x"]
    with (
        connect(f"ws://127.0.0.1:{port}/refused", subprotocols=protocols) as talk,
        pytest.raises(ConnectionClosed) as closed,
    ):
        talk.recv(5)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "no key")
    assert talk.subprotocol == "paksatalker"
