import pytest

from paksatalker.config.reading import read_settings
from paksatalker.config.settings import Settings
from paksatalker.errors import SettingsInvalid
from paksatalker.service.settings import ServiceSettings


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refusal(kind: type, monkeypatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(kind)
    return caught.value.message


def test_the_variable_and_its_value_are_named(monkeypatch):
    message = refusal(Settings, monkeypatch, "PAKSATALKER_LLM_TIMEOUT", "-1")
    assert message.startswith("PAKSATALKER_LLM_TIMEOUT is set to '-1': input should be greater than 0. Change it")


def test_of_several_names_the_one_that_is_set_is_named(monkeypatch):
    assert refusal(ServiceSettings, monkeypatch, "PAKSATALKER_API_PORT", "x").startswith("PAKSATALKER_API_PORT is set")


def test_what_is_no_json_names_its_variable(monkeypatch):
    message = refusal(ServiceSettings, monkeypatch, "PAKSATALKER_CORS_ORIGINS", "https://app.example.com")
    assert message == "PAKSATALKER_CORS_ORIGINS cannot be read: it is not JSON. Write it as .env.example has it"


def test_values_that_may_hold_a_password_are_not_shown(monkeypatch):
    servers = '[{"urls": "turn:turn.example.com", "username": 1, "credential": ["hunter2"]}]'
    message = refusal(ServiceSettings, monkeypatch, "PAKSATALKER_ICE_SERVERS", servers)
    assert message.startswith("PAKSATALKER_ICE_SERVERS has a value that cannot be used")
    assert "hunter2" not in message


@pytest.mark.parametrize("kind", [Settings, ServiceSettings])
def test_a_file_that_is_no_text_is_told(kind, tmp_path):
    (tmp_path / ".env").write_bytes(b"PAKSATALKER_THREADS=\xff\xfe\n")
    with pytest.raises(SettingsInvalid, match=r"Check the file \.env"):
        read_settings(kind)
