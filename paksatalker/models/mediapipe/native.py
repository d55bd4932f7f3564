"""Keeps MediaPipe's C++ log lines off the user's terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()


@contextmanager
def quiet_import() -> Iterator[None]:
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
