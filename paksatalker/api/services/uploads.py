"""A multipart upload, written to disk while it comes: never whole in memory, and gone if it breaks off."""

from __future__ import annotations

import errno
import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from paksatalker.api.errors import ApiError
from paksatalker.errors import DiskFull

_NAME = 200
_HEADER = 4096


@dataclass(slots=True)
class Upload:
    """A file that has come.

    Attributes:
        name: As the sender calls it, made harmless; for people.
        bytes: Its size.
        sha256: Of its content.
    """

    name: str = "file"
    bytes: int = 0
    sha256: str = ""


async def receive(headers: Mapping[str, str], body: AsyncIterator[bytes], to: Path, most: int) -> Upload:
    """Writes the part ``file`` of a form to a path.

    Args:
        headers: Of the request.
        body: Of the request, piece by piece.
        to: A new file.
        most: Largest size that is taken, bytes.

    Raises:
        ApiError: 415, 422 or 413: no form, no file in it, or too large a one.
        DiskFull: There is no room.
    """
    kind = Message()
    kind["content-type"] = headers.get("content-type", "")
    boundary = kind.get_param("boundary")
    if kind.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        why = f"it is {kind.get_content_type()}"
        fix = "Send a form with the part 'file': curl -F file=@photo.jpg …"
        raise ApiError(415, "UnsupportedMediaType", "the body is no form", why=why, fix=fix)
    try:
        with to.open("xb") as file:
            form = _Form(boundary, file, most)
            async for piece in body:
                form.feed(piece)
            return form.finish()
    except (FormParserError, UnicodeError) as error:
        raise ApiError(422, "InvalidRequest", "the form cannot be read", why=str(error), fix="Send it again") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the file cannot be stored", "the disk is full", "Try again later") from error
        raise


class _Form:
    """Takes the first part called ``file``; passes over others."""

    def __init__(self, boundary: str, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most
        self._hash = hashlib.sha256()
        self._upload = Upload()
        self._found = self._inside = self._ended = False
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._parser = MultipartParser(
            boundary.encode("latin-1"),
            {
                "on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": self._part_end,
                "on_header_field": self._header_field, "on_header_value": self._header_value,
                "on_header_end": self._header_end, "on_headers_finished": self._headers_finished, "on_end": self._end,
            },
        )  # fmt: skip

    def feed(self, piece: bytes) -> None:
        self._parser.write(piece)

    def finish(self) -> Upload:
        self._parser.finalize()
        if not self._ended:
            raise ApiError(422, "InvalidRequest", "the form breaks off", why="its end is missing", fix="Send it again")
        if not self._found:
            fix = "Send a form with the part 'file': curl -F file=@photo.jpg …"
            raise ApiError(422, "InvalidRequest", "there is no file", why="the form has no part 'file'", fix=fix)
        self._upload.sha256 = self._hash.hexdigest()
        return self._upload

    def _begin(self) -> None:
        self._headers, self._field, self._value = {}, b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field = (self._field + data[start:end])[:_HEADER]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = (self._value + data[start:end])[:_HEADER]

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _headers_finished(self) -> None:
        part = Message()
        part["content-disposition"] = self._headers.get(b"content-disposition", b"").decode("utf-8", "replace")
        name = part.get_param("name", header="content-disposition")
        self._inside = name == "file" and not self._found
        if self._inside:
            self._found = True
            self._upload.name = harmless_name(part.get_filename() or "")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._inside:
            return
        self._upload.bytes += end - start
        if self._upload.bytes > self._most:
            raise too_large(self._most)
        self._hash.update(memoryview(data)[start:end])
        self._file.write(memoryview(data)[start:end])

    def _part_end(self) -> None:
        self._inside = False

    def _end(self) -> None:
        self._ended = True


def too_large(most: int) -> ApiError:
    """The answer to a file of more than so many bytes."""
    why = f"{most:,} bytes are allowed"
    return ApiError(413, "TooLarge", "the file is too large", why=why, fix="Send a smaller one, or delete others")


def harmless_name(name: str) -> str:
    """The last part of a path, without anything that is not printed; at most 200 characters.

    Args:
        name: Whatever the sender wrote.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    printed = "".join(c for c in last if unicodedata.category(c)[0] not in "CZ" or c == " ")
    return printed.strip(" .")[-_NAME:] or "file"
