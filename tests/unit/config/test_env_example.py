"""The file of examples is complete and true."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import AliasChoices

from paksatalker.config import Settings, get_settings
from paksatalker.service.settings import ServiceSettings, get_service_settings

EXAMPLE = Path(__file__).parents[3] / ".env.example"
LINES = dict(re.findall(r"^#([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE))
#: Of compose.yaml.
BESIDE = {"REDIS_PASSWORD", "POSTGRES_PASSWORD"}
#: Of the developer guide.
GUIDE = {
    "API_HOST", "API_PORT", "DEBUG", "SADTALKER_MODEL_PATH", "PANTRIX_MODEL_PATH", "QWEN_MODEL_PATH",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "S3_BUCKET", "REDIS_URL", "DATABASE_URL",
}  # fmt: skip


def names(model) -> list[set[str]]:
    """The variables of each setting: any of them sets it."""
    found = []
    for field, info in model.model_fields.items():
        alias = info.validation_alias
        found.append(
            {str(c) for c in alias.choices} if isinstance(alias, AliasChoices) else {f"PAKSATALKER_{field.upper()}"}
        )
    return found


@pytest.fixture(autouse=True)
def clean_environment(tmp_path, monkeypatch):
    for name in set().union(*names(Settings), *names(ServiceSettings)) & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_every_setting_is_there():
    for choices in (*names(Settings), *names(ServiceSettings)):
        assert choices & LINES.keys(), choices
    assert LINES.keys() >= GUIDE


def test_no_variable_is_without_a_setting():
    known = set().union(*names(Settings), *names(ServiceSettings))
    assert set(LINES) - BESIDE <= known


def test_the_values_are_the_defaults(tmp_path):
    before = get_settings(), get_service_settings()
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in LINES.items() if value), "utf-8")
    assert (get_settings(), get_service_settings()) == before


def test_no_line_sets_anything():
    assert all(line.startswith("#") or not line for line in EXAMPLE.read_text("utf-8").splitlines())
