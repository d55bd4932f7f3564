"""Folders of running workers and of uploads that are coming, and the sweeping of those that the dead have left."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from paksatalker.errors import OutputUnwritable
from paksatalker.service.ids import new_id
from paksatalker.service.settings import ServiceSettings

_log = logging.getLogger(__name__)
_LOCK, ALIVE = "lock", "alive"


@dataclass(slots=True)
class WorkFolder:
    """A worker's folder as long as it lives; a context manager.

    The lock in it is the system's: it goes when the process does, however that ends. So whoever gets the lock of a
    folder knows that its worker is dead, at once and without asking any clock.

    Args:
        parent: Where the folders of workers are.

    Raises:
        OutputUnwritable: Nothing can be written there.
    """

    parent: Path
    path: Path = field(default_factory=Path)
    _lock: FileLock | None = None

    def __enter__(self) -> Self:
        self.path = self.parent / new_id("wrk")
        try:
            with _sweeping(self.parent):  # nobody takes a folder for a dead one's before its lock is held
                self.path.mkdir(mode=0o700)
                self._lock = FileLock(self.path / _LOCK)
                self._lock.acquire()
        except OSError as error:
            why = error.strerror or str(error)
            raise OutputUnwritable(f"cannot work in {self.parent}", why, "Set PAKSATALKER_WORK_FOLDER") from error
        return self

    def touch(self) -> None:
        """Shows to whoever looks from outside (a container's health check) that the worker lives."""
        (self.path / ALIVE).touch()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def uploads_of(settings: ServiceSettings) -> Path:
    """Where the folders of uploads are that are coming."""
    return settings.home / "uploads"


def sweep(parent: Path) -> int:
    """Deletes the folders of dead workers. Returns how many there were.

    Args:
        parent: Where the folders of workers are.
    """
    swept = 0
    with _sweeping(parent):
        for folder in parent.glob("wrk_*"):
            lock = FileLock(folder / _LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue  # it lives
            except OSError as error:
                _log.warning("cannot sweep %s: %s", folder.name, error)
                continue
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)  # what a renderer still writes goes the next time
            swept += 1
    return swept


def _sweeping(parent: Path) -> FileLock:
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(parent / ".lock")
