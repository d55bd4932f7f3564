"""Looks at one uploaded file, in a process of its own: ``python -m paksatalker.worker.inspect_media FILE NAME``.

The file is anybody's. What decodes it has little memory and time, can write no file, and is gone after it. One JSON
line on standard output tells what the file is, or what is wrong with it.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from paksatalker.errors import AudioSilent, ImageUnreadable, PaksaTalkerError

MEMORY_BYTES = 4 << 30
CPU_SECONDS = 240
_SILENT = 1e-4  # −80 dBFS
_FULL = 0.999
_HEAD, _TAIL = 4096, 1 << 16
#: First bytes, and what they tell.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypavi", "image/avif"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftyphev", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypmsf1", "image/heic"),
    (4, b"jP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/jp2"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (8, b"AIFF", "audio/aiff"),
    (0, b"caff", "audio/x-caf"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"AVI ", "video/x-msvideo"),
)
#: What a browser would run if the file were taken for a page.
_ACTIVE = (b"<script", b"<svg", b"<html", b"<!doctype", b"<?php", b"<iframe")


def main() -> None:
    """Looks at the file that the arguments name."""
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    path, name = Path(sys.argv[1]), sys.argv[2]
    _limit()
    try:
        found = look(path)
    except PaksaTalkerError as error:
        named = {
            key: getattr(error, key).replace(str(path), f"'{name}'").replace(path.name, name)
            for key in ("code", "message", "what", "why", "fix")
        }
        found = {"error": named}
    except MemoryError:
        raise SystemExit(137) from None
    answer.write(json.dumps(found) + "\n")
    answer.flush()
    os._exit(0)  # networks' threads would take their time to end


def look(path: Path) -> dict[str, Any]:
    """What a file is: ``kind`` (``image`` or ``audio``), ``media_type``, and ``analysis``.

    Args:
        path: The file; its content decides, its name does not matter.

    Raises:
        ImageUnreadable: It is neither picture nor recording, or is something else besides.
        PaksaTalkerError: It is damaged, empty or too large.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    media_type = next((kind for at, magic, kind in _MAGIC if head[at:].startswith(magic)), "")
    if not media_type and head[:1] == b"\xff" and head[1:2] and head[1] & 0xE0 == 0xE0:
        media_type = "audio/mpeg"
    if media_type:
        _refuse_second_nature(path, head, tail)
    if media_type.startswith("image/"):
        return {"kind": "image", "media_type": media_type, "analysis": _image(path)}
    try:
        return {"kind": "audio", "media_type": media_type or "application/octet-stream", "analysis": _audio(path)}
    except PaksaTalkerError:
        if not media_type and head:
            _say_what_it_is(path)
        raise


def _say_what_it_is(path: Path) -> None:
    """Raises the error of a picture's reader, which knows drawings, pages and documents."""
    from paksatalker.core.rendering.image import load_image

    try:
        load_image(path)
    except ImageUnreadable as error:
        why = error.why if error.why.startswith("it is a") else "it is neither a picture nor a recording"
        fix = (
            error.fix if error.why.startswith("it is a") else "Give a photo (JPEG, PNG, …) or a recording (WAV, MP3, …)"
        )
        raise ImageUnreadable("the file is not taken", why, fix) from error


def _refuse_second_nature(path: Path, head: bytes, tail: bytes) -> None:
    """Refuses files that other programs would take for something else: archives, pages, documents."""
    if zipfile.is_zipfile(path):
        nature = "an archive"
    elif b"%PDF-" in head[:1024]:
        nature = "a PDF"
    elif any(mark in part.lower() for part in (head, tail) for mark in _ACTIVE):
        nature = "a web page"
    else:
        return
    raise ImageUnreadable("the file is not taken", f"it is {nature} at the same time", "Export it anew")


def _image(path: Path) -> dict[str, Any]:
    """Size and face of a picture; that no face can be animated is a problem, and no error."""
    from paksatalker.core.rendering.image import load_image
    from paksatalker.core.rendering.portrait.analysis import analyse, face_height, yaw_and_roll
    from paksatalker.models.base import WeightsStore

    picture = load_image(path)
    found: dict[str, Any] = {
        "width": picture.width, "height": picture.height, "transparent": picture.alpha is not None,
        "faces": 0, "face": None, "notes": [], "problems": [],
    }  # fmt: skip
    try:
        portrait = analyse(picture, None, WeightsStore())
    except PaksaTalkerError as error:
        found["problems"] = [_problem(error, path)]
        return found
    left, top, right, bottom = (round(side, 1) for side in portrait.face.box)
    yaw, roll = yaw_and_roll(portrait.face)
    found |= {
        "faces": portrait.count,
        "face": {
            "left": left, "top": top, "width": round(right - left, 1), "height": round(bottom - top, 1),
            "pixels_high": round(face_height(portrait.face), 1), "yaw": round(yaw, 1), "roll": round(roll, 1),
        },
        "notes": list(portrait.notes),
    }  # fmt: skip
    return found


def _audio(path: Path) -> dict[str, Any]:
    """Length and level of a recording; it is read to its end."""
    import numpy as np

    from paksatalker.core.audio.decode import AudioReader

    reader = AudioReader(path)
    count, peak, energy, clipped = 0, 0.0, 0.0, 0
    for block in reader:
        if not len(block):
            continue
        level = np.abs(block)
        count += len(block)
        peak = max(peak, float(level.max()))
        energy += float(np.square(block, dtype=np.float64).sum())
        clipped += int((level >= _FULL).sum())
    found: dict[str, Any] = {
        "duration": round(count / reader.sample_rate, 3), "sample_rate": reader.source_rate,
        "peak_db": _decibels(peak), "level_db": _decibels((energy / max(count, 1)) ** 0.5),
        "clipped": round(clipped / max(count, 1), 6), "notes": list(reader.warnings), "problems": [],
    }  # fmt: skip
    if peak < _SILENT:
        silent = AudioSilent("the recording is silent", f"its peak is {_decibels(peak)} dBFS", "Record it again")
        found["problems"] = [_problem(silent, path)]
    found["notes"] = [note.replace(path.name, "") for note in found["notes"]]
    return found


def _decibels(value: float) -> float:
    import math

    return round(20 * math.log10(max(value, 1e-6)), 1)


def _problem(error: PaksaTalkerError, path: Path) -> dict[str, str]:
    values = {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}
    return {key: value.replace(str(path), "the file").replace(f" '{path.name}'", "") for key, value in values.items()}


def _limit() -> None:
    """Takes limits of memory, time and files upon itself, where the system has them."""
    if sys.platform == "win32":
        return
    import resource

    limits = [(resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]
    if sys.platform == "linux":
        limits.append((resource.RLIMIT_DATA, MEMORY_BYTES))
    for kind, most in limits:
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


if __name__ == "__main__":
    main()
