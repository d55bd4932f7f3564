"""The database: SQLite by default, Postgres by address."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, UpdateBase, create_engine, event, make_url
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from paksatalker.errors import SettingsInvalid

_READS = "paksatalker_reads"
_MIGRATING = 0x7061_6B73  # of Postgres' advisory lock: one process migrates, others wait
_BUSY_SECONDS = 30  # a writer waits so long for another one (SQLite)
_READERS = 4  # threads
_CONNECTIONS = 15  # to Postgres, at most; they are made when they are needed
_COMMIT_SECONDS = 10.0  # who is cancelled waits so long to see whether it counts
_TRIES = 5  # of a transaction that the database ends for the sake of others
_PAUSE = 0.05  # seconds before it is tried again, at most; twice as long each time
_PASSING = frozenset({"40001", "40P01"})  # Postgres: serialization failure, deadlock; nothing was written

T = TypeVar("T")


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
            if self.is_sqlite and address.database and address.database != ":memory:":
                _make_private(Path(address.database))
            options: dict[str, Any] = {"hide_parameters": True}  # texts of customers: errors are logged
            if self.is_sqlite:
                options["connect_args"] = {"timeout": _BUSY_SECONDS}
            else:  # none beyond the pool: those would be closed and opened again all the time while many wait
                options |= {"pool_pre_ping": True, "pool_size": _CONNECTIONS, "max_overflow": 0, "pool_use_lifo": True}
            self.engine: AsyncEngine = create_async_engine(address, **options)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise SettingsInvalid(
                "DATABASE_URL cannot be used",
                str(error),
                "Give postgresql://user:password@host/name (and install: pip install asyncpg), or unset it for SQLite",
            ) from error
        self._threads: _Threads | None = None
        if self.is_sqlite:
            _listen(self.engine.sync_engine)
            self._threads = _Threads(address, options)
        # SQLite has one writer at a time, and those who wait for it try again now and then, in no order: a queue of our
        # own lets each have its turn. Other processes still have to be waited for.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._alone = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = async_sessionmaker(self.engine.execution_options(**{_READS: True}), expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on an error.

        Whoever is cancelled while it is committed is told so when that has come to its end: what is tidied up then can
        see whether it counts.
        """
        async with self._turn, self._sessions() as session:
            yield session
            await _to_its_end(session.commit())

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads: it waits for no writer."""
        async with self._readers() as session, session.begin():
            yield session

    async def write(self, act: Callable[[Session], T]) -> T:
        """Runs a transaction whose statements follow each other without waiting for anything else.

        On SQLite it is one visit to a thread, where :meth:`session` needs several for each statement: on a busy machine
        that is most of what a short transaction costs.

        Args:
            act: Called with a session; what it does is committed when it returns, and rolled back when it raises. On
                Postgres it is called again, some times, if the database ends the transaction for the sake of others.
        """
        if self._threads is not None:
            return await self._threads.write(act, self._turn)

        async def once() -> T:
            async with self.session() as session:
                return await session.run_sync(act)

        return await _again(once)

    async def change(self, query: UpdateBase) -> Any:
        """Runs one statement that changes rows, a transaction of its own, and returns the first value of its first row.

        On Postgres it is one message there and one back, where :meth:`write` needs three: most of what workers say is
        that they live.

        Args:
            query: With ``RETURNING``.
        """
        if self._threads is not None:
            return await self._threads.write(lambda session: session.scalar(query), self._turn)

        async def once() -> Any:
            async with self._alone.connect() as connection:
                return await connection.scalar(query)

        return await _again(lambda: _to_its_end(once()))

    async def read(self, act: Callable[[Session], T]) -> T:
        """The same for what only reads: it waits for no writer."""
        if self._threads is None:
            async with self.reader() as session:
                return await session.run_sync(act)
        return await self._threads.read(act)

    async def migrate(self) -> None:
        """Brings the tables up to date; two processes may do it at once."""
        async with self.engine.begin() as connection:
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()
        if self._threads is not None:
            await asyncio.to_thread(self._threads.close)


async def _again(once: Callable[[], Awaitable[T]]) -> T:
    """Does something that the database may end for the sake of others, until it is done: some times at most."""
    for number in range(1, _TRIES):
        try:
            return await once()
        except DBAPIError as error:
            if not passes(error):
                raise
        await asyncio.sleep(random.uniform(0.5, 1) * _PAUSE * 2**number)  # noqa: S311  (not at the same time again)
    return await once()


def passes(error: DBAPIError) -> bool:
    """Whether the database has ended a transaction for the sake of others: nothing was written."""
    return getattr(error.orig, "sqlstate", None) in _PASSING


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Waits for something that is not cancelled with its caller; who is cancelled meanwhile is told afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        deadline = asyncio.get_running_loop().time() + _COMMIT_SECONDS
        while not task.done() and (left := deadline - asyncio.get_running_loop().time()) > 0:
            with suppress(asyncio.CancelledError):  # once is enough
                await asyncio.wait({task}, timeout=left)
        if not task.cancel() and not task.cancelled():
            task.exception()  # it was seen: nobody logs it as forgotten
        raise


class _Threads:
    """SQLite without a change of threads for each statement: one thread that writes, and some that read.

    Args:
        address: Of the database.
        options: Of the engine.
    """

    def __init__(self, address: URL, options: dict[str, Any]) -> None:
        self._engine = create_engine(address.set(drivername="sqlite"), **options)
        _listen(self._engine)
        self._readers = sessionmaker(self._engine.execution_options(**{_READS: True}), expire_on_commit=False)
        self._writing = ThreadPoolExecutor(1, "writer")
        self._reading = ThreadPoolExecutor(_READERS, "reader")
        self._wishes: list[_Wish[Any]] = []

    async def write(self, act: Callable[[Session], T], turn: AbstractAsyncContextManager[Any]) -> T:
        """Whoever gets the turn writes for all who wait for it: they share what costs most, the disk's confirmation."""
        wish: _Wish[T] = _Wish(act, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        try:
            async with turn:
                if not wish.done.done():
                    wishes, self._wishes = self._wishes, []
                    writing = asyncio.get_running_loop().run_in_executor(self._writing, self._write, wishes)
                    await asyncio.shield(writing)  # it is not only this one's
            return await asyncio.shield(wish.done)
        except asyncio.CancelledError:
            if wish in self._wishes:  # else it would be done with the next ones, for nobody, whenever that is
                self._wishes.remove(wish)
            else:  # whoever tidies up after this must see whether it counts
                await asyncio.wait({wish.done})
            raise

    def _write(self, wishes: Sequence[_Wish[Any]]) -> None:
        """On the thread that writes: all in one transaction, each in a savepoint of its own."""
        try:
            with self._engine.begin() as connection:
                ended = [wish.act_within(connection) for wish in wishes]
        except BaseException as error:  # noqa: BLE001  (whoever waits is told)
            for wish in wishes:
                wish.tell(error=error)
            return
        for tell in ended:
            tell()

    async def read(self, act: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, act)

    def _read(self, act: Callable[[Session], T]) -> T:
        with self._readers.begin() as session:
            return act(session)

    def close(self) -> None:
        for threads in (self._writing, self._reading):
            threads.shutdown()
        self._engine.dispose()


@dataclass(frozen=True, slots=True)
class _Wish(Generic[T]):
    """Something to be written, and who waits for it."""

    act: Callable[[Session], T]
    done: asyncio.Future[T]

    def act_within(self, connection: Connection) -> Callable[[], None]:
        """Does it as a part of a transaction. Returns what tells of it, when that has come to its end."""
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        try:
            with session, session.begin():
                result = self.act(session)
        except Exception as error:  # noqa: BLE001  (it is only this one's)
            return partial(self.tell, error=error)
        return partial(self.tell, result)

    def tell(self, result: T | None = None, *, error: BaseException | None = None) -> None:
        """Hands over what came of it, on whatever thread."""

        def tell() -> None:
            if self.done.done():  # nobody waits any more
                return
            if error is None:
                self.done.set_result(cast("T", result))
            else:
                self.done.set_exception(error)

        with suppress(RuntimeError):  # the loop has ended
            self.done.get_loop().call_soon_threadsafe(tell)


def _make_private(file: Path) -> None:
    """Makes an empty database that nobody else on the machine can read: it holds texts of customers.

    SQLite gives the files beside it the same permissions. One that is there keeps its own.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_at_once)


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
