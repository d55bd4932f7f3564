"""Sound that is too much, and sound that cannot be listened to: the client is told, the session goes on."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from paksatalker.api.models.live import Listen
from paksatalker.api.services.live.hearing import Hearing
from paksatalker.api.services.live.line import Overrun
from paksatalker.api.services.live.session import Session
from paksatalker.errors import EngineUnavailable

SECOND = np.zeros(48_000, np.float32)


class Line:
    """Keeps what the client is told."""

    def __init__(self) -> None:
        self.told: list[dict] = []

    async def send(self, message: dict) -> None:
        self.told.append(message)

    async def refuse(self, error: dict, about: str = "") -> None:
        self.told.append({"type": "error", "id": about, "error": error})


def listening(source: str, use: str = "voice", voiced=None) -> tuple[Hearing, Line, Session]:
    async def nothing(*_) -> None:
        return

    line = Line()
    hearing = Hearing(line, "ten_x", None, None, lambda _: None, nothing, nothing, voiced or nothing)
    hearing.listen = Listen(type="listen", source=source, use=use)
    session = SimpleNamespace(_hearing=hearing, _listened_to=None)
    session._listened_to = lambda work: Session._listened_to(session, work)
    return hearing, line, session


@pytest.mark.parametrize("source", ["webrtc", "socket"])
def test_a_minute_may_come_at_once_and_no_more(source):
    async def play() -> None:
        hearing, _, _ = listening(source)

        async def hear(seconds: int) -> None:
            for _ in range(seconds):
                await (hearing.pcm(bytes(32_000)) if source == "socket" else hearing.track(SECOND, 48_000))

        await hear(59)
        with pytest.raises(Overrun):
            await hear(5)

    asyncio.run(play())


def test_who_listens_anew_has_no_other_minute():
    async def play() -> None:
        hearing, _, _ = listening("socket")

        async def again(times: int) -> None:
            for _ in range(times):
                await hearing.start(Listen(type="listen", use="voice"))
                for _ in range(20):
                    await hearing.pcm(bytes(32_000))

        await again(2)
        with pytest.raises(Overrun):
            await again(2)

    asyncio.run(play())


def test_too_much_of_a_track_is_told_and_ends_listening():
    async def play() -> None:
        hearing, line, session = listening("webrtc")
        for _ in range(70):
            await Session._heard(session, SECOND, 48_000)
        error, muted = line.told
        assert (error["type"], error["error"]["code"], bool(error["error"]["fix"])) == ("error", "TooMuchSound", True)
        assert muted == {"type": "muted"}
        assert hearing.listen is None

    asyncio.run(play())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (EngineUnavailable("no phones", "it is not there", "Install it"), "EngineUnavailable"),
        (KeyError("x"), "Internal"),
    ],
)
@pytest.mark.parametrize("source", ["webrtc", "socket"])
def test_what_cannot_be_listened_to_is_told(source, wrong, code):
    async def fails(*_) -> None:
        raise wrong

    async def play() -> None:
        hearing, line, session = listening(source, voiced=fails)
        for _ in range(3):
            if source == "webrtc":
                await Session._heard(session, SECOND, 48_000)
            else:
                await Session._listened_to(session, hearing.pcm(bytes(32_000)))
        assert [message["type"] for message in line.told] == ["error", "muted"]
        assert line.told[0]["error"]["code"] == code

    asyncio.run(play())
