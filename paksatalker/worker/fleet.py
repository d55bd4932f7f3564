"""Workers as processes beside the API: one that dies is started again, and none outlives who has started it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

_log = logging.getLogger(__name__)
_COMMAND = (sys.executable, "-m", "paksatalker", "worker")
#: Set for a worker whose standard input ends when whoever has started it does.
_HELD = "PAKSATALKER_WORKER_HELD"
_LOOK_SECONDS = 0.2
_STOP_SECONDS = 15.0
_SOON, _LATE = 0.5, 30.0  # until a dead one is started again, seconds: twice as long each time
_LIVED = 60.0  # one that has lived so long is started again soon
_STUCK = 75  # exit code of a worker that does not come to an end: "temporary failure" of sysexits.h


class Fleet:
    """Some workers, kept alive; a context manager.

    Args:
        count: How many.
        url: Of Redis or Valkey.
    """

    def __init__(self, count: int, url: str) -> None:
        self._slots = [_Slot(url) for _ in range(count)]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="workers", daemon=True)

    def __enter__(self) -> Self:
        started: list[_Slot] = []
        try:
            for slot in self._slots:
                slot.start()
                started.append(slot)
        except BaseException:
            _end(started)
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        _end(self._slots)

    @property
    def pids(self) -> list[int]:
        """Of the workers, also of one that has just died."""
        return [slot.process.pid for slot in self._slots]

    def _keep(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for slot in self._slots:
                slot.look()


class _Slot:
    """A place for one worker after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pause, self._again, self._began = _SOON, 0.0, 0.0

    def start(self) -> None:
        environment = os.environ | {
            "REDIS_URL": self._url,
            _HELD: "1",
        }  # not on the command line: everybody can read it
        self.process = subprocess.Popen(  # noqa: S603  (a fixed command, no shell)
            _COMMAND, env=environment, stdin=subprocess.PIPE, start_new_session=True
        )
        self._began, self._again = time.monotonic(), 0.0

    def look(self) -> None:
        """Starts another worker when this one has ended and its pause is over."""
        if (code := self.process.poll()) is None:
            return
        time_now = time.monotonic()
        if not self._again:
            self._close()
            self._pause = _SOON if time_now - self._began > _LIVED else min(2 * self._pause, _LATE)
            self._again = time_now + self._pause
            _log.error("a worker has ended with %s; another one starts in %.1f s", code, self._pause)
        if time_now >= self._again:
            try:
                self.start()
            except OSError as error:  # no memory or no process is left: later there may be
                _log.error("no worker can be started: %s", error)
                self._again = time_now + _LATE

    def end(self, seconds: float) -> None:
        """Ends it, by force when it takes longer than so many seconds."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()


def _end(slots: Sequence[_Slot]) -> None:
    """Ends the workers of some places, all at the same time."""
    for slot in slots:
        slot.process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for slot in slots:
        slot.end(max(0.0, deadline - time.monotonic()))


def stop_with_parent(stop: Callable[[], object]) -> None:
    """Calls something when whoever has started this worker is gone; never if it was not started by a :class:`Fleet`.

    Args:
        stop: Called on another thread.
    """
    if os.environ.pop(_HELD, "") != "1":
        return

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        _log.warning("the service is gone")
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def end_within(seconds: float) -> None:
    """Ends this process by force after so many seconds, if it has not come to its end by then."""

    def force() -> None:
        time.sleep(seconds)
        _log.error("it does not come to its end")
        os._exit(_STUCK)

    threading.Thread(target=force, name="end", daemon=True).start()
