import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.files import (
    TextFile,
    UnfinishedFile,
    check_place,
    is_address,
    same_file,
    unfinished_name,
    write_error,
)
from paksatalker.errors import DiskFull, OutputUnwritable


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a b – ü.txt"
    with TextFile(path) as file:
        file.write("grüß dich\n")
        assert not path.exists()
    assert path.read_bytes() == "grüß dich\n".encode()
    assert names(tmp_path) == [path.name]


def test_nothing_changes_when_the_work_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with TextFile(path) as file:
            file.write("new")
            file.complete()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    with TextFile(link) as file:
        file.write("new")
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_replaced_file_hands_on_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "private.txt"
    path.write_text("old")
    path.chmod(0o600)
    with TextFile(path) as file:
        file.write("new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_dash_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputUnwritable, match="standard output"):
        check_place(Path("-"))


def test_the_longest_name_has_room(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125 + ".txt")  # 254 bytes
    with TextFile(path) as file:
        file.write("x")
    assert path.read_text() == "x"


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255))
def test_unfinished_names_are_short_and_hidden(name: str) -> None:
    found = unfinished_name(Path("folder") / f"x{name}").name
    assert len(os.fsencode(found)) <= 255
    assert found.startswith(".")
    assert found.endswith(".part")


@pytest.mark.skipif(os.name == "nt", reason="devices and links of Unix")
def test_places_that_are_no_places(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path, "directory"),
        (Path(), "directory"),
        (tmp_path / "none" / "a", "mkdir -p"),
        (tmp_path / "file" / "a", "cannot write"),
        (tmp_path / "loop", "cannot write"),
        (tmp_path / "pipe", "device"),
        (Path(os.devnull), "device"),
        (tmp_path / ("x" * 300), "name too long"),
        (tmp_path / "nul\0", "null"),
    ):
        with pytest.raises(OutputUnwritable, match=f"(?i){why}"):
            TextFile(path)


@pytest.mark.parametrize("locked", ["folder", "file"])
def test_places_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: str) -> None:
    file = tmp_path / "a.txt"
    file.touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path != (tmp_path if locked == "folder" else file))
    with pytest.raises(OutputUnwritable, match="permission" if locked == "folder" else "write-protected"):
        check_place(file)


def test_same_file(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.touch()
    (tmp_path / "hard").hardlink_to(one)
    (tmp_path / "soft").symlink_to(one)
    assert same_file(one, tmp_path / "x" / ".." / "one")
    assert same_file(one, tmp_path / "hard")
    assert same_file(tmp_path / "soft", one)
    assert same_file(tmp_path / "none", tmp_path / "." / "none")
    assert not same_file(one, tmp_path / "none")
    assert not same_file(Path("nul\0"), one)


def test_an_unfinished_file_takes_the_place_of_a_link_s_target(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    target, link = tmp_path / "other" / "a.bin", tmp_path / "link.bin"
    target.write_bytes(b"old")
    link.symlink_to(target)
    file = UnfinishedFile(link)
    file.create()
    with pytest.raises(FileExistsError):
        file.create()
    file.part.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    file.take_place()
    file.discard()
    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")
    assert names(tmp_path / "other") == ["a.bin"]


def test_an_unfinished_file_can_be_discarded(tmp_path: Path) -> None:
    file = UnfinishedFile(tmp_path / "a.bin")
    file.discard()
    file.create()
    file.discard()
    assert names(tmp_path) == []
    with pytest.raises(OutputUnwritable):
        UnfinishedFile(tmp_path)


def test_reasons() -> None:
    path = Path("a.txt")
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        assert isinstance(write_error(OSError(number, ""), path), DiskFull)
    for number in (errno.EACCES, errno.EROFS, errno.ENOENT, errno.EISDIR):
        assert isinstance(write_error(OSError(number, ""), path), OutputUnwritable)
    assert write_error(OSError(errno.EINVAL, ""), path) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_shows_at_completion(tmp_path: Path) -> None:
    def write() -> None:
        with TextFile(tmp_path / "a.txt") as file:
            part = file._growing.part
            part.unlink()
            part.symlink_to("/dev/full")
            file._file = part.open("w")
            file.write("x")
            file.complete()

    with pytest.raises(DiskFull):
        write()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "address"),
    [("https://example.org/a.jpg", True), ("s3://bucket/a.wav", True), ("C:/a.jpg", False), ("a: b/c.jpg", False)],
)
def test_addresses_are_told_from_files(name: str, address: bool) -> None:
    assert is_address(Path(name)) is address
