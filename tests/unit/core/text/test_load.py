import io
from pathlib import Path

import pytest

from paksatalker.core.text.load import load_text, read_text
from paksatalker.errors import TextTooLong, TextUnreadable


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


def test_an_address_is_not_followed() -> None:
    with pytest.raises(TextUnreadable, match=r"addresses are not followed\. Download it first"):
        load_text(Path("https://example.org/speech.txt"))


def test_an_open_file_is_read_as_a_named_one() -> None:
    assert read_text(io.BytesIO(b"\xef\xbb\xbfHi.\r\nBye."), "standard input") == "Hi.\nBye."
    assert read_text(io.BytesIO("Hi.".encode("utf-16")), "standard input") == "Hi."
    with pytest.raises(TextUnreadable, match="cannot read standard input: it is not UTF-8"):
        read_text(io.BytesIO("Café".encode("latin-1")), "standard input")
    with pytest.raises(TextUnreadable, match="binary"):
        read_text(io.BytesIO(b"a\0b"), "standard input")


def test_an_endless_stream_is_not_read_to_its_end() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            return b"y" * size

    with pytest.raises(TextTooLong):
        read_text(Endless(), "standard input")
