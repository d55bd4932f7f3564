"""The application with a queue, a client, and keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from paksatalker.api.main import create_app
from paksatalker.service.broker import Broker
from paksatalker.service.settings import ServiceSettings
from tests.integration.api.tenants import new_key


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[ServiceSettings]:
    with Broker(tmp_path / "queue") as broker:
        yield ServiceSettings(_env_file=None, home=tmp_path, redis_url=broker.url)


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
