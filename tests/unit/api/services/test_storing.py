"""A request that is cancelled while the database confirms: what counts keeps its file."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from paksatalker.api.services import storing
from paksatalker.api.services.resumable import Receiver
from paksatalker.api.services.storing import asset_store, keep
from paksatalker.api.services.uploads import Upload as Got
from paksatalker.service.assets import AssetStore
from paksatalker.service.backend import Backend
from paksatalker.service.files import FileStore
from paksatalker.service.jobs import JobStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.uploads import UploadStore
from paksatalker.worker.inspection import Media
from tests import databases


@asynccontextmanager
async def opened(folder):
    settings = ServiceSettings(_env_file=None, home=folder)
    async with databases.with_tenant(folder) as (database, tenant):
        yield Backend(settings, database, JobStore(database), FileStore.of(settings), None), tenant


def confirmed_late(monkeypatch, owner: type, name: str) -> asyncio.Event:
    """Has a method take its time after it is done. Returns what is set when it is."""
    real, done = getattr(owner, name), asyncio.Event()

    async def slow(*args, **kwargs):
        result = await real(*args, **kwargs)
        done.set()
        await asyncio.sleep(0.1)
        return result

    monkeypatch.setattr(owner, name, slow)
    return done


async def cancelled_when(done: asyncio.Event, work) -> None:
    task = asyncio.ensure_future(work)
    async with asyncio.timeout(10):
        await done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_an_asset_that_is_noted_keeps_its_file(tmp_path, monkeypatch):
    async def looked(*_) -> Media:
        return Media("audio", "audio/wav", {})

    monkeypatch.setattr(storing, "inspect", looked)
    (tmp_path / "a.wav").write_bytes(b"x")

    async def play() -> None:
        async with opened(tmp_path) as (backend, tenant):
            done = confirmed_late(monkeypatch, AssetStore, "add")
            await cancelled_when(done, keep(backend, tenant, tmp_path / "a.wav", Got("a.wav", 1, "")))
            (asset,), _ = await asset_store(backend).page(tenant)
            assert await backend.files.size(asset.file) == 1

    asyncio.run(play())


def test_a_piece_that_counts_is_kept(tmp_path, monkeypatch):
    async def body():
        yield b"abc"

    async def play() -> None:
        async with opened(tmp_path) as (backend, tenant):
            store = UploadStore(backend.database, 1000, 24)
            upload = await store.create(tenant, "key_x", "a.wav", 10)
            done = confirmed_late(monkeypatch, UploadStore, "advance")
            async with store.hold(upload) as held:
                await cancelled_when(done, Receiver(backend, store, held).receive(body(), None))
            found = await store.get(upload.id, tenant)
            assert found.offset == 3
            assert [await backend.files.size(part) for part in await store.pieces(found)] == [3]

    asyncio.run(play())
