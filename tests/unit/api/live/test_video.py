"""What the client is told when a portrait cannot be shown."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

pytest.importorskip("aiortc")

from paksatalker.api.services.live.measures import LiveMeasures
from paksatalker.api.services.live.video import LiveVideo
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.live_process import Portrayal


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
