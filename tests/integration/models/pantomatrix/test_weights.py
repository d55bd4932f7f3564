"""What a user is told when the files are not there or no good."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from paksatalker.errors import WeightsCorrupt, WeightsMissing
from paksatalker.models.pantomatrix import weights


@pytest.mark.parametrize("kind", ["nothing", "file", "folder"])
def test_a_folder_of_ones_own_is_named_and_a_download_is_not_said_to_fill_it(tmp_path, monkeypatch, kind):
    own = tmp_path / "own"
    if kind == "file":
        own.write_bytes(b"x")
    elif kind == "folder":
        own.mkdir()
    monkeypatch.setenv("PANTRIX_MODEL_PATH", str(own))
    with pytest.raises(WeightsMissing, match="unset PANTRIX_MODEL_PATH") as error:
        weights.load(weights.models_folder())
    assert str(own) in error.value.message


def test_a_file_cut_short_says_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("PANTRIX_MODEL_PATH", str(tmp_path))
    for path in weights.files_in(tmp_path).values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    with pytest.raises(WeightsCorrupt, match="unset PANTRIX_MODEL_PATH"):
        weights.load(weights.models_folder())


def test_the_store_s_folder_is_mended_by_a_download(tmp_path, monkeypatch):
    monkeypatch.setenv("PANTRIX_MODEL_PATH", "")
    with pytest.raises(WeightsMissing, match="Run: paksatalker models download emage"):
        weights.load(tmp_path)


def test_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PANTRIX_MODEL_PATH", "~/emage")
    assert weights.models_folder() == Path(tmp_path) / "emage"
