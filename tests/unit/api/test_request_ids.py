from __future__ import annotations

import io
import logging
import sys

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from paksatalker.api.request_ids import RequestIds
from paksatalker.config import setup_logging


async def _hello(request: Request) -> PlainTextResponse:
    logging.getLogger("paksatalker.x").info("inside")
    return PlainTextResponse("hello")


@pytest.fixture
def log(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def client(log):
    logger = logging.getLogger("paksatalker")
    before = (list(logger.handlers), logger.level, logger.propagate)
    setup_logging("INFO")
    yield TestClient(RequestIds(Starlette(routes=[Route("/{name:path}", _hello)])))
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_an_id_is_made_and_stands_in_the_log(client, log):
    first, second = (client.get("/a?key=secret", headers={"Authorization": "Bearer secret"}) for _ in range(2))
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    lines = log.getvalue().splitlines()
    assert len(lines) == 4
    assert all(line.endswith(f" [request_id={first.headers['x-request-id']}]") for line in lines[:2])
    assert "GET '/a' 200" in lines[1]
    assert "secret" not in "".join(lines)


def test_a_proxys_id_is_taken_if_it_is_harmless(client, log):
    assert client.get("/", headers={"X-Request-ID": "abc-123.def"}).headers["x-request-id"] == "abc-123.def"
    for bad in ("x", "a" * 65, "abc def ghi", "abcdefgh]\x0b"):
        assert client.get("/", headers={"X-Request-ID": bad}).headers["x-request-id"].startswith("req_")


def test_a_path_cannot_forge_a_line(client, log):
    client.get("/a%0aINFO forged")
    assert len(log.getvalue().splitlines()) == 1
