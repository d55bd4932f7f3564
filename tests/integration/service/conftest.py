"""A service without its API: database, files, queue, and a photo to animate."""

import asyncio
import hashlib
import io
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from paksatalker.service.admission import NewJob
from paksatalker.service.backend import Backend, opened
from paksatalker.service.broker import Broker
from paksatalker.service.ids import new_id
from paksatalker.service.keys import KeyStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.tables import Asset, Job
from paksatalker.service.video import VideoRequest
from tests import databases

Play = Callable[["Bench"], Awaitable[None]]


class Bench:
    """What workers stand on, a tenant, and short ways to do what the API does."""

    def __init__(self, backend: Backend, tenant_id: str, folder: Path) -> None:
        self.backend, self.tenant_id, self.folder = backend, tenant_id, folder

    async def portrait(self) -> str:
        buffer = io.BytesIO()
        Image.fromarray(data.astronaut()).save(buffer, "PNG")
        asset = Asset(
            id=new_id("ast"), tenant_id=self.tenant_id, kind="portrait", name="astronaut.png", media_type="image/png",
            bytes=buffer.tell(), sha256=hashlib.sha256(buffer.getvalue()).hexdigest(), file="", analysis={},
        )  # fmt: skip
        asset.file = f"{self.tenant_id}/assets/{asset.id}"
        await self.backend.files.put(asset.file, buffer.getvalue())
        async with self.backend.database.session() as session:
            session.add(asset)
        return asset.id

    async def submit(self, **fields) -> Job:
        request = VideoRequest(portrait=await self.portrait(), **{"size": 128, "text": "Hello there."} | fields)
        callback = None if request.callback_url is None else str(request.callback_url)
        new = NewJob(self.tenant_id, "key_x", "portrait", request.model_dump(mode="json"), request.digest({}))
        job, _ = await self.backend.jobs.create(replace(new, callback_url=callback))
        await self.backend.queue.enqueue(job.id, "portrait")
        return job

    async def ended(self, job: Job, seconds: float = 60.0) -> Job:
        async with asyncio.timeout(seconds):
            while (latest := await self.backend.jobs.get(job.id)) is not None and latest.finished_at is None:
                await asyncio.sleep(0.05)
        assert latest is not None
        return latest


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Play], None]:
    """Runs a coroutine function on a bench."""

    def run(act: Play, **settings) -> None:
        async def inner(url: str) -> None:
            chosen = ServiceSettings(_env_file=None, home=tmp_path, **settings)
            async with opened(chosen, url) as backend:
                keys = KeyStore(backend.database)
                caller = await keys.check(await keys.create("test"))
                assert caller is not None
                await act(Bench(backend, caller.tenant_id, tmp_path))

        with Broker(tmp_path / "queue") as broker:
            asyncio.run(inner(broker.url))

    return run


@pytest.fixture
def bench_of() -> type[Bench]:
    """For tests that open and close the backend themselves."""
    return Bench


@pytest.fixture(scope="module")
def server():
    """Postgres; those who use it skip where there is none."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with databases.postgres(port) as running:
        yield running
