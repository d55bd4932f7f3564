from __future__ import annotations

import hashlib
import json

import pytest
from typer.testing import CliRunner

from paksatalker.cli import models
from paksatalker.errors import DownloadFailed, InvalidOption, WeightsCorrupt, WeightsMissing
from paksatalker.models.base import WeightsStore
from paksatalker.models.fetch.download import Downloader
from paksatalker.models.manifest import Manifest, WeightEntry, WeightFile, parse_source

DATA = b"weights"


def entry(name: str, group: str) -> WeightEntry:
    source = parse_source(f"https://example.org/{name}")
    file = WeightFile(f"{name}.bin", len(DATA), hashlib.sha256(DATA).hexdigest(), (source,))
    return WeightEntry(name, "Apache-2.0", f"what {name} does", (file,), group)


class Fake(Downloader):
    def fetch(self, file, work, progress, archives=None):
        if file.name == "broken.bin":
            raise DownloadFailed("broken.bin could not be downloaded", "no network", "Check it")
        for done in range(len(DATA) + 1):
            progress(done, len(DATA))
        (work / "whole").write_bytes(DATA)
        return work / "whole", file.sources[0]


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> WeightsStore:
    manifest = Manifest([entry("small", "base"), entry("big", "extra"), entry("broken", "")])
    made = WeightsStore(tmp_path, manifest, Fake())
    monkeypatch.setattr(models, "WeightsStore", lambda: made)
    return made


def run(*arguments: str):
    return CliRunner().invoke(models.app, list(arguments))


def test_list_shows_what_is_here_and_what_is_not(store):
    store.download("small")
    shown = run("list").stdout
    assert "small" in shown
    assert "verified" in shown
    assert "missing" in shown
    assert "Apache-2.0" in shown


def test_list_as_json(store):
    store.download("small")
    found = {item["name"]: item for item in json.loads(run("list", "--json").stdout)}
    assert found["small"]["present"] is True
    assert found["big"]["state"] == "missing"
    assert found["big"]["files"][0]["sources"] == ["https://example.org/big"]


def test_download_without_a_name_fetches_the_base_group(store, tmp_path):
    result = run("download")
    assert result.exit_code == 0
    assert (tmp_path / "small" / "small.bin").read_bytes() == DATA
    assert not (tmp_path / "big").exists()
    assert "small: verified" in result.stdout
    assert "small: done" in result.stderr
    assert "\x1b" not in result.stderr
    assert len(result.stderr.splitlines()) <= 5


def test_download_by_name_and_group_as_json():
    result = run("download", "extra", "small", "--json")
    assert [item["name"] for item in json.loads(result.stdout)] == ["big", "small"]


def test_errors_are_left_to_the_program():
    assert isinstance(run("download", "broken").exception, DownloadFailed)
    assert isinstance(run("download", "nothing").exception, InvalidOption)
    assert isinstance(run("verify").exception, WeightsMissing)


def test_verify_hashes_anew(store, tmp_path):
    store.download("small")
    assert run("verify").exit_code == 0
    path = tmp_path / "small" / "small.bin"
    stat = path.stat()
    path.write_bytes(b"wEights")
    import os

    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # even if it looks untouched
    assert isinstance(run("verify").exception, WeightsCorrupt)


def test_verify_tells_of_every_model_that_is_not_right():
    result = run("verify", "big", "small")
    assert isinstance(result.exception, WeightsMissing)
    assert "'big'" in result.exception.message
    assert "'small'" in result.stderr
