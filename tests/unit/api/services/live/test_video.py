"""What the client is told when a portrait cannot be shown."""

import asyncio
import re
import time

import pytest
from prometheus_client import CollectorRegistry

pytest.importorskip("aiortc")

from paksatalker.api.services.live import video as videos
from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.live.video import LiveVideo
from paksatalker.service.settings import IceServer
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.live_process import Portrayal
from tests.unit.api.services.live.test_peer import offer, run


def test_a_process_that_cannot_be_started_is_told(monkeypatch):
    told: list[dict] = []

    async def tell(message) -> None:
        told.append(message)

    async def hear(*_) -> None:
        return

    async def start() -> None:
        raise BlockingIOError("no process is left")

    async def play() -> None:
        measures = LiveMeasures(CollectorRegistry())
        video = LiveVideo(Portrayal(b""), RenderLimits(), servers=(), tell=tell, hearer=hear, measures=measures)
        monkeypatch.setattr(video._process, "start", start)
        async with asyncio.timeout(10):
            await video._live()
        assert video.over

    asyncio.run(play())
    assert [message["type"] for message in told] == ["video.end"]
    assert told[0]["error"]["code"] == "Internal"
    assert "no process" not in str(told), "that is the operator's"


@pytest.mark.parametrize(
    ("address", "servers", "why", "fix"),
    [
        ("", (), "no address", "webrtc.candidate"),
        ("203.0.113.7", (), "no TURN server is set", "PAKSATALKER_ICE_SERVERS"),  # documentation's network: nobody
        ("203.0.113.7", ({"urls": "turn:127.0.0.1:9", "username": "u", "credential": "p"},), "TURN", "credential"),
    ],
)
def test_who_cannot_be_reached_is_told_why_and_nothing_is_left(monkeypatch, address, servers, why, fix):
    told: list[dict] = []
    closing = asyncio.Event()

    async def tell(message) -> None:
        told.append(message)

    async def hear(*_) -> None:
        return

    async def start() -> None:
        await asyncio.sleep(0.05)

    async def close() -> None:
        closing.set()
        await asyncio.sleep(0.05)

    async def play() -> None:
        sdp = await offer()
        if address:
            sdp = re.sub(r"(a=candidate:\S+ \d udp \d+) \S+ ", rf"\1 {address} ", sdp)
        else:
            sdp = "\r\n".join(line for line in sdp.split("\r\n") if not line.startswith("a=candidate"))
        video = LiveVideo(
            Portrayal(b""), RenderLimits(), servers=(), tell=tell, hearer=hear,
            measures=LiveMeasures(CollectorRegistry()),
        )  # fmt: skip
        video._servers = [IceServer(**server) for server in servers]  # one that does not answer is waited for for 5 s
        monkeypatch.setattr(video._process, "start", start)
        monkeypatch.setattr(video._process, "close", close)
        asked = time.monotonic()
        assert "m=video" in await video.open(sdp)
        await closing.wait()
        assert video.over
        await video.close()  # as the session does when it sees that it is over: what is to be told is told all the same
        assert time.monotonic() - asked < 8
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) == 1

    monkeypatch.setattr(videos, "_CONNECT_SECONDS", 0.3)
    run(play)
    (end,) = told
    error = end["error"]
    assert (end["type"], error["code"]) == ("video.end", "NotConnected")
    assert why in error["why"]
    assert fix in error["fix"]
    assert error["fix"] in error["message"]
