"""The application with a queue, a client, and keys."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from paksatalker.api.main import create_app
from paksatalker.service.broker import Broker
from paksatalker.service.database import Database
from paksatalker.service.keys import SCOPES, KeyStore
from paksatalker.service.settings import ServiceSettings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[ServiceSettings]:
    with Broker(tmp_path / "queue") as broker:
        yield ServiceSettings(_env_file=None, home=tmp_path, redis_url=broker.url)


def new_key(settings: ServiceSettings, *scopes: str) -> str:
    """A key of a new tenant."""

    async def make() -> str:
        database = Database(settings.database)
        try:
            await database.migrate()
            return await KeyStore(database).create("test", scopes or SCOPES)
        finally:
            await database.close()

    return asyncio.run(make())


@pytest.fixture
def stranger(settings: ServiceSettings) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient, settings: ServiceSettings) -> TestClient:
    """A client whose key may do everything."""
    stranger.headers["Authorization"] = f"Bearer {new_key(settings)}"
    return stranger


@pytest.fixture
def another(settings: ServiceSettings) -> Callable[..., dict[str, str]]:
    """Headers with the key of another tenant; its scopes are the arguments."""
    return lambda *scopes: {"Authorization": f"Bearer {new_key(settings, *scopes)}"}
