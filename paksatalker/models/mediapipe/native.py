"""MediaPipe's native side: log lines that stay off the user's terminal, networks that are closed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

_LOCK = threading.Lock()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Sends the process's stderr to nowhere while native code that cannot be told to be quiet runs.

    The library writes to file descriptor 2 directly, so Python's own redirection does not reach it. Errors still arrive
    as exceptions.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    with _LOCK:
        sys.stderr.flush()
        saved = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)


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
