"""Reads one member of a wheel or an npm package, from a file or straight from the server.

Members are streamed out byte by byte; nothing is ever extracted under a name that an archive chooses.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from paksatalker.models.fetch.transfer import SourceFailed

_CHUNK = 1 << 18
#: Length of a zip's local header without its name and extra field, and where their lengths stand (APPNOTE 4.3.7).
_LOCAL_HEADER = 30
_LOCAL_LENGTHS = 26
_LOCAL_MAGIC = b"PK\x03\x04"
#: A zip's directory is read in blocks of this size; that of most wheels fits into one.
_BLOCK = 1 << 17


class Reader(Protocol):
    """Reads ``size`` bytes at an offset (None: the last ``size`` bytes) of a remote file; also gives its whole size."""

    def __call__(self, first: int | None, size: int) -> tuple[bytes, int]:
        """Reads."""
        ...


@dataclass(frozen=True, slots=True)
class MemberSpan:
    """Where a zip's member lies in it.

    Attributes:
        first: Offset of its first byte.
        size: How many bytes it takes there.
        deflated: Whether they are compressed (raw deflate); else stored as they are.
    """

    first: int
    size: int
    deflated: bool


def copy_member(archive: Path, member: str, out: IO[bytes], limit: int) -> int:
    """Streams a member out of a wheel (``.whl``) or an npm package (``.tgz``).

    Args:
        archive: The archive; its kind is told by its first bytes.
        member: Path inside it; in an npm package below its one root folder.
        out: Where the bytes go.
        limit: More bytes than this are an error.

    Returns:
        How many bytes it has.

    Raises:
        SourceFailed: The archive is damaged, lacks the member, or the member is too long.
        OSError: ``out`` cannot be written.
    """
    try:
        with archive.open("rb") as file:
            if file.read(4) == _LOCAL_MAGIC:
                with zipfile.ZipFile(archive) as wheel, wheel.open(_find(wheel, member)) as source:
                    return _copy(source, out, limit)
        return _copy_from_tar(archive, member, out, limit)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise SourceFailed(f"the package's archive is damaged ({error})") from error


def locate_member(read: Reader, member: str) -> MemberSpan:
    """Finds a member in a remote zip by reading its directory only.

    Raises:
        SourceFailed: It is no zip, lacks the member, or the member's compression is not one we know.
        RangesRefused: The server sends whole files only.
    """
    try:
        with zipfile.ZipFile(_RemoteFile(read)) as wheel:
            info = _find(wheel, member)
    except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
        raise SourceFailed(f"the package's archive is damaged ({error})") from error
    if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SourceFailed(f"{member} is packed in a way we do not read")
    header, _ = read(info.header_offset, _LOCAL_HEADER)
    if header[:4] != _LOCAL_MAGIC or len(header) < _LOCAL_HEADER:
        raise SourceFailed("the package's archive is damaged (no local header)")
    name_size, extra_size = struct.unpack_from("<HH", header, _LOCAL_LENGTHS)
    first = info.header_offset + _LOCAL_HEADER + name_size + extra_size
    return MemberSpan(first, info.compress_size, info.compress_type == zipfile.ZIP_DEFLATED)


def unpack_span(packed: Path, span: MemberSpan, out: IO[bytes], limit: int) -> int:
    """Streams a member out of a file that holds just its span of bytes.

    Raises:
        SourceFailed: The bytes are damaged, or the member is longer than ``limit``.
        OSError: ``out`` cannot be written.
    """
    with packed.open("rb") as source:
        if not span.deflated:
            return _copy(source, out, limit)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        done = 0
        try:
            while not inflate.eof:
                packed_bytes = inflate.unconsumed_tail or source.read(_CHUNK)
                plain = inflate.decompress(packed_bytes, _CHUNK)
                if not packed_bytes and not plain:
                    raise SourceFailed("the package's archive is damaged (it ends early)")
                done += len(plain)
                _check_limit(done, limit)
                out.write(plain)
        except zlib.error as error:
            raise SourceFailed(f"the package's archive is damaged ({error})") from error
        return done


def _find(wheel: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    try:
        return wheel.getinfo(member)
    except KeyError as error:
        raise SourceFailed(f"the package has no {member}") from error


def _copy_from_tar(archive: Path, member: str, out: IO[bytes], limit: int) -> int:
    with tarfile.open(archive, "r|gz") as package:
        for info in package:
            if info.isreg() and info.name.partition("/")[2] == member:
                source = package.extractfile(info)
                if source is not None:
                    return _copy(source, out, limit)
    raise SourceFailed(f"the package has no {member}")


def _copy(source: IO[bytes], out: IO[bytes], limit: int) -> int:
    done = 0
    while chunk := source.read(_CHUNK):
        done += len(chunk)
        _check_limit(done, limit)
        out.write(chunk)
    return done


def _check_limit(done: int, limit: int) -> None:
    if done > limit:
        raise SourceFailed(f"the package's file is longer than the {limit} bytes it should have")


class _RemoteFile(io.RawIOBase):
    """A seekable file over range requests that keeps the blocks it has read."""

    def __init__(self, read: Reader) -> None:
        self._read: Callable[[int | None, int], tuple[bytes, int]] = read
        tail, self._size = read(None, _BLOCK)
        self._blocks = {self._size - len(tail): tail}
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        size = self._size - self._at if size is None or size < 0 else min(size, self._size - self._at)
        if size <= 0:
            return b""
        data = self._cached(self._at, size)
        if data is None:
            data, _ = self._read(self._at, max(size, min(_BLOCK, self._size - self._at)))
            self._blocks[self._at] = data
            data = data[:size]
        self._at += len(data)
        return data

    def _cached(self, first: int, size: int) -> bytes | None:
        for start, block in self._blocks.items():
            if start <= first and first + size <= start + len(block):
                return block[first - start : first - start + size]
        return None
