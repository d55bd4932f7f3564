"""The database: SQLite by default, Postgres by address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from paksatalker.errors import SettingsInvalid

_READS = "paksatalker_reads"
_MIGRATING = 0x7061_6B73  # of Postgres' advisory lock: one process migrates, others wait
_BUSY_SECONDS = 30  # a writer waits so long for another one (SQLite)


class Database:
    """Sessions over one engine. Close it.

    Args:
        url: SQLAlchemy's address, with an asynchronous driver.

    Raises:
        SettingsInvalid: It is no address, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            address = make_url(url)
            self.is_sqlite = address.get_backend_name() == "sqlite"
            if self.is_sqlite and address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_SECONDS}} if self.is_sqlite else {}
            self.engine: AsyncEngine = create_async_engine(address, pool_pre_ping=not self.is_sqlite, **options)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise SettingsInvalid(
                "DATABASE_URL cannot be used",
                str(error),
                "Give postgresql://user:password@host/name (and install: pip install asyncpg), or unset it for SQLite",
            ) from error
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_at_once)
        # SQLite has one writer at a time, and those who wait for it try again now and then, in no order: a queue of our
        # own lets each have its turn. Other processes still have to be waited for.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._readers = async_sessionmaker(self.engine.execution_options(**{_READS: True}), expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on an error."""
        async with self._turn, self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads: it waits for no writer."""
        async with self._readers() as session, session.begin():
            yield session

    async def migrate(self) -> None:
        """Brings the tables up to date; two processes may do it at once."""
        async with self.engine.begin() as connection:
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver at the first write
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_at_once(connection: Connection) -> None:
    """Takes the lock for writing first: a transaction that reads and then writes would fail, not wait."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READS) else "BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
