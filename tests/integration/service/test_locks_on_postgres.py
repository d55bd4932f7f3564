"""Many at the same rows of a Postgres: nobody waits in a circle, and whoever is cancelled knows whether it counts."""

import asyncio

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from paksatalker.service import avatars, voices
from paksatalker.service.avatars import AvatarStore
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.parts import PartStore, Span
from paksatalker.service.tables import Asset, Job, Tenant
from paksatalker.service.voices import VoiceStore
from tests import databases
from tests.unit.service.test_jobs import new, opened

pytestmark = pytest.mark.skipif(not databases.has_postgres(), reason="there is no Postgres: the extra 'dev' brings one")


@pytest.fixture(autouse=True)
def _on_postgres(server, monkeypatch):
    monkeypatch.setattr(databases, "url", lambda _: server.new())


def play(act, folder) -> None:
    async def inner():
        async with opened(folder) as (jobs, one, _):
            async with asyncio.timeout(30):
                await act(jobs, one)

    asyncio.run(inner())


def test_who_gives_a_part_up_locks_its_video_first(tmp_path):
    """As those do who are still at it: else each waits for what the other one has."""

    async def act(jobs, tenant):
        database: Database = jobs._database
        await jobs.create(new(tenant))
        video = await jobs.begin("v", "portrait", tries=1)
        await PartStore(database).add(video, Span(0, 0, 10, False, 20))
        part = await jobs.begin("p", "portrait", tries=1)
        assert part.parent_id == video.id
        async with database.session() as session:
            await session.execute(text("SET LOCAL lock_timeout = '500ms'"))  # Postgres looks for circles after a second
            await session.execute(select(Job.id).where(Job.id == video.id).with_for_update())
            giving_up = asyncio.create_task(jobs.begin("p", "portrait", tries=1))
            await asyncio.sleep(0.3)
            await session.execute(update(Job).where(Job.id == part.id).values(frames_done=1))
        assert await giving_up is None
        assert [(await jobs.get(one.id)).state for one in (part, video)] == ["failed", "failed"]

    play(act, tmp_path)


def test_who_waits_in_a_circle_tries_again(tmp_path):
    async def act(jobs, _):
        database: Database = jobs._database
        calls: list[str] = []
        for name in "xy":
            await database.write(lambda session, name=name: session.add(Tenant(id=name, name=name)))

        def both(first: str, second: str):
            def rename(session) -> None:
                calls.append(first)
                session.execute(update(Tenant).where(Tenant.id == first).values(name=first + second))
                session.execute(text("SELECT pg_sleep(0.3)"))
                session.execute(update(Tenant).where(Tenant.id == second).values(name=first + second))

            return database.write(rename)

        await asyncio.gather(both("x", "y"), both("y", "x"))
        assert len(calls) == 3, "Postgres has ended one of the two"
        names = await database.read(lambda session: session.scalars(select(Tenant.name)).all())
        assert {"xy", "yx"} & set(names)

    play(act, tmp_path)


def test_what_is_wrong_is_not_tried_again(tmp_path):
    async def act(jobs, _):
        calls: list[int] = []

        def wrong(session) -> None:
            calls.append(1)
            session.execute(text("SELECT 1 / 0"))

        with pytest.raises(DBAPIError):
            await jobs._database.write(wrong)
        assert calls == [1]

    play(act, tmp_path)


@pytest.mark.parametrize("how", ["write", "session", "change"])
def test_who_is_cancelled_while_it_is_committed_sees_then_whether_it_was(tmp_path, how):
    async def act(jobs, _):
        database: Database = jobs._database
        async with database.session() as session:
            await session.execute(text(_SLOW_FUNCTION))
            await session.execute(text(_SLOW_COMMITS))
        done = asyncio.Event()

        async def add() -> None:
            if how == "change":
                done.set()
                assert await database.change(insert(Tenant).values(id="x", name="x").returning(Tenant.id)) == "x"
            elif how == "write":
                await database.write(
                    lambda session: (session.add(Tenant(id="x", name="x")), session.flush(), done.set())
                )
            else:
                async with database.session() as session:
                    session.add(Tenant(id="x", name="x"))
                    await session.flush()
                    done.set()

        adding = asyncio.create_task(add())
        await done.wait()
        await asyncio.sleep(0.1)  # it is being committed
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        there = await database.read(lambda session: session.get(Tenant, "x") is not None)
        await asyncio.sleep(1.0)
        later = await database.read(lambda session: session.get(Tenant, "x") is not None)
        assert there == later
        assert there, "it was as good as done"

    play(act, tmp_path)


_SLOW_FUNCTION = """
    CREATE FUNCTION slowly() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END $$ LANGUAGE plpgsql"""
_SLOW_COMMITS = """
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON tenants DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slowly()"""


def test_a_request_that_is_cancelled_at_any_time_and_asked_for_again_makes_one_job(tmp_path):
    async def act(jobs, tenant):
        for number in range(40):
            order = new(tenant, idempotency_key=f"order-{number}")
            submitting = asyncio.create_task(jobs.create(order, 1000))
            await asyncio.sleep(number * 0.0005)
            submitting.cancel()
            first = (await asyncio.gather(submitting, return_exceptions=True))[0]
            job, fresh = await jobs.create(order, 1000)
            if isinstance(first, tuple):
                assert (first[0].id, fresh) == (job.id, False)
        assert len(await jobs.unfinished()) == 40

    play(act, tmp_path)


def test_there_are_no_more_voices_and_avatars_than_there_may_be_however_many_are_asked_for_at_once(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(voices, "MOST_VOICES", 3)
    monkeypatch.setattr(avatars, "MOST_AVATARS", 3)

    async def act(jobs, tenant):
        database: Database = jobs._database
        portrait = Asset(
            id=new_id("ast"), tenant_id=tenant, kind="portrait", name="a", media_type="image/png", bytes=1, sha256="",
            file="x", analysis={},
        )  # fmt: skip
        await database.write(lambda session: session.add(portrait))
        store = VoiceStore(database)
        making = [store.create(tenant, "k", f"v{n}", {"references": []}) for n in range(9)]
        making += [AvatarStore(database).create(tenant, "k", f"a{n}", portrait.id, {}) for n in range(9)]
        ended = [type(one).__name__ for one in await asyncio.gather(*making, return_exceptions=True)]
        assert (ended.count("Voice"), ended.count("VoiceTaken")) == (3, 6)
        assert (ended.count("Avatar"), ended.count("AvatarTaken")) == (3, 6)

    play(act, tmp_path)


def test_two_avatars_that_change_pictures_at_once_both_keep_theirs(tmp_path):
    """Else each lets go of what the other one takes, and each waits for what the other one has."""

    async def act(jobs, tenant):
        database: Database = jobs._database
        one, two = [
            Asset(
                id=new_id("ast"), tenant_id=tenant, kind="portrait", name="a", media_type="image/png", bytes=1,
                sha256="", file="x", analysis={},
            )
            for _ in range(2)
        ]  # fmt: skip
        await database.write(lambda session: session.add_all([one, two]))
        store = AvatarStore(database, keep_days=1)
        first, second = [
            await store.create(tenant, "k", name, asset.id, {}) for name, asset in (("a", one), ("b", two))
        ]
        for _ in range(4):
            here, there = first.portrait, second.portrait
            await asyncio.gather(store.change(first, portrait=there), store.change(second, portrait=here))
            first, second = [await store.named(name, tenant) for name in ("a", "b")]
            assert (first.portrait, second.portrait) == (there, here)
            for asset in (one, two):
                kept = await database.read(lambda session, asset=asset: session.get(Asset, asset.id))
                assert kept.expires_at is None

    play(act, tmp_path)
