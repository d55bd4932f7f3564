"""Log lines on stderr: coloured on a terminal, plain otherwise."""

from __future__ import annotations

import logging
import sys

from rich.console import Console
from rich.logging import RichHandler

from paksatalker.config.settings import LogLevel

_ROOT = "paksatalker"


def setup_logging(level: LogLevel = "WARNING") -> logging.Logger:
    """Sends the package's log lines to stderr; calling it again replaces the handler.

    Only programs call this (our command line does). The library itself logs to ``paksatalker.*`` and leaves it to the
    program that embeds it what becomes of that.

    Args:
        level: The least severe lines that are shown.

    Returns:
        The package's logger.
    """
    logger = logging.getLogger(_ROOT)
    for old in [handler for handler in logger.handlers if isinstance(handler, _OurHandler)]:
        logger.removeHandler(old)
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = _TerminalHandler(console=Console(stderr=True), show_path=False, rich_tracebacks=level == "DEBUG")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = _PlainHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
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
