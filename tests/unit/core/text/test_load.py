from pathlib import Path

import pytest

from paksatalker.core.text.load import load_text
from paksatalker.errors import TextUnreadable


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("Füße,\r\n你好\rend".encode(encoding))
    assert load_text(path) == "Füße,\n你好\nend"


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert load_text(path) == ""


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\xff", b"abc\0def", b"\xff\xfea", b"caf\xe9"])
def test_not_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(TextUnreadable):
        load_text(path)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(TextUnreadable, match="no such file"):
        load_text(tmp_path / "none.txt")
    with pytest.raises(TextUnreadable, match="folder"):
        load_text(tmp_path)
