"""What the service's tables are for, on Postgres: the same tests as on SQLite."""

import pytest

from tests import databases
from tests.integration.service import test_webhooks
from tests.integration.service.test_webhooks import receiver, stage  # noqa: F401  (fixtures of theirs)
from tests.unit.service import test_jobs, test_keys, test_migrations, test_room
from tests.unit.worker import test_sweeper
from tests.unit.worker.test_sweeper import play  # noqa: F401  (a fixture of theirs)

pytestmark = pytest.mark.skipif(not databases.has_postgres(), reason="there is no Postgres: the extra 'dev' brings one")


@pytest.fixture(autouse=True)
def _on_postgres(server, monkeypatch):
    monkeypatch.setattr(databases, "url", lambda _: server.new())


def _of(module) -> dict:
    """The tests of a module that use a database."""
    needs = {"tmp_path", "stage", "play"}
    return {
        f"{name}__{module.__name__.rpartition('.')[2]}": test
        for name, test in vars(module).items()
        if name.startswith("test_") and needs & set(test.__code__.co_varnames[: test.__code__.co_argcount])
    }


for _module in (test_jobs, test_keys, test_migrations, test_room, test_sweeper, test_webhooks):
    globals().update(_of(_module))
