from __future__ import annotations

from pathlib import Path

import pytest

from paksatalker.config import get_settings, usable_cores
from paksatalker.errors import SettingsInvalid


@pytest.fixture(autouse=True)
def clean_environment(tmp_path, monkeypatch):
    import os

    for name in [name for name in os.environ if name.startswith("PAKSATALKER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_defaults():
    settings = get_settings()
    assert settings.max_text_characters == 60_000
    assert settings.max_audio_minutes == 120
    assert settings.max_image_pixels == 100_000_000
    assert settings.home.is_absolute()
    assert settings.home.name == "paksatalker"
    assert settings.weights == settings.home / "weights"
    assert settings.worker_threads == usable_cores() >= 1
    assert not settings.offline
    assert settings.font is None


def test_the_environment_and_the_file_are_read_and_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("PAKSATALKER_THREADS=3\nPAKSATALKER_LOG_LEVEL=debug\nOTHER=1\n")
    monkeypatch.setenv("PAKSATALKER_THREADS", "5")
    settings = get_settings()
    assert settings.threads == settings.worker_threads == 5
    assert settings.log_level == "DEBUG"


def test_an_empty_variable_means_the_default(monkeypatch):
    monkeypatch.setenv("PAKSATALKER_HOME", "")
    monkeypatch.setenv("PAKSATALKER_THREADS", "")
    assert get_settings().threads == 0
    assert get_settings().home.name == "paksatalker"


def test_a_relative_home_and_a_tilde_are_made_absolute(tmp_path, monkeypatch):
    monkeypatch.setenv("PAKSATALKER_HOME", "models")
    assert get_settings().home == tmp_path / "models"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PAKSATALKER_HOME", "~/x")
    assert get_settings().home == tmp_path / "x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREADS", "-1"),
        ("THREADS", "many"),
        ("LOG_LEVEL", "loud"),
        ("OFFLINE", "perhaps"),
        ("MAX_TEXT_CHARACTERS", "0"),
        ("MAX_AUDIO_MINUTES", "0"),
        ("MAX_AUDIO_MINUTES", "inf"),
        ("MAX_AUDIO_MINUTES", "nan"),
        ("MAX_IMAGE_PIXELS", "1.5"),
        ("MAX_IMAGE_PIXELS", "178956971"),
        ("HOME", "~nobody-by-this-name/x"),
    ],
)
def test_impossible_values_name_the_variable_in_one_line(monkeypatch, name, value):
    monkeypatch.setenv(f"PAKSATALKER_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        get_settings()
    assert f"PAKSATALKER_{name} is set to '{value}'" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_no_text_is_told(tmp_path):
    Path(".env").write_bytes(b"PAKSATALKER_THREADS=\xff\xfe\n")
    with pytest.raises(SettingsInvalid):
        get_settings()
