"""Files that take their final name when they are complete, and never before."""

from __future__ import annotations

import errno
import os
import re
import stat
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from paksatalker.errors import DiskFull, OutputUnwritable

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "the file would be larger than allowed",
}
_ANOTHER = "Choose another place"


def check_place(path: Path) -> None:
    """Finds out, before any work is done, whether a file can be written.

    Raises:
        OutputUnwritable: The directory does not exist or cannot be written, or the path is a directory, a device or
            a write-protected file.
    """
    try:
        _check_place(path, f"cannot write {path}")
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of links; ValueError: a NUL
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise OutputUnwritable(f"cannot write {path}", reason, _ANOTHER) from error


def _check_place(path: Path, what: str) -> None:
    if str(path) == "-":
        raise OutputUnwritable(what, "'-' is standard output, where results are told", "Name a file")
    if path.is_dir():
        raise OutputUnwritable(what, "it is a directory", f"Name a file in it: {path / 'NAME'}")
    if path.exists():
        if not path.is_file():
            raise OutputUnwritable(what, "it is a device, not a file", "Name a file")
        if not os.access(path, os.W_OK):
            raise OutputUnwritable(what, "the file that is there is write-protected", "Choose another name")
    target = path.resolve()
    parent = target.parent
    if not parent.exists():
        raise OutputUnwritable(what, "there is no such directory", f"Run: mkdir -p '{parent}'")
    if not parent.is_dir():
        raise OutputUnwritable(what, f"{parent} is not a directory", _ANOTHER)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputUnwritable(what, f"no permission to write to {parent}", "Choose a directory that you may write to")


def is_address(path: Path) -> bool:
    """Whether somebody wrote an address, such as ``https://…``, where a file is wanted."""
    return re.match(r"[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE) is not None  # pathlib makes one slash of two


def same_file(one: Path, other: Path) -> bool:
    """Whether writing to one of two paths changes the other, links and spelling aside."""
    with suppress(OSError, ValueError):
        if one.samefile(other):
            return True
    with suppress(OSError, RuntimeError, ValueError):
        return one.resolve() == other.resolve()
    return False


def unfinished_name(target: Path) -> Path:
    """A new name beside a file, for it to grow under. Never longer than the file's own name may be."""
    mark = f".{uuid.uuid4().hex[:8]}.part"
    stem = target.name
    while len(os.fsencode(stem)) + len(mark) + 1 > 255:
        stem = stem[:-1]
    return target.with_name(f".{stem}{mark}")


def take_place(part: Path, target: Path) -> None:
    """Renames a finished file to its final name; a file that it replaces hands on its permissions.

    Raises:
        OSError: It cannot be renamed.
    """
    with suppress(OSError):  # no file to replace, or one of somebody else
        part.chmod(stat.S_IMODE(target.stat().st_mode))
    part.replace(target)


def write_error(error: OSError, path: Path) -> DiskFull | OutputUnwritable | None:
    """What a failure to write means for the user; None where the reason lies elsewhere than in the place."""
    what = f"cannot write {path}"
    if error.errno in _FULL:
        return DiskFull(what, _FULL[error.errno], "Free some space or choose another place")
    if error.errno == errno.ENOENT:
        return OutputUnwritable(what, "there is no such directory", f"Run: mkdir -p '{path.parent}'")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EIO, errno.EISDIR):
        return OutputUnwritable(what, os.strerror(error.errno), _ANOTHER)
    return None


class UnfinishedFile:
    """A file beside its place, which it takes when it is complete.

    Args:
        path: Its place. A file there is replaced at the end; of a link, its target.

    Attributes:
        path: As it was given.
        part: Where it grows.

    Raises:
        OutputUnwritable: It cannot be written there.
    """

    def __init__(self, path: Path) -> None:
        check_place(path)
        self.path = path
        self._target = path.resolve()
        self.part = unfinished_name(self._target)

    def create(self) -> None:
        """Makes it, empty.

        Raises:
            OSError: It cannot be made.
        """
        os.close(os.open(self.part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))

    def take_place(self) -> None:
        """Gives it its final name.

        Raises:
            OSError: It cannot be renamed.
        """
        take_place(self.part, self._target)

    def discard(self) -> None:
        """Removes it if it is still unfinished; harmless afterwards."""
        with suppress(OSError):
            self.part.unlink()


class TextFile:
    """A UTF-8 text file, written piece by piece; a context manager. It appears at the end, or not at all.

    Args:
        path: The file. An existing one is replaced at the end; of a link, its target.

    Raises:
        OutputUnwritable: The file cannot be written.
        DiskFull: There is no room for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._growing = UnfinishedFile(path)
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = self._growing.part.open("x", encoding="utf-8", newline="\n")
        except OSError as error:
            raise self._translated(error) from error
        return self

    def write(self, text: str) -> None:
        """Appends a text."""
        if self._file is None:
            raise ValueError(f"{self.path} is not open")
        try:
            self._file.write(text)
        except OSError as error:
            raise self._translated(error) from error

    def complete(self) -> None:
        """Writes out what is held back, so that nothing but the renaming can fail any more."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            raise self._translated(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.complete()
                self._growing.take_place()
            elif self._file is not None:
                with suppress(OSError):
                    self._file.close()
        except OSError as failure:
            raise self._translated(failure) from failure
        finally:
            self._file = None
            self._growing.discard()

    def _translated(self, error: OSError) -> DiskFull | OutputUnwritable:
        known = write_error(error, self.path)
        return known or OutputUnwritable(f"cannot write {self.path}", error.strerror or str(error), _ANOTHER)
