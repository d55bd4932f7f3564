"""What goes wrong while something is said: the utterance fails, the session goes on, unless the client has gone."""

import asyncio
from types import SimpleNamespace

import pytest
from fastapi import WebSocketDisconnect
from prometheus_client import CollectorRegistry

from paksatalker.api.models.live import Say
from paksatalker.api.services.live import line as lines
from paksatalker.api.services.live.line import Line, Unread
from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.live.speaker import Speaker


class Socket:
    """Takes messages, or not."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error, self.told = error, []

    async def send_json(self, message: dict) -> None:
        if self.error is not None:
            raise self.error
        self.told.append(message)


def speaker(socket: Socket, wrong: BaseException) -> Speaker:
    async def voice(_: str) -> str:
        raise wrong

    return Speaker(Line(socket), "ten_x", None, None, LiveMeasures(CollectorRegistry()), voice)


@pytest.mark.parametrize("wrong", [RuntimeError("CUDA error"), TimeoutError("a server"), ValueError("x")])
def test_what_breaks_inside_ends_the_utterance_alone(wrong):
    async def play() -> None:
        socket = Socket()
        spoken = speaker(socket, wrong)
        running = asyncio.create_task(spoken.run())
        for name in "ab":
            spoken.put(Say(type="say", id=name, text="Hello."))
        async with asyncio.timeout(10):
            while len(socket.told) < 6:
                await asyncio.sleep(0.01)
        assert not running.done()
        running.cancel()
        kinds = ["utterance.begin", "error", "utterance.end"] * 2
        assert [message["type"] for message in socket.told] == kinds
        assert {m["error"]["code"] for m in socket.told if m["type"] == "error"} == {"Internal"}

    asyncio.run(play())


def test_who_has_gone_is_spoken_to_no_more():
    async def play() -> None:
        gone = speaker(Socket(RuntimeError('Cannot call "send" once a close message has been sent.')), ValueError())
        gone.put(Say(type="say", id="a", text="Hello."))
        with pytest.raises(WebSocketDisconnect):
            await asyncio.wait_for(gone.run(), 10)

    asyncio.run(play())


def test_who_reads_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(lines, "_SECONDS", 0.05)

    async def stuck(_: dict) -> None:
        await asyncio.sleep(60)

    async def play() -> None:
        with pytest.raises(Unread):
            await Line(SimpleNamespace(send_json=stuck)).send({})

    asyncio.run(play())
