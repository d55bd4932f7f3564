"""Log lines on stderr: coloured on a terminal, plain otherwise, or one JSON object a line.

What a line is about (a request, a job) is said once, around what happens, with :func:`log_ids`. Names of objects are
all that goes in: no texts, no keys.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType

from rich.console import Console
from rich.logging import RichHandler

from paksatalker.config.settings import LogFormat, LogLevel

_ROOT = "paksatalker"
_NONE: Mapping[str, str] = MappingProxyType({})
_ids: ContextVar[Mapping[str, str]] = ContextVar("paksatalker_log_ids", default=_NONE)


@contextmanager
def log_ids(**ids: str) -> Iterator[None]:
    """Names what the log lines of a block, and of the tasks begun in it, are about.

    Args:
        ids: For example ``job_id="vid_…"``; added to those of blocks around.
    """
    token = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def setup_logging(level: LogLevel = "WARNING", form: LogFormat = "text") -> logging.Logger:
    """Sends the package's log lines to stderr; calling it again replaces the handler.

    Only programs call this (our command line does). The library itself logs to ``paksatalker.*`` and leaves it to the
    program that embeds it what becomes of that.

    Args:
        level: The least severe lines that are shown.
        form: ``json`` writes one object a line: time, level, logger, message, ids, and the traceback of an error.

    Returns:
        The package's logger.
    """
    logger = logging.getLogger(_ROOT)
    for old in [handler for handler in logger.handlers if isinstance(handler, _OurHandler)]:
        logger.removeHandler(old)
    handler: logging.Handler
    if form == "json":
        handler = _PlainHandler(sys.stderr)
        handler.setFormatter(_JsonLines())
    elif sys.stderr.isatty():
        handler = _TerminalHandler(console=Console(stderr=True), show_path=False, rich_tracebacks=level == "DEBUG")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = _PlainHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s%(about)s"))
    handler.addFilter(_note_ids)
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    return logger


class _OurHandler:
    """Marks the handlers that we put there."""


class _TerminalHandler(_OurHandler, RichHandler):
    pass


class _PlainHandler(_OurHandler, logging.StreamHandler):  # type: ignore[type-arg]  # generic only in the stubs
    pass


def _note_ids(record: logging.LogRecord) -> bool:
    """Writes into a record what it is about, where it is made: another thread may format it."""
    ids = _ids.get()
    record.ids = dict(ids)
    record.about = f" [{' '.join(f'{name}={value}' for name, value in ids.items())}]" if ids else ""
    return True


class _JsonLines(logging.Formatter):
    """One JSON object a line. A message cannot forge another line: JSON escapes what would end one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname, "logger": record.name, "message": record.getMessage(),
            **getattr(record, "ids", {}),
        }  # fmt: skip
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
