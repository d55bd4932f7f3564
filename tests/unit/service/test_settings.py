"""Variables that everybody has in their environment are not ours."""

from pathlib import Path

import pytest

from paksatalker.config.signing import SigningSettings
from paksatalker.service.settings import ServiceSettings


@pytest.mark.parametrize("kind", [ServiceSettings, SigningSettings])
def test_what_others_mean_by_a_name_is_not_read(kind, monkeypatch):
    for name in kind.model_fields:
        if name != "debug":  # DEBUG is ours: the developer guide has it
            monkeypatch.delenv(name.upper(), raising=False)
    before = kind(_env_file=None)
    strange = {
        "HOME": "/nobody",
        "HOST": "example.com",
        "PORT": "1",
        "SECRET": "x",
        "TRACING": "true",
        "KEEP_DAYS": "1",
    }
    for name, value in strange.items():
        monkeypatch.setenv(name, value)
    after = kind(_env_file=None)
    for name in set(kind.model_fields) - {"home"}:
        assert getattr(after, name) == getattr(before, name), name
    assert after.home != Path("/nobody")
    assert "paksatalker" in str(after.home)


def test_the_names_of_the_documentation_are_read(monkeypatch):
    monkeypatch.setenv("PAKSATALKER_SERVICE_HOME", "/somewhere")
    monkeypatch.setenv("API_PORT", "81")
    settings = ServiceSettings(_env_file=None)
    assert (settings.home, settings.port) == (Path("/somewhere"), 81)
    assert ServiceSettings(_env_file=None, home=Path("/given")).home == Path("/given")
