"""Who adds to an upload, and what counts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update

from paksatalker.service import uploads
from paksatalker.service.assets import AssetStore, StorageFull
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.tables import Asset, Tenant, Upload, UploadPiece, now
from paksatalker.service.uploads import TooManyUploads, UploadHeld, UploadLost, UploadState, UploadStore
from paksatalker.worker.sweeper import Sweeper

ROOM = 1000


@pytest.fixture
def play(tmp_path):
    """Runs a coroutine function with a store and a tenant."""

    def run(act: Callable[[UploadStore, Database, str], Awaitable[None]]) -> None:
        async def inner() -> None:
            database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3")
            try:
                await database.migrate()
                tenant = new_id("ten")
                async with database.session() as session:
                    session.add(Tenant(id=tenant, name="a"))
                await act(UploadStore(database, ROOM, 24), database, tenant)
            finally:
                await database.close()

        asyncio.run(inner())

    return run


def asset(tenant: str, size: int) -> Asset:
    return Asset(
        id=new_id("ast"), tenant_id=tenant, kind="audio", name="a", media_type="audio/wav", bytes=size, sha256="",
        file="x", analysis={},
    )  # fmt: skip


def test_one_adds_at_a_time_and_lets_go_whatever_happens(play):
    async def act(store, _, tenant):
        upload = await store.create(tenant, "key_x", "a.wav", 10)
        async with store.hold(upload) as held:
            with pytest.raises(UploadHeld):
                async with store.hold(upload):
                    pass
            await store.advance(held, [("part", 4)])
        with pytest.raises(RuntimeError):
            async with store.hold(upload):
                raise RuntimeError
        async with store.hold(upload) as held:
            assert (held.offset, await store.pieces(held)) == (4, ["part"])

    play(act)


def test_who_was_thought_dead_adds_nothing(play):
    async def act(store, database, tenant):
        upload = await store.create(tenant, "key_x", "a.wav", 10)
        async with store.hold(upload) as slow:
            async with database.session() as session:  # it says nothing for a minute
                await session.execute(update(Upload).values(held_until=now() - timedelta(seconds=1)))
            async with store.hold(upload) as quick:
                await store.advance(quick, [("quick", 3)])
                with pytest.raises(UploadLost):
                    await store.advance(slow, [("slow", 5)])
        found = await store.get(upload.id, tenant)
        assert (found.offset, await store.pieces(found)) == (3, ["quick"])

    play(act)


def test_who_lives_keeps_it(play, monkeypatch):
    monkeypatch.setattr(uploads, "_HELD", timedelta(seconds=0.3))
    monkeypatch.setattr(uploads, "_RENEWED", 0.05)

    async def act(store, _, tenant):
        upload = await store.create(tenant, "key_x", "a.wav", 10)
        async with store.hold(upload):
            await asyncio.sleep(0.8)
            with pytest.raises(UploadHeld):
                async with store.hold(upload):
                    pass

    play(act)


def test_who_lives_keeps_it_though_the_database_is_away_for_a_moment(play, monkeypatch):
    monkeypatch.setattr(uploads, "_HELD", timedelta(seconds=0.5))
    monkeypatch.setattr(uploads, "_RENEWED", 0.05)

    async def act(store, _, tenant):
        upload, failures = await store.create(tenant, "key_x", "a.wav", 10), [1]
        change = store._change

        async def flaky(upload_id, *guard, **values):
            if values.keys() == {"held_until"} and failures:
                failures.pop()
                raise OSError("away")
            return await change(upload_id, *guard, **values)

        monkeypatch.setattr(store, "_change", flaky)
        async with store.hold(upload):
            await asyncio.sleep(1.0)
            assert not failures
            with pytest.raises(UploadHeld):
                async with store.hold(upload):
                    pass

    play(act)


def test_what_was_finished_while_it_was_swept_is_known(play, tmp_path):
    class Files:
        """While files are deleted, somebody finishes the upload."""

        def __init__(self, database) -> None:
            self._database = database

        async def delete(self, _: str) -> None:
            async with self._database.session() as session:
                await session.execute(update(Upload).values(state=UploadState.DONE, expires_at=now() + timedelta(1)))

    async def act(store, database, tenant):
        upload = await store.create(tenant, "key_x", "a.wav", 10)
        async with database.session() as session:
            await session.execute(update(Upload).values(expires_at=now()))
        sweeper = Sweeper(ServiceSettings(_env_file=None, home=tmp_path), database, Files(database))
        await sweeper._expire_uploads()
        assert await store.get(upload.id, tenant) is not None

    play(act)


def test_what_was_given_up_counts_no_more(play):
    async def act(store, _, tenant):
        upload = await store.create(tenant, "key_x", "a.wav", 10)
        async with store.hold(upload) as held:
            await store.delete(upload, "key_x")
            with pytest.raises(UploadLost):
                await store.advance(held, [("part", 4)])
        assert await store.get(upload.id, tenant) is None
        with pytest.raises(UploadHeld):
            async with store.hold(upload):
                pass

    play(act)


def test_room_is_kept_for_it_and_taken_once(play):
    async def act(store, database, tenant):
        assets = AssetStore(database, ROOM)
        upload = await store.create(tenant, "key_x", "a.wav", 600)
        assert await assets.free(tenant) == 400
        with pytest.raises(StorageFull):
            await store.create(tenant, "key_x", "b.wav", 401)
        with pytest.raises(StorageFull):
            await assets.add(asset(tenant, 401))
        async with store.hold(upload) as held:
            await assets.add(asset(tenant, 600), held)
            with pytest.raises(UploadLost):
                await assets.add(asset(tenant, 100), held)
        assert await assets.free(tenant) == 400
        found = await store.get(upload.id, tenant)
        assert (found.state, found.asset_id is not None) == (UploadState.DONE, True)

    play(act)


def test_nobody_begins_without_end(play, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)

    async def act(store, _, tenant):
        for _ in range(2):
            last = await store.create(tenant, "key_x", "a.wav", 1)
        with pytest.raises(TooManyUploads):
            await store.create(tenant, "key_x", "a.wav", 1)
        await store.delete(last, "key_x")
        await store.create(tenant, "key_x", "a.wav", 1)

    play(act)


def test_a_piece_costs_as_much_as_the_one_before_however_many_there_are(play):
    async def act(store, database, tenant):
        upload = await store.create(tenant, "key_x", "a.wav", 200)
        written: list[int] = []

        def count(*about) -> None:
            written.append(len(str(about[3])))

        event.listen(database.engine.sync_engine, "before_cursor_execute", count)
        costs = []
        async with store.hold(upload) as held:
            for number in range(200):
                written.clear()
                await store.advance(held, [(f"{tenant}/uploads/{upload.id}/{number:015d}", 1)])
                costs.append(sum(written))
            assert len(await store.pieces(held)) == held.pieces == 200
        assert costs[-1] <= costs[0] + 10

    play(act)


def test_what_is_finished_or_given_up_leaves_no_pieces(play):
    async def act(store, database, tenant):
        async def left() -> int:
            return await database.read(lambda session: session.scalar(select(func.count()).select_from(UploadPiece)))

        for end in ("asset", "fail", "delete"):
            upload = await store.create(tenant, "key_x", "a.wav", 10)
            async with store.hold(upload) as held:
                await store.advance(held, [("one", 4), ("two", 6)])
                assert (held.offset, await left()) == (10, 2)
                if end == "asset":
                    await AssetStore(database, ROOM).add(asset(tenant, 10), held)
                elif end == "fail":
                    await store.fail(held, {"code": "X"})
                else:
                    await store.delete(held, "key_x")
            assert await left() == 0

    play(act)
