"""Motion as the EMAGE tools and SMPL-X viewers keep it: an ``.npz`` of plain arrays. Files are not trusted."""

from __future__ import annotations

import lzma
import math
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from paksatalker.core.animation.body.skeleton import JOINT_NAMES
from paksatalker.core.tracks import BodyTrack
from paksatalker.errors import MotionUnreadable

#: Longest motion that is read, frames: ten hours.
MAX_FRAMES = 10 * 3600 * 30
_EXPRESSIONS = 100
_LARGEST = MAX_FRAMES * (3 * len(JOINT_NAMES) + 3 + _EXPRESSIONS) * 8
_FIX = "Give an .npz with poses (T, 165) and trans (T, 3), as EMAGE writes it"


def write(file: BinaryIO, tracks: Callable[[], Iterable[BodyTrack]], frames: int, fps: float) -> None:
    """Writes a motion to an open file: names, shapes and kinds of numbers as the official tools have them.

    Args:
        file: Where to.
        tracks: Gives the motion from the start, as often as it is asked; it has expressions.
        frames: How many frames it has in all.
        fps: Frames a second.
    """
    whole = float(fps).is_integer()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "betas", np.zeros(300, np.float32))
        for name, width, rows in _COLUMNS:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                head = {"descr": "<f4", "fortran_order": False, "shape": (frames, width)}
                np.lib.format.write_array_header_1_0(out, head)
                for track in tracks():
                    out.write(np.ascontiguousarray(rows(track).reshape(len(track), width), "<f4").tobytes())
        _put(archive, "model", np.array("smplx2020"))
        _put(archive, "gender", np.array("neutral"))
        _put(archive, "mocap_frame_rate", np.array(int(fps) if whole else fps))


def _expressions(track: BodyTrack) -> npt.NDArray[np.float32]:
    return np.zeros((len(track), _EXPRESSIONS), np.float32) if track.expressions is None else track.expressions


_COLUMNS: tuple[tuple[str, int, Callable[[BodyTrack], npt.NDArray[np.float32]]], ...] = (
    ("poses", 3 * len(JOINT_NAMES), lambda track: track.pose),
    ("expressions", _EXPRESSIONS, _expressions),
    ("trans", 3, lambda track: track.root),
)


def _put(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w") as out:
        np.lib.format.write_array(out, array, allow_pickle=False)


def read(path: Path) -> BodyTrack:
    """Reads an EMAGE or SMPL-X ``.npz``. Nothing is unpickled, and no memory is taken on a file's mere word.

    Raises:
        MotionUnreadable: The file is missing, no ``.npz``, lacks poses, or has impossible shapes or values.
    """
    what = f"the motion {path} cannot be read"
    try:
        with path.open("rb") as file:
            _check_size(file, what)
            with zipfile.ZipFile(file) as archive:
                found = {name: _array(archive, item, what) for name, item in _wanted(archive).items()}
    except _DAMAGED as error:
        why = str(getattr(error, "strerror", None) or error).rstrip(".").splitlines()
        raise MotionUnreadable(what, why[0][:160] if why else "it is damaged", _FIX) from error
    return _track(found, what)


_WANTED = frozenset({"poses", "trans", "expressions", "mocap_frame_rate", "mocap_framerate"})
#: What readers of zip files, of their compressions and of arrays raise when a file is not what it says.
_DAMAGED = (
    OSError, ValueError, KeyError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip


def _wanted(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    items = {item.filename.removesuffix(".npy"): item for item in archive.infolist()}
    return {name: item for name, item in items.items() if name in _WANTED}


def _array(archive: zipfile.ZipFile, item: zipfile.ZipInfo, what: str) -> npt.NDArray[Any]:
    """One array, read only if it is as large as it says: a few bytes can claim to be terabytes."""
    with archive.open(item) as file:
        version = np.lib.format.read_magic(file)
        head = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = head(file)
        if not kind.hasobject and math.prod(shape) * kind.itemsize != item.file_size - file.tell():
            raise MotionUnreadable(what, f"'{item.filename}' is shorter or longer than it says", _FIX)
    with archive.open(item) as file:
        array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _check_size(file: BinaryIO, what: str) -> None:
    if not zipfile.is_zipfile(file):
        raise MotionUnreadable(what, "it is no .npz file", _FIX)
    with zipfile.ZipFile(file) as archive:
        if sum(item.file_size for item in archive.infolist()) > _LARGEST:
            raise MotionUnreadable(what, "it is larger than ten hours of motion", _FIX)


def _track(found: dict[str, npt.NDArray[Any]], what: str) -> BodyTrack:
    def rows(name: str, width: int, frames: int | None) -> npt.NDArray[np.float32] | None:
        array = found.get(name)
        if array is None:
            return None
        if array.dtype.kind not in "fiu" or array.ndim != 2 or array.shape[1] != width:
            why = f"'{name}' is {array.dtype} {list(array.shape)} instead of numbers [T, {width}]"
            raise MotionUnreadable(what, why, _FIX)
        if frames is not None and len(array) != frames:
            raise MotionUnreadable(what, f"'{name}' has {len(array)} rows and 'poses' {frames}", _FIX)
        with np.errstate(over="ignore"):
            numbers = array.astype(np.float32)
        if not np.isfinite(numbers).all():
            raise MotionUnreadable(what, f"'{name}' holds values that are no numbers", _FIX)
        return numbers

    poses = rows("poses", 3 * len(JOINT_NAMES), None)
    if poses is None or not 0 < len(poses) <= MAX_FRAMES:
        raise MotionUnreadable(what, "it has no 'poses'" if poses is None else f"it has {len(poses)} frames", _FIX)
    trans = rows("trans", 3, len(poses))
    pose = poses.reshape(len(poses), -1, 3)
    root = np.zeros((len(poses), 3), np.float32) if trans is None else trans
    return BodyTrack(_rate(found, what), pose, root, expressions=rows("expressions", _EXPRESSIONS, len(poses)))


def _rate(found: dict[str, npt.NDArray[Any]], what: str) -> float:
    rate = found.get("mocap_frame_rate", found.get("mocap_framerate", np.array(30)))
    if rate.size != 1 or rate.dtype.kind not in "fiu":
        raise MotionUnreadable(what, "its frame rate is not a number", _FIX)
    fps = float(rate.reshape(()))
    if not (math.isfinite(fps) and 1 <= fps <= 1000):
        raise MotionUnreadable(what, f"its frame rate is {fps:g}", _FIX)
    return fps
