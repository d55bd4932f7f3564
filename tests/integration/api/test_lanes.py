"""Which queue a video goes to, and what is told where nobody takes it."""

import asyncio
import io
import logging

from PIL import Image
from skimage import data

from paksatalker.service.database import Database
from paksatalker.service.jobs import JobStore
from paksatalker.service.streaq_queue import StreaqQueue

VIDEOS = "/api/v1/videos"


def portrait(client) -> str:
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    return client.post("/api/v1/assets", files={"file": ("a.png", buffer.getvalue(), "image/png")}).json()["id"]


def announce(settings, *queues: str, seconds: float = 60) -> None:
    async def act() -> None:
        async with StreaqQueue(settings.redis_url) as queue:
            await queue.announce("wrk_x", queues, seconds)

    asyncio.run(act())


def lane(settings, video: str) -> str:
    async def act() -> str:
        database = Database(settings.database)
        try:
            return (await JobStore(database).get(video)).queue
        finally:
            await database.close()

    return asyncio.run(act())


def test_what_needs_a_graphics_card_waits_for_one(client, settings, caplog):
    photo = portrait(client)
    announce(settings, "portrait")
    with caplog.at_level(logging.WARNING):
        made = client.post(VIDEOS, json={"portrait": photo, "text": "Hello.", "engine": "sadtalker"}).json()
    assert "no worker takes jobs of the queue neural-gpu" in made["note"]
    assert "Run: paksatalker worker --queue neural-gpu" in caplog.text
    assert lane(settings, made["id"]) == "neural-gpu"
    usual = client.post(VIDEOS, json={"portrait": photo, "text": "Hello."}).json()
    assert (usual["note"], lane(settings, usual["id"])) == ("", "portrait")
    announce(settings, "neural-gpu")
    assert client.get(f"{VIDEOS}/{made['id']}").json()["note"] == ""
    announce(settings, "neural-gpu", "portrait", seconds=0)
    assert "queue portrait" in client.get(f"{VIDEOS}/{usual['id']}").json()["note"]
    metrics = client.get("/metrics").text
    assert 'paksatalker_workers{queue="portrait"} 0.0' in metrics


def test_what_is_to_be_written_goes_to_who_writes_if_there_is_one(client, settings):
    photo = portrait(client)
    first = client.post(VIDEOS, json={"portrait": photo, "brief": "Bees"}).json()["id"]
    announce(settings, "script")
    second = client.post(VIDEOS, json={"portrait": photo, "brief": "Wasps"}).json()["id"]
    assert [lane(settings, video) for video in (first, second)] == ["portrait", "script"]
