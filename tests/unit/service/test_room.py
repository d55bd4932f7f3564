"""The room that a tenant's files take."""

import asyncio

import pytest

from paksatalker.service.assets import AssetStore
from paksatalker.service.jobs import JobStore
from paksatalker.service.room import StorageFull
from paksatalker.service.voices import VoiceStore
from tests.unit.service.test_jobs import new, opened


def play(tmp_path, act) -> None:
    async def inner() -> None:
        async with opened(tmp_path) as (jobs, tenant, other):
            await act(jobs, AssetStore(jobs._database, 1000), tenant, other)

    asyncio.run(inner())


async def made(jobs: JobStore, tenant: str, result: dict) -> None:
    await jobs.create(new(tenant, request_hash=str(result)))
    job = await jobs.begin(f"t-{result}", "portrait", tries=1)
    assert await jobs.succeed(job, result)


def test_all_that_is_stored_counts(tmp_path):
    async def act(jobs, assets, tenant, other):
        await made(jobs, tenant, {"bytes": 100, "stream_bytes": 90, "stored_bytes": 200})
        assert await assets.free(tenant) == 800
        await made(jobs, tenant, {"bytes": 200, "stored_bytes": 240})
        await made(jobs, other, {"stored_bytes": 999})
        assert await assets.free(tenant) == 560
        voices = VoiceStore(jobs._database)
        voice = await voices.create(tenant, "k", "Ada", {"references": []})
        await voices.queued(voice, "cln_x")
        assert await voices.made(voice.id, "cln_x", "place", "digest", {}, size=60)
        assert await assets.free(tenant) == 500
        await voices.delete(voice, "k")
        assert await assets.free(tenant) == 560
        (video, *_), _ = await jobs.page(tenant)
        assert await jobs.expire(video.id, tenant)
        assert await assets.free(tenant) == 800

    play(tmp_path, act)


def test_who_has_no_room_left_has_no_video_made(tmp_path):
    async def act(jobs, _assets, tenant, other):
        await made(jobs, tenant, {"stored_bytes": 1000})
        with pytest.raises(StorageFull) as full:
            await jobs.create(new(tenant, request_hash="x"), storage=1000)
        assert (full.value.used, full.value.quota) == (1000, 1000)
        await jobs.create(new(tenant, request_hash="x"), storage=1001)
        await jobs.create(new(other, request_hash="x"), storage=1000)

    play(tmp_path, act)


def test_room_is_kept_free_for_what_is_being_made(tmp_path):
    async def act(jobs, assets, tenant, _):
        async def ask(name: str):
            return (await jobs.create(new(tenant, request_hash=name, bytes_expected=600), storage=1000))[0]

        first = await ask("a")
        assert await assets.free(tenant) == 400
        with pytest.raises(StorageFull) as full:
            await ask("b")
        assert full.value.used == 600
        await jobs.cancel(first.id, tenant)
        assert await assets.free(tenant) == 1000
        await ask("c")
        running = await jobs.begin("t", "portrait", tries=3)
        assert await jobs.fail(running, {"code": "x"})
        assert await assets.free(tenant) == 1000
        await ask("d")
        running = await jobs.begin("u", "portrait", tries=3)
        assert await jobs.succeed(running, {"stored_bytes": 250})
        assert await assets.free(tenant) == 750

    play(tmp_path, act)
