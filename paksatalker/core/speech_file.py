"""Speech that is kept: spoken and analysed once, and taken up exactly by everybody who renders a part of the video.

A file for each part: its pieces, those after it that it needs to know, and its encoded sound. A first line of JSON
tells who spoke; then each piece is a line of JSON and its prosody, and the sound is the last line and its packets.
Numbers keep all their bits, so that motion made from the file is the motion made from the speech itself. Samples are
not kept: what is heard is the encoded sound, and what moves goes by prosody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from paksatalker.core.files import UnfinishedFile, write_error
from paksatalker.core.parts import SoundPacket
from paksatalker.core.timeline import Phone, Prosody, Speech, Word
from paksatalker.errors import AudioUnreadable

_KIND = "paksatalker-speech-2"
_LINE = 1 << 26  # a piece's words are no longer than this, bytes
_SAMPLES = 1 << 31  # a piece is no longer than this
_FRAMES = 1 << 24  # the same in frames
_TRACKS = (("f0", "<f4"), ("energy", "<f4"), ("voiced", "|b1"), ("accent", "<f4"))


@dataclass(frozen=True, slots=True)
class SpeechHead:
    """What a file is.

    Attributes:
        stage: See :class:`~paksatalker.core.sources.source.SpeechSource`.
        engine: The same.
        first: First frame of the part.
        end: One past its last frame.
        last: Whether it is the last part.
        sample_rate: Of the speech, Hz.
        delay: Samples that the encoder puts before the sound of the whole video.
    """

    stage: str
    engine: str
    first: int
    end: int
    last: bool
    sample_rate: int
    delay: int


class SpeechWriter:
    """Writes a file; a context manager. The file appears at the end, or not at all.

    Args:
        path: The file.
        head: What it is.

    Raises:
        OutputUnwritable: The file cannot be written.
        DiskFull: There is no room for it.
    """

    def __init__(self, path: Path, head: SpeechHead) -> None:
        self._growing = UnfinishedFile(path)
        self._head = head
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self._growing.part.open("xb")
        self._write({"kind": _KIND, **asdict(self._head)})
        return self

    def add(self, piece: Speech, *, ahead: bool = False) -> None:
        """Appends a piece.

        Args:
            piece: With its prosody.
            ahead: Whether it is no piece of this part, but comes after it.
        """
        prosody = piece.prosody
        if prosody is None:
            raise ValueError("the piece was not analysed")
        line = {
            "samples": len(piece.samples), "rate": piece.sample_rate, "start": piece.start, "text": piece.text,
            "emotion": piece.emotion, "intensity": piece.intensity, "words": [asdict(word) for word in piece.words],
            "frames": len(prosody.f0), "fps": prosody.rate, "pauses": prosody.pauses, "ahead": ahead,
        }  # fmt: skip
        self._write(line, *(np.asarray(getattr(prosody, name), kind).tobytes() for name, kind in _TRACKS))

    def finish(self, sound: Sequence[SoundPacket]) -> None:
        """Appends the sound; nothing follows it."""
        self._write({"sound": [(p.pts, p.duration, len(p.data)) for p in sound]}, *(p.data for p in sound))

    def _write(self, line: dict[str, Any], *data: bytes) -> None:
        assert self._file is not None
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.writelines(data)
        except OSError as error:
            raise (write_error(error, self._growing.path) or error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            self._file.close()
            if kind is None:
                self._growing.take_place()
        except OSError as problem:
            raise (write_error(problem, self._growing.path) or problem) from problem
        finally:
            self._growing.discard()


def read_head(path: Path) -> SpeechHead:
    """What a file is.

    Raises:
        AudioUnreadable: It is no such file.
    """
    with _opened(path) as (head, _):
        return head


def read_speech(paths: Iterable[Path]) -> Iterator[Speech]:
    """The pieces of some parts, in order, and those ahead of the last; samples are silent.

    Raises:
        AudioUnreadable: One is no such file, or ends too early.
    """
    ahead: list[Speech] = []
    for path in paths:
        ahead = []
        with _opened(path) as (_, file):
            while "sound" not in (line := _line(file)):
                piece = _piece(line, file)
                if line["ahead"]:
                    ahead.append(piece)
                else:
                    yield piece
    yield from ahead


def read_sound(path: Path) -> tuple[SoundPacket, ...]:
    """What is heard in a part.

    Raises:
        AudioUnreadable: It is no such file, or ends too early.
    """
    with _opened(path) as (_, file):
        while "sound" not in (line := _line(file)):
            file.seek(_frames(line) * sum(np.dtype(kind).itemsize for _, kind in _TRACKS), os.SEEK_CUR)
        return tuple(SoundPacket(pts, duration, _bytes(file, size)) for pts, duration, size in line["sound"])


@contextmanager
def _opened(path: Path) -> Iterator[tuple[SpeechHead, IO[bytes]]]:
    """A file after its first line.

    Raises:
        AudioUnreadable: It is none of ours, or what is read from it makes no sense.
    """
    with path.open("rb") as file:
        try:
            head = _line(file)
            if head.pop("kind", None) != _KIND:
                raise ValueError("its first line is none of ours")
            yield SpeechHead(**head), file
        except (ValueError, TypeError, KeyError) as error:
            raise AudioUnreadable(f"cannot read the speech {path.name}", str(error), "Have it spoken again") from error


def _line(file: IO[bytes]) -> dict[str, Any]:
    if not (text := file.readline(_LINE)):
        raise ValueError("it ends too early")
    return dict(json.loads(text))


def _frames(line: dict[str, Any]) -> int:
    if not (0 <= line["samples"] < _SAMPLES and 0 <= line["frames"] < _FRAMES):
        raise ValueError("a piece is damaged")
    return int(line["frames"])


def _bytes(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise ValueError("it ends too early")
    return data


def _piece(line: dict[str, Any], file: IO[bytes]) -> Speech:
    tracks: dict[str, Any] = {}
    for name, kind in _TRACKS:
        stored = np.dtype(kind)
        data = _bytes(file, _frames(line) * stored.itemsize)
        tracks[name] = np.frombuffer(data, stored).astype(stored.newbyteorder("="))
    prosody = Prosody(line["fps"], pauses=tuple((a, b) for a, b in line["pauses"]), **tracks)
    words = tuple(Word(**{**w, "phones": tuple(Phone(**p) for p in w["phones"])}) for w in line["words"])
    return Speech(
        samples=np.broadcast_to(np.float32(0), line["samples"]), sample_rate=int(line["rate"]), start=line["start"],
        words=words, text=line["text"], prosody=prosody, emotion=line["emotion"], intensity=line["intensity"],
    )  # fmt: skip
