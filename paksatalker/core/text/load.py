"""Reading a text file."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from paksatalker.core.files import is_address
from paksatalker.errors import TextTooLong, TextUnreadable

_MAX_BYTES = 16 << 20


def load_text(path: Path) -> str:
    r"""Reads a text file in UTF-8 or, with a byte order mark, UTF-16.

    Args:
        path: The file.

    Returns:
        The text, line ends as ``\n``.

    Raises:
        TextUnreadable: The file is missing, a folder, not allowed to be read, or not text in these encodings.
        TextTooLong: The file is larger than 16 MiB.
    """
    what = f"cannot read the text file {path}"
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        if is_address(path):
            raise TextUnreadable(what, "addresses are not followed", "Download it first and give the file") from None
        raise TextUnreadable(what, "there is no such file", "Check the path") from None
    except IsADirectoryError:
        raise TextUnreadable(what, "it is a folder", "Name a text file in it") from None
    except PermissionError:
        raise TextUnreadable(what, "reading it is not allowed", f"Run: chmod +r '{path}'") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise TextUnreadable(what, getattr(error, "strerror", None) or str(error), "Check the path") from error
    return _decoded(data, what)


def read_text(file: BinaryIO, name: str) -> str:
    """Reads a text from an open file, such as standard input, to its end; see :func:`load_text`.

    Args:
        file: Where the bytes are.
        name: What to call it in messages.

    Raises:
        TextUnreadable: It cannot be read, or is no text.
        TextTooLong: It is larger than 16 MiB.
    """
    try:
        return _decoded(file.read(_MAX_BYTES + 1), f"cannot read {name}")
    except OSError as error:
        raise TextUnreadable(f"cannot read {name}", error.strerror or str(error), "Give a text file") from error


def _decoded(data: bytes, what: str) -> str:
    if len(data) > _MAX_BYTES:
        raise TextTooLong(what, "it is larger than 16 MiB", "Split it into several files")
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise TextUnreadable(what, "it is not UTF-8 or UTF-16 text", "Save it as UTF-8") from None
    if "\0" in text:
        raise TextUnreadable(what, "it is a binary file", "Give a plain text file (.txt)")
    return text.replace("\r\n", "\n").replace("\r", "\n")
