"""Speech that is kept: spoken once, and taken up exactly by everybody who renders a part of the video.

A first line of JSON tells who spoke; then each piece is a line of JSON and its samples, float32 little-endian. Numbers
keep all their bits, so that motion made from the file is the motion made from the speech itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from paksatalker.core.files import check_place, take_place, unfinished_name, write_error
from paksatalker.core.timeline import Phone, Speech, Word
from paksatalker.errors import AudioUnreadable

_KIND = "paksatalker-speech-1"
_LINE = 1 << 26  # a piece's words are no longer than this, bytes
_SAMPLES = 1 << 31  # a piece is no longer than this


class SpeechWriter:
    """Writes pieces; a context manager. The file appears at the end, or not at all.

    Args:
        path: The file.
        stage: See :class:`~paksatalker.core.sources.SpeechSource`.
        engine: The same.

    Raises:
        OutputUnwritable: The file cannot be written.
        DiskFull: There is no room for it.
    """

    def __init__(self, path: Path, stage: str, engine: str) -> None:
        check_place(path)
        self._path, self._part = path, unfinished_name(path)
        self._head = {"kind": _KIND, "stage": stage, "engine": engine}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self._part.open("xb")
        self._write(json.dumps(self._head).encode() + b"\n")
        return self

    def add(self, piece: Speech) -> None:
        """Appends a piece; its prosody is left out, it is made anew."""
        head = {
            "samples": len(piece.samples), "rate": piece.sample_rate, "start": piece.start, "text": piece.text,
            "emotion": piece.emotion, "intensity": piece.intensity, "words": [asdict(word) for word in piece.words],
        }  # fmt: skip
        self._write(json.dumps(head).encode() + b"\n" + np.asarray(piece.samples, "<f4").tobytes())

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            self._file.write(data)
        except OSError as error:
            raise (write_error(error, self._path) or error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            self._file.close()
            if kind is None:
                take_place(self._part, self._path)
        except OSError as problem:
            raise (write_error(problem, self._path) or problem) from problem
        finally:
            self._part.unlink(missing_ok=True)


def speech_head(path: Path) -> dict[str, Any]:
    """Who spoke: ``stage`` and ``engine``.

    Raises:
        AudioUnreadable: It is no such file.
    """
    with path.open("rb") as file:
        return _head(file, path)


def read_speech(path: Path) -> Iterator[Speech]:
    """The pieces, one by one.

    Raises:
        AudioUnreadable: It is no such file, or it ends too early.
    """
    with path.open("rb") as file:
        _head(file, path)
        while line := file.readline(_LINE):
            try:
                yield _piece(json.loads(line), file)
            except (ValueError, TypeError, KeyError) as error:
                raise _broken(path, "a piece is damaged") from error


def _head(file: IO[bytes], path: Path) -> dict[str, Any]:
    try:
        head = json.loads(file.readline(_LINE))
        if head["kind"] == _KIND:
            return {"stage": str(head["stage"]), "engine": str(head["engine"])}
    except (ValueError, TypeError, KeyError):
        pass
    raise _broken(path, "its first line is none of ours")


def _piece(head: dict[str, Any], file: IO[bytes]) -> Speech:
    count = head["samples"]
    if not 0 <= count < _SAMPLES:
        raise ValueError(count)
    data = file.read(4 * count)
    if len(data) != 4 * count:
        raise ValueError("it ends too early")
    words = tuple(Word(**{**w, "phones": tuple(Phone(**p) for p in w["phones"])}) for w in head["words"])
    return Speech(
        samples=np.frombuffer(data, "<f4").astype(np.float32), sample_rate=int(head["rate"]), start=head["start"],
        words=words, text=head["text"], emotion=head["emotion"], intensity=head["intensity"],
    )  # fmt: skip


def _broken(path: Path, why: str) -> AudioUnreadable:
    return AudioUnreadable(f"cannot read the speech {path.name}", why, "Have it spoken again")
