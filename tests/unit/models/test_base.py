from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from paksatalker.errors import (
    DiskFull,
    DownloadFailed,
    InvalidOption,
    OutputUnwritable,
    WeightsCorrupt,
    WeightsMissing,
)
from paksatalker.models import base
from paksatalker.models.base import State, WeightsStore
from paksatalker.models.fetch.download import Downloader
from paksatalker.models.manifest import Manifest, WeightEntry, WeightFile, builtin_manifest, parse_source

FILES = {"a.bin": b"first", "b.bin": b"second!"}


def weight(name: str) -> WeightFile:
    data = FILES[name]
    source = parse_source(f"https://example.org/{name}")
    return WeightFile(name, len(data), hashlib.sha256(data).hexdigest(), (source,))


MANIFEST = Manifest(
    [
        WeightEntry("single", "MIT", "one file", (weight("a.bin"),)),
        WeightEntry("double", "MIT", "two files", (weight("a.bin"), weight("b.bin"))),
    ]
)


class Fake(Downloader):
    """Delivers the files of FILES and counts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.fetched: list[str] = []
        self.error = error

    def fetch(self, file, work, progress, archives=None):
        if self.error:
            raise self.error
        self.fetched.append(file.name)
        path = work / "whole"
        path.write_bytes(FILES[file.name])
        progress(file.bytes, file.bytes)
        return path, file.sources[0]


def store(root: Path, downloader: Downloader | None = None) -> WeightsStore:
    return WeightsStore(root, MANIFEST, downloader or Fake())


def count_hashes(monkeypatch) -> list[Path]:
    hashed: list[Path] = []
    real = base.hash_file

    def counting(path: Path) -> str:
        hashed.append(path)
        return real(path)

    monkeypatch.setattr(base, "hash_file", counting)
    return hashed


def test_a_missing_model_names_the_command_that_fetches_it(tmp_path):
    with pytest.raises(WeightsMissing, match="Run: paksatalker models download single") as caught:
        store(tmp_path).path("single")
    assert str(tmp_path / "single" / "a.bin") in caught.value.message
    assert store(tmp_path).status("single").state is State.MISSING


def test_a_download_can_be_used_and_leaves_nothing_else_behind(tmp_path):
    models = store(tmp_path)
    seen: list[tuple[int, int]] = []
    folder = models.download("double", lambda *now: seen.append(now))
    assert {path.name for path in folder.iterdir() if not path.name.startswith(".")} == {"a.bin", "b.bin"}
    assert not (folder / ".download").exists()
    assert seen[-1] == (12, 12)
    assert models.path("double") == folder
    assert models.path("double", "b.bin").read_bytes() == b"second!"
    assert models.status("double").state is State.VERIFIED
    with pytest.raises(ValueError, match=r"no file 'c\.bin'"):
        models.path("double", "c.bin")


def test_only_what_is_missing_or_damaged_is_fetched(tmp_path):
    fake = Fake()
    models = store(tmp_path, fake)
    models.download("double")
    models.download("double")
    assert fake.fetched == ["a.bin", "b.bin"]
    (tmp_path / "double" / "a.bin").write_bytes(b"fxrst")
    models.download("double")
    assert fake.fetched == ["a.bin", "b.bin", "a.bin"]
    assert models.path("double", "a.bin").read_bytes() == b"first"


def test_a_file_put_there_by_hand_is_checked_and_used(tmp_path):
    (tmp_path / "single").mkdir()
    (tmp_path / "single" / "a.bin").write_bytes(b"first")
    fake = Fake()
    models = store(tmp_path, fake)
    assert models.status("single").state is State.UNVERIFIED
    models.download("single")
    assert fake.fetched == []
    assert models.status("single").state is State.VERIFIED


def test_the_hash_is_computed_once_and_again_after_a_change(tmp_path, monkeypatch):
    hashed = count_hashes(monkeypatch)
    (tmp_path / "single").mkdir()
    path = tmp_path / "single" / "a.bin"
    path.write_bytes(b"first")
    assert store(tmp_path).path("single") == path
    assert store(tmp_path).path("single") == path
    assert len(hashed) == 1
    os.utime(path, ns=(1, 1))
    store(tmp_path).path("single")
    assert len(hashed) == 2
    store(tmp_path).verify("single")
    assert len(hashed) == 3


@pytest.mark.parametrize(("data", "why"), [(b"fi", "2 bytes instead of 5"), (b"fxrst", "SHA-256")])
def test_a_damaged_model_is_never_handed_out(tmp_path, data, why):
    models = store(tmp_path)
    models.download("single")
    (tmp_path / "single" / "a.bin").write_bytes(data)
    for use in (models.path, models.verify):
        with pytest.raises(WeightsCorrupt, match=why) as caught:
            use("single")
        assert caught.value.fix == "Run: paksatalker models download single"


def test_a_stamp_for_another_release_does_not_count(tmp_path):
    store(tmp_path).download("single")
    newer = WeightFile("a.bin", 5, hashlib.sha256(b"newer").hexdigest(), (parse_source("https://example.org/a"),))
    later = WeightsStore(tmp_path, Manifest([WeightEntry("single", "MIT", "", (newer,))]), Fake())
    with pytest.raises(WeightsCorrupt):
        later.path("single")


@pytest.mark.parametrize("junk", [b"", b"[]", b"\xff\xfe", b'{"a.bin": 7}'])
def test_a_broken_stamp_only_costs_a_hash(tmp_path, junk):
    models = store(tmp_path)
    models.download("single")
    (tmp_path / "single" / ".stamp.json").write_bytes(junk)
    assert models.path("single").read_bytes() == b"first"
    assert models.status("single").state is State.VERIFIED


def test_a_store_that_may_only_be_read_still_works(tmp_path, monkeypatch):
    (tmp_path / "single").mkdir()
    (tmp_path / "single" / "a.bin").write_bytes(b"first")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert store(tmp_path).path("single").read_bytes() == b"first"
    assert [path.name for path in (tmp_path / "single").iterdir()] == ["a.bin"]


def test_unknown_names_are_told(tmp_path):
    for use in (store(tmp_path).path, store(tmp_path).download, store(tmp_path).verify, store(tmp_path).status):
        with pytest.raises(InvalidOption, match="Choose one of: single, double"):
            use("triple")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_the_room_given_back(tmp_path):
    models = store(tmp_path, Fake(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(DiskFull, match="PAKSATALKER_HOME"):
        models.download("single")
    assert not (tmp_path / "single" / ".download").exists()


def test_a_disk_that_would_be_full_is_told_before(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))
    fake = Fake()
    with pytest.raises(DiskFull):
        store(tmp_path, fake).download("single")
    assert fake.fetched == []


def test_an_unwritable_store_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match="Set PAKSATALKER_HOME"):
        store(tmp_path / "file").download("single")


def test_nothing_is_fetched_when_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("PAKSATALKER_OFFLINE", "1")
    fake = Fake()
    with pytest.raises(DownloadFailed, match=r"PAKSATALKER_OFFLINE is set.* put the file at .*single"):
        store(tmp_path, fake).download("single")
    assert fake.fetched == []


def test_the_root_is_below_the_home_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path / "home"))
    assert WeightsStore().root == tmp_path / "home" / "weights"
    assert WeightsStore().entries() == tuple(builtin_manifest().values())


def test_a_process_that_waits_too_long_gives_up(tmp_path, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(base, "_LOCK_S", 0.05)
    (tmp_path / "single").mkdir()
    with FileLock(tmp_path / "single" / ".lock"), pytest.raises(DownloadFailed, match="another process"):
        store(tmp_path).download("single")
