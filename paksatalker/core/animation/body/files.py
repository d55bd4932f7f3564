"""Motion to files, run by run: memory does not grow with it, and a file is there whole or not at all."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from paksatalker.core.animation.body import bvh, gltf, npz
from paksatalker.core.animation.body.skeleton import JOINT_NAMES, Skeleton, average_adult
from paksatalker.core.files import UnfinishedFile, check_place, write_error
from paksatalker.core.tracks import BodyTrack
from paksatalker.errors import InvalidOption

#: What motion can be written as, by suffix.
SUFFIXES: tuple[str, ...] = (".npz", ".bvh", ".glb")
_POSE = 3 * len(JOINT_NAMES)
_WIDTH = _POSE + 3 + 100
_RUN = 1024


def check_output(path: Path) -> None:
    """Finds out, before any work is done, whether motion can be written there.

    Raises:
        InvalidOption: The suffix is none of :data:`SUFFIXES`.
        OutputUnwritable: The place cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidOption(
            f"motion cannot be written as '{path.name}'", "", f"Name a file that ends in {', '.join(SUFFIXES)}"
        )
    check_place(path)


def save(path: Path, tracks: Iterable[BodyTrack], skeleton: Skeleton | None = None) -> int:
    """Writes motion in the format that the suffix says.

    Args:
        path: ``.npz`` as EMAGE has it, ``.bvh``, or ``.glb``.
        tracks: Neighbouring runs of frames, from the start; at least one frame.
        skeleton: Proportions of who moves, for ``.bvh`` and ``.glb``.

    Returns:
        How many frames there are.

    Raises:
        InvalidOption: The suffix is none of :data:`SUFFIXES`.
        OutputUnwritable: The place cannot be written.
        DiskFull: There is no room.
    """
    check_output(path)
    with tempfile.TemporaryFile() as scratch:
        spool = _Spool(scratch)
        for track in tracks:
            spool.append(track)
        if not spool.frames:
            raise ValueError("there is no motion to write")
        with _whole(path) as file:
            _WRITERS[path.suffix.lower()](file, spool, skeleton or average_adult())
        return spool.frames


class _Spool:
    """Motion of any length in a scratch file: written once, read as often as needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.frames = 0
        self.fps = 30.0

    def append(self, track: BodyTrack) -> None:
        """Adds the next run."""
        self.fps = track.fps
        self.frames += len(track)
        rows = np.zeros((len(track), _WIDTH), np.float32)
        rows[:, :_POSE] = track.pose.reshape(len(track), -1)
        rows[:, _POSE : _POSE + 3] = track.root
        if track.expressions is not None:
            rows[:, _POSE + 3 :] = track.expressions
        self._file.write(rows.tobytes())

    def tracks(self) -> Iterator[BodyTrack]:
        """The motion from the start, in runs."""
        self._file.seek(0)
        for first in range(0, self.frames, _RUN):
            count = min(_RUN, self.frames - first)
            data = self._file.read(count * _WIDTH * 4)
            rows = np.frombuffer(data, np.float32).reshape(count, _WIDTH)
            pose = rows[:, :_POSE].reshape(count, -1, 3)
            yield BodyTrack(self.fps, pose, rows[:, _POSE : _POSE + 3], first, rows[:, _POSE + 3 :])


def _npz(file: BinaryIO, spool: _Spool, _skeleton: Skeleton) -> None:
    npz.write(file, spool.tracks, spool.frames, spool.fps)


def _bvh(file: BinaryIO, spool: _Spool, skeleton: Skeleton) -> None:
    text = io.TextIOWrapper(file, encoding="ascii", newline="\n", write_through=True)
    lines = bvh.BvhText(skeleton)
    text.write(lines.head(spool.frames, spool.fps))
    for track in spool.tracks():
        text.write("".join(lines.lines(track)))
    text.flush()
    text.detach()


def _glb(file: BinaryIO, spool: _Spool, skeleton: Skeleton) -> None:
    gltf.write(file, spool.tracks(), spool.frames, spool.fps, skeleton)


_WRITERS: dict[str, Callable[[BinaryIO, _Spool, Skeleton], None]] = {".npz": _npz, ".bvh": _bvh, ".glb": _glb}


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete."""
    unfinished = UnfinishedFile(path)
    try:
        with unfinished.part.open("x+b") as file:
            yield file
        unfinished.take_place()
    except OSError as error:
        raise write_error(error, path) or error from error
    finally:
        unfinished.discard()
