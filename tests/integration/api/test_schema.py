"""Whatever is sent, the service does not fail, and answers as its schema says."""

import asyncio
import threading
import time

import pytest
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings

from paksatalker.api.main import create_app
from paksatalker.service.broker import Broker
from paksatalker.service.database import Database
from paksatalker.service.keys import KeyStore
from paksatalker.service.settings import ServiceSettings

_CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance")
#: Beginnings of paths; the last takes what no other does.
_GROUPS = ("assets", "avatars", "batches", "videos", "voices", "webhooks", "")
#: These wait for something, or write with a model.
_SLOW = "/(events|stream.m3u8|scripts|audio)"


def _told() -> dict:
    """The schema without keys: we send one of our own."""
    told = create_app(ServiceSettings(_env_file=None)).openapi()
    del told["components"]["securitySchemes"]
    for methods in told["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    return told


@pytest.fixture(scope="module")
def operations():
    """Whatever may be asked for. Its library takes seconds to import: only where these tests run."""
    import schemathesis

    schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
    schema = schemathesis.openapi.from_dict(_told()).exclude(path_regex=_SLOW)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address and key of a service: what one request leaves, the next one meets."""
    home = tmp_path_factory.mktemp("schema")
    with Broker(home / "queue") as broker:
        chosen = ServiceSettings(_env_file=None, home=home, redis_url=broker.url, requests_per_minute=10**6)
        key = asyncio.run(_key(chosen))
        config = uvicorn.Config(create_app(chosen), "127.0.0.1", 0, log_level="critical")
        server, sockets = uvicorn.Server(config), [config.bind_socket()]
        thread = threading.Thread(target=server.run, args=(sockets,))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}", {"Authorization": f"Bearer {key}"}
        server.should_exit = True
        thread.join()


async def _key(chosen: ServiceSettings) -> str:
    database = Database(chosen.database)
    try:
        await database.migrate()
        return await KeyStore(database).create("schema")
    finally:
        await database.close()


@pytest.mark.parametrize("group", _GROUPS)
def test_nothing_that_is_sent_makes_it_fail(group, operations, served):
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    checks = [CHECKS.get_one(name) for name in _CHECKS]
    address, key = served
    mine = [one for one in operations if _group(one.path) == group]
    assert mine
    for operation in mine:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=4, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def send(case):
            response = case.call(base_url=address, headers=key, timeout=60)
            assert response.status_code != 401
            case.validate_response(response, checks=checks)

        send()


def _group(path: str) -> str:
    return next(group for group in _GROUPS if path.startswith(f"/api/v1/{group}") or not group)
