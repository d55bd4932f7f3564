from __future__ import annotations

from paksatalker.worker.environment import without_secrets


def test_what_containers_make_addresses_of_is_no_renderers_business(monkeypatch):
    for name in ("REDIS_PASSWORD", "POSTGRES_PASSWORD", "REDIS_URL", "PAKSATALKER_C2PA_PRIVATE_KEY"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("PAKSATALKER_HOME", "/models")
    told = without_secrets(MORE="1")
    assert "secret" not in told.values()
    assert (told["PAKSATALKER_HOME"], told["MORE"]) == ("/models", "1")
