"""The weights store: model files on disk, checked before they are used, downloaded only when asked for.

Layout: ``<home>/weights/<entry>/<file>``, where home is ``PAKSATALKER_HOME`` or the user's data folder.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from paksatalker.config import get_settings
from paksatalker.errors import DiskFull, DownloadFailed, OutputUnwritable, WeightsCorrupt, WeightsMissing
from paksatalker.models.hashing import hash_file
from paksatalker.models.manifest import Manifest, WeightEntry, WeightFile, builtin_manifest

if TYPE_CHECKING:
    from paksatalker.models.fetch.download import Downloader
    from paksatalker.models.fetch.transfer import Progress

_LOG = logging.getLogger(__name__)

#: Longest wait for another process that downloads the same entry, seconds.
_LOCK_S = 3600.0
#: Disk space that is left alone, bytes.
_SPARE = 16 << 20
_STAMP = ".stamp.json"
_RECORD = ".published.json"
_WORK = ".download"
_ARCHIVES = ".packages"
_LOCK = ".lock"


class State(StrEnum):
    """What is known of an entry on disk without reading it all."""

    MISSING = "missing"
    CORRUPT = "corrupt"
    UNVERIFIED = "unverified"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class EntryStatus:
    """An entry and its state in the store.

    Attributes:
        entry: What the manifest says.
        state: The worst of its files' states.
        folder: Where its files are, or would be.
    """

    entry: WeightEntry
    state: State
    folder: Path


class WeightsStore:
    """Model files by name.

    Several processes may use and fill one store at the same time.

    Args:
        root: Its folder; by default ``<home>/weights`` of the settings.
        manifest: What there is; by default the manifest that PaksaTalker ships.
        downloader: How files are fetched.

    Raises:
        SettingsInvalid: ``root`` is not given and the settings cannot be read.
    """

    def __init__(
        self, root: Path | None = None, manifest: Manifest | None = None, downloader: Downloader | None = None
    ) -> None:
        self._root = root or get_settings().weights
        self._manifest = manifest or builtin_manifest()
        self._downloader = downloader

    @property
    def root(self) -> Path:
        """The store's folder; it need not exist yet."""
        return self._root

    @property
    def manifest(self) -> Manifest:
        """What there is."""
        return self._manifest

    def entries(self) -> tuple[WeightEntry, ...]:
        """Everything in the manifest, present or not."""
        return tuple(self._manifest.values())

    def path(self, name: str, file: str | None = None) -> Path:
        """A model that is ready for use: its size and SHA-256 are right.

        The hash is computed when the file is new or has changed since it was last right, and remembered in between.

        Args:
            name: The entry.
            file: One file of an entry that has several.

        Returns:
            The file; the folder of an entry with several files when none is named.

        Raises:
            InvalidOption: No entry has this name.
            WeightsMissing: It has not been downloaded.
            WeightsCorrupt: It is not the file that the manifest promises.
        """
        entry = self._entry(name)
        wanted = [item for item in entry.files if file in {None, item.name}]
        if not wanted:
            raise ValueError(f"the model '{name}' has no file '{file}'")
        for item in wanted:
            self._require(entry, item)
        folder = self._folder(entry)
        return folder if len(wanted) > 1 else folder / wanted[0].name

    def status(self, name: str) -> EntryStatus:
        """What is known of an entry; hashes nothing.

        Raises:
            InvalidOption: No entry has this name.
        """
        entry = self._entry(name)
        states = {self._state(entry, file) for file in entry.files}
        return EntryStatus(entry, next(state for state in State if state in states), self._folder(entry))

    def published(self, name: str) -> tuple[WeightFile, ...]:
        """Files of an entry whose hash was not in the manifest but recorded when they came."""
        before = self._manifest.entry(name).files
        return tuple(
            now for was, now in zip(before, self._entry(name).files, strict=True) if not was.sha256 and now.sha256
        )

    def verify(self, name: str) -> Path:
        """Hashes all files of an entry, whatever is remembered of them.

        Returns:
            The entry's folder.

        Raises:
            InvalidOption: No entry has this name.
            WeightsMissing: It has not been downloaded.
            WeightsCorrupt: It is not the file that the manifest promises.
        """
        entry = self._entry(name)
        for file in entry.files:
            self._require(entry, file, trust_stamp=False)
        return self._folder(entry)

    def download(self, name: str, progress: Progress | None = None) -> Path:
        """Fetches the files of an entry that are missing or damaged; good ones are left alone.

        An interrupted download is taken up where it stopped. If another process fetches the same entry, this one waits
        and uses the result.

        Args:
            name: The entry.
            progress: Called with the bytes done and the bytes in all.

        Returns:
            The entry's folder.

        Raises:
            InvalidOption: No entry has this name.
            DownloadFailed: No source delivered, or downloads are switched off.
            DiskFull: There is no room for it.
            OutputUnwritable: The store cannot be written.
        """
        entry = self._entry(name)
        folder = self._folder(entry)
        tell: Progress = progress or (lambda _done, _total: None)
        if all(self._state(entry, file) is State.VERIFIED for file in entry.files):
            tell(entry.bytes, entry.bytes)
            return folder
        with self._writing(entry):
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(entry, folder):
                before = 0
                for file in entry.files:
                    if not self._is_good(entry, file):
                        self._fetch(entry, file, tell, before)
                    before += file.bytes
                    tell(before, entry.bytes)
                shutil.rmtree(folder / _WORK, ignore_errors=True)
        return folder

    def _fetcher(self) -> Downloader:
        if self._downloader is None:
            from paksatalker.models.fetch.download import Downloader  # an HTTP client: not for who only looks

            self._downloader = Downloader()
        return self._downloader

    def _fetch(self, entry: WeightEntry, file: WeightFile, tell: Progress, before: int) -> None:
        folder = self._folder(entry)
        if get_settings().offline:
            raise DownloadFailed(
                f"{file.name} was not downloaded",
                "PAKSATALKER_OFFLINE is set",
                f"Unset PAKSATALKER_OFFLINE and try again, or put the file at {folder / file.name} yourself",
            )
        if not file.sha256:
            file = self._fetcher().published(file, folder / file.name)
            self._record(entry, file)
        if shutil.disk_usage(folder).free < file.bytes + _SPARE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        work = folder / _WORK / file.name
        work.mkdir(parents=True, exist_ok=True)
        whole, _ = self._fetcher().fetch(
            file, work, lambda done, _: tell(before + done, entry.bytes), folder / _WORK / _ARCHIVES
        )
        whole.replace(folder / file.name)
        self._stamp(entry, file)
        shutil.rmtree(work, ignore_errors=True)

    @contextmanager
    def _writing(self, entry: WeightEntry) -> Iterator[None]:
        folder = self._folder(entry)
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                shutil.rmtree(folder / _WORK, ignore_errors=True)  # a full disk needs the room
                raise DiskFull(
                    f"the model '{entry.name}' was not downloaded",
                    f"the disk of {folder} is full",
                    f"Free {_megabytes(entry.bytes + _SPARE)}, or set PAKSATALKER_HOME to a folder on another disk",
                ) from error
            raise OutputUnwritable(
                f"the model '{entry.name}' was not downloaded",
                f"{error.filename or folder} cannot be written ({error.strerror or error})",
                "Set PAKSATALKER_HOME to a folder that you may write",
            ) from error

    def _require(self, entry: WeightEntry, file: WeightFile, *, trust_stamp: bool = True) -> None:
        path = self._folder(entry) / file.name
        state = self._state(entry, file)
        fix = f"Run: paksatalker models download {entry.name}"
        if state is State.MISSING:
            raise WeightsMissing(f"the model '{entry.name}' is not installed", f"{path} is not there", fix)
        if state is State.CORRUPT:
            size = path.stat().st_size
            why = f"{path} has {size} bytes instead of {file.bytes}"
            raise WeightsCorrupt(f"the model '{entry.name}' is damaged", why, fix)
        if state is State.VERIFIED and trust_stamp:
            return
        try:
            digest = hash_file(path)
        except OSError as error:
            why = f"{path} cannot be read ({error.strerror})"
            raise WeightsMissing(
                f"the model '{entry.name}' cannot be used", why, "Check the file's permissions"
            ) from error
        if not file.sha256:  # put here by the user: what it is now holds from now on
            file = replace(file, bytes=path.stat().st_size, sha256=digest)
            self._record(entry, file)
        if digest != file.sha256:
            why = f"{path} has the SHA-256 {digest[:12]}… instead of {file.sha256[:12]}…"
            raise WeightsCorrupt(f"the model '{entry.name}' is damaged", why, fix)
        self._stamp(entry, file)

    def _is_good(self, entry: WeightEntry, file: WeightFile) -> bool:
        try:
            self._require(entry, file)
        except (WeightsMissing, WeightsCorrupt):
            return False
        return True

    def _state(self, entry: WeightEntry, file: WeightFile) -> State:
        path = self._folder(entry) / file.name
        if not path.is_file():
            return State.MISSING
        found = path.stat()
        if not file.sha256:
            return State.UNVERIFIED
        if found.st_size != file.bytes:
            return State.CORRUPT
        return State.VERIFIED if self._stamps(entry).get(file.name) == _mark(found, file) else State.UNVERIFIED

    def _entry(self, name: str) -> WeightEntry:
        """An entry; where the manifest does not know a file's hash, with the one that is recorded here."""
        entry = self._manifest.entry(name)
        if all(file.sha256 for file in entry.files):
            return entry
        known = self._read(entry, _RECORD)
        return replace(entry, files=tuple(_as_recorded(file, known.get(file.name)) for file in entry.files))

    def _record(self, entry: WeightEntry, file: WeightFile) -> None:
        """Remembers the size and hash of a file that the manifest does not know."""
        _LOG.info("%s: SHA-256 %s, %d bytes", file.name, file.sha256, file.bytes)
        known = self._read(entry, _RECORD) | {file.name: {"bytes": file.bytes, "sha256": file.sha256}}
        self._write(entry, _RECORD, known)

    def _stamps(self, entry: WeightEntry) -> dict[str, Any]:
        return self._read(entry, _STAMP)

    def _stamp(self, entry: WeightEntry, file: WeightFile) -> None:
        """Remembers that the file is right; a store that we may only read is hashed every time instead."""
        mark = _mark((self._folder(entry) / file.name).stat(), file)
        self._write(entry, _STAMP, self._stamps(entry) | {file.name: mark})

    def _read(self, entry: WeightEntry, name: str) -> dict[str, Any]:
        try:
            notes = json.loads((self._folder(entry) / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}

    def _write(self, entry: WeightEntry, name: str, notes: dict[str, Any]) -> None:
        folder = self._folder(entry)
        try:
            descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=name)
        except OSError:
            return
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(notes, out)
            Path(temporary).replace(folder / name)
        except OSError:
            Path(temporary).unlink(missing_ok=True)

    def _folder(self, entry: WeightEntry) -> Path:
        return self._root / entry.name


@contextmanager
def _locked(entry: WeightEntry, folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / _LOCK, timeout=_LOCK_S):
            yield
    except Timeout as error:
        raise DownloadFailed(
            f"the model '{entry.name}' was not downloaded",
            "another process has been downloading it for an hour",
            "End that process and try again",
        ) from error


def _as_recorded(file: WeightFile, note: Any) -> WeightFile:
    if file.sha256 or not isinstance(note, dict):
        return file
    size, digest = note.get("bytes"), note.get("sha256")
    return replace(file, bytes=size, sha256=digest) if isinstance(size, int) and isinstance(digest, str) else file


def _mark(found: os.stat_result, file: WeightFile) -> dict[str, Any]:
    """What a stamp says of a file that was right: if one of these changes, it is hashed again."""
    return {"bytes": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": file.sha256}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
