"""MediaPipe's native side: log lines that stay off the user's terminal, networks that are closed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, TracebackType
from typing import Any, Self


class _Silence:
    """Stderr that goes to nowhere while at least one thread wants it to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0
        self._saved = -1

    def begin(self) -> None:
        with self._lock:
            if not self._wanted:
                sys.stderr.flush()
                self._saved = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)
            self._wanted += 1

    def end(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                os.dup2(self._saved, 2)
                os.close(self._saved)


_SILENCE = _Silence()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Sends the process's stderr to nowhere while native code that cannot be told to be quiet runs.

    The library writes to file descriptor 2 directly, so Python's own redirection does not reach it. Errors still arrive
    as exceptions. Threads may be quiet at the same time.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    _SILENCE.begin()
    try:
        yield
    finally:
        _SILENCE.end()


_LOADING = threading.Lock()


def load() -> tuple[Any, Any, Any]:
    """MediaPipe, its ``BaseOptions`` and its ``vision``: heavy, so only when something is looked for.

    Matplotlib, which MediaPipe imports for helpers that draw, takes longer to import than all the rest of it. Nothing
    here draws with MediaPipe, so for the time of the import an empty module stands in for Matplotlib's.
    """
    with _LOADING, quiet_stderr():
        absent = [name for name in ("matplotlib", "matplotlib.pyplot") if name not in sys.modules]
        sys.modules.update({name: ModuleType(name) for name in absent})
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        finally:
            for name in absent:
                del sys.modules[name]
    return mediapipe, BaseOptions, vision


class Network:
    """A loaded network that holds threads and native memory until it is closed; a context manager."""

    _net: Any  # MediaPipe's task, which has no types

    def close(self) -> None:
        """Frees the network and its threads."""
        self._net.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
