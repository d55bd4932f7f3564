"""Postgres goes away and comes back: callers are told to try again, and nothing is lost."""

import socket

import pytest
from fastapi.testclient import TestClient

from paksatalker.api.main import create_app
from paksatalker.service.broker import Broker
from paksatalker.service.settings import ServiceSettings
from tests import databases
from tests.integration.api.tenants import new_key

pytestmark = pytest.mark.skipif(not databases.has_postgres(), reason="there is no Postgres: the extra 'dev' brings one")


def test_a_database_that_is_away_is_told_as_such(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Broker(tmp_path / "queue") as broker, databases.postgres(port) as server:
        settings = ServiceSettings(_env_file=None, home=tmp_path, redis_url=broker.url, database_url=server.new())
        key = {"Authorization": f"Bearer {new_key(settings)}"}
        with TestClient(create_app(settings), headers=key, raise_server_exceptions=False) as client:
            assert client.get("/api/v1/videos").status_code == 200
            server.stop()
            for method, path in (
                ("GET", "videos"),
                ("GET", "assets"),
                ("POST", "assets/uploads"),
                ("DELETE", "videos/vid_x"),
            ):
                answer = client.request(
                    method, f"/api/v1/{path}", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
                )
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DatabaseAway"), path
                assert int(answer.headers["retry-after"]) > 0
            assert client.get("/health/live").status_code == 200
            assert client.get("/health/ready").status_code == 503
