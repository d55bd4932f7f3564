from __future__ import annotations

import asyncio
import io
import json
import logging
import sys

import pytest

from paksatalker.config import log_ids, setup_logging


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


def test_json_lines_name_what_they_are_about(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    setup_logging("INFO", "json")
    log = logging.getLogger("paksatalker.x")
    with log_ids(request_id="req_1"), log_ids(job_id="vid_2"):
        log.info("one\n\u2028{forged}")
    try:
        raise ValueError("why")
    except ValueError:
        log.exception("two")
    lines = [json.loads(line) for line in stream.getvalue().split("\n") if line]
    assert len(lines) == 2
    assert lines[0] | {"time": ""} == {
        "time": "", "level": "INFO", "logger": "paksatalker.x", "message": "one\n\u2028{forged}",
        "request_id": "req_1", "job_id": "vid_2",
    }  # fmt: skip
    assert lines[1]["traceback"].endswith("ValueError: why")
    assert "job_id" not in lines[1]


def test_plain_lines_name_it_too(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    setup_logging("INFO")
    with log_ids(job_id="vid_2"):
        logging.getLogger("paksatalker.x").info("done")
    assert stream.getvalue().endswith("paksatalker.x: done [job_id=vid_2]\n")


def test_tasks_inherit_it_and_keep_to_themselves(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    setup_logging("INFO", "json")

    async def job(name: str) -> None:
        with log_ids(job_id=name):
            await asyncio.sleep(0)
            logging.getLogger("paksatalker.x").info(name)

    async def both() -> None:
        await asyncio.gather(job("a"), job("b"))

    asyncio.run(both())
    for line in map(json.loads, stream.getvalue().splitlines()):
        assert line["job_id"] == line["message"]
