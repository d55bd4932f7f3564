import asyncio
import os
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from paksatalker.service.database import Database
from paksatalker.service.tables import Tenant
from tests import databases


@asynccontextmanager
async def opened(folder: Path):
    database = Database(databases.url(folder))
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


def add(name: str):
    return lambda session: session.add(Tenant(id=name, name=name))


async def names(database: Database) -> list[str]:
    return await database.read(lambda session: list(session.scalars(select(Tenant.id).order_by(Tenant.id))))


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_nobody_else_on_the_machine_can_read_it(tmp_path):
    home = tmp_path / "home"
    file = home / "a.sqlite3"

    async def play():
        database = Database(f"sqlite+aiosqlite:///{file}")
        await database.migrate()
        await database.write(add("a"))
        assert {path.name: oct(path.stat().st_mode & 0o777) for path in (home, *home.iterdir())} == {
            "home": "0o700", "a.sqlite3": "0o600", "a.sqlite3-wal": "0o600", "a.sqlite3-shm": "0o600",
        }  # fmt: skip
        await database.close()
        file.chmod(0o660)  # an operator's own choice
        again = Database(f"sqlite+aiosqlite:///{file}")
        assert await names(again) == ["a"]
        await again.close()
        assert file.stat().st_mode & 0o777 == 0o660

    asyncio.run(play())


def test_what_is_written_together_fails_alone(tmp_path):
    def broken(session):
        session.add(Tenant(id="broken", name="x"))
        session.flush()
        raise KeyError("a defect")

    async def play():
        async with opened(tmp_path) as database:
            writes = [database.write(act) for act in (add("a"), broken, add("b"), add("a"), add("c"))]
            ended = await asyncio.gather(*writes, return_exceptions=True)
            kinds = [type(one) for one in ended]
            assert kinds == [type(None), KeyError, type(None), IntegrityError, type(None)]
            assert await names(database) == ["a", "b", "c"]

    asyncio.run(play())


def test_writes_of_both_kinds_wait_for_each_other(tmp_path):
    async def play():
        async with opened(tmp_path) as database:

            async def slow(name: str) -> None:
                async with database.session() as session:
                    session.add(Tenant(id=name, name=name))
                    await session.flush()
                    await asyncio.sleep(0.01)

            async with asyncio.timeout(20):
                acts = [slow(f"s{n}") if n % 2 else database.write(add(f"w{n}")) for n in range(20)]
                await asyncio.gather(*acts)
            assert len(await names(database)) == 20

    asyncio.run(play())


def test_who_stops_waiting_takes_nobody_along(tmp_path):
    async def play():
        async with opened(tmp_path) as database:
            first = asyncio.ensure_future(database.write(add("a")))
            second = asyncio.ensure_future(database.write(add("b")))
            await asyncio.sleep(0)
            first.cancel()
            async with asyncio.timeout(10):
                await second
                await database.write(add("c"))
            assert {"b", "c"} <= set(await names(database))

    asyncio.run(play())


def test_what_nobody_waits_for_any_more_is_not_written_later(tmp_path):
    async def play():
        async with opened(tmp_path) as database:
            async with database.session():
                given_up = asyncio.ensure_future(database.write(add("a")))
                await asyncio.sleep(0.05)
                given_up.cancel()
                await asyncio.gather(given_up, return_exceptions=True)
            await database.write(add("b"))
            assert await names(database) == ["b"]

    asyncio.run(play())


def test_who_is_cancelled_while_it_is_written_sees_then_whether_it_was(tmp_path):
    began = threading.Event()

    def slow(session):
        began.set()
        time.sleep(0.2)
        session.add(Tenant(id="a", name="a"))

    async def play():
        async with opened(tmp_path) as database:
            if not database.is_sqlite:
                pytest.skip("its thread is SQLite's")
            work = asyncio.ensure_future(database.write(slow))
            await asyncio.to_thread(began.wait, 10)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert await names(database) == ["a"]

    asyncio.run(play())


def test_who_leads_and_is_cancelled_leaves_nobody_waiting(tmp_path):
    began = threading.Event()

    def slow(_):
        began.set()
        time.sleep(0.3)

    async def play():
        async with opened(tmp_path) as database:
            first = asyncio.ensure_future(database.write(slow))
            await asyncio.to_thread(began.wait, 10)
            second, third = [asyncio.ensure_future(database.write(add(name))) for name in "ab"]
            await asyncio.sleep(0)
            first.cancel()  # the second one leads now, for both, and waits for the thread
            await asyncio.sleep(0.05)
            second.cancel()
            async with asyncio.timeout(5):
                await third
                await asyncio.gather(first, second, return_exceptions=True)
            assert "b" in await names(database)

    asyncio.run(play())


def test_a_database_that_is_full_says_so_and_keeps_what_it_had(tmp_path):
    async def play():
        async with opened(tmp_path) as database:
            await database.write(add("kept"))
            await database.write(lambda session: session.execute(text("PRAGMA max_page_count = 1")))
            big = "x" * 100_000
            writes = [
                database.write(add("a")),
                database.write(lambda session: session.add(Tenant(id="big", name=big))),
            ]
            ended = await asyncio.gather(*writes, return_exceptions=True)
            assert any(isinstance(one, OperationalError) for one in ended)
            assert "big" not in await names(database)
            told = [one is None for one in ended]
            assert told == [name in await names(database) for name in ("a", "big")], "who was told it is there finds it"
            assert "kept" in await names(database)

    asyncio.run(play())


def test_errors_do_not_tell_what_was_to_be_written(tmp_path):
    async def play():
        async with opened(tmp_path) as database:
            await database.write(add("a"))
            for write in (database.write, _in_a_session(database)):
                with pytest.raises(IntegrityError) as failed:
                    await write(lambda session: session.add(Tenant(id="a", name="a secret")))
                assert "secret" not in str(failed.value)

    asyncio.run(play())


def _in_a_session(database: Database):
    async def write(act) -> None:
        async with database.session() as session:
            act(session)

    return write


def test_readers_wait_for_no_writer(tmp_path):
    async def play():
        async with opened(tmp_path) as database:
            async with database.session() as session:
                session.add(Tenant(id="a", name="a"))
                await session.flush()
                async with asyncio.timeout(5):
                    assert await names(database) == []
            assert await names(database) == ["a"]

    asyncio.run(play())


def test_an_address_that_is_none_is_told():
    from paksatalker.errors import SettingsInvalid

    with pytest.raises(SettingsInvalid, match="DATABASE_URL"):
        Database("nonsense")
