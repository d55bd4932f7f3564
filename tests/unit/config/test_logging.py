from __future__ import annotations

import io
import logging
import sys

import pytest

from paksatalker.config import setup_logging


@pytest.fixture(autouse=True)
def restore():
    logger = logging.getLogger("paksatalker")
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_go_to_stderr_plainly_and_once(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    setup_logging("INFO")
    setup_logging("INFO")
    logging.getLogger("paksatalker.models").info("fetching [bold]x[/bold]")
    logging.getLogger("paksatalker.models").debug("hidden")
    assert stream.getvalue().count("INFO paksatalker.models: fetching [bold]x[/bold]") == 1
    assert "hidden" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_gets_short_lines(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    setup_logging("WARNING")
    logging.getLogger("paksatalker").warning("careful")
    assert "careful" in stream.getvalue()


def test_other_programs_handlers_are_left_alone():
    theirs = logging.NullHandler()
    logger = logging.getLogger("paksatalker")
    logger.addHandler(theirs)
    setup_logging()
    assert theirs in logger.handlers
