"""The files that a video consists of: they appear together when all is done, or not at all."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from paksatalker.core.rendering.encode import Encoder, check_output
from paksatalker.core.request import Request
from paksatalker.core.text.subtitles import SubtitleWriter
from paksatalker.core.timeline import Speech, VideoFrame
from paksatalker.errors import InvalidOption, OutputUnwritable

if TYPE_CHECKING:
    from paksatalker.core.pipeline import VideoStream


@dataclass(frozen=True, slots=True)
class Result:
    """A finished video.

    Attributes:
        path: The video.
        frames: How many it has.
        duration: Seconds.
        width: Pixels.
        height: Pixels.
        fps: Frames a second.
        first_frame_seconds: From the start to the first frame.
        seconds: From the start to the finished file.
        realtime: Seconds of video made in a second.
        engines: Name of the engine of each stage.
        subtitles: The subtitle file, if one was asked for.
        timeline: The timeline file, if one was asked for.
        notes: What the user should know, one sentence each.
    """

    path: Path
    frames: int
    duration: float
    width: int
    height: int
    fps: float
    first_frame_seconds: float
    seconds: float
    realtime: float
    engines: dict[str, str]
    subtitles: Path | None = None
    timeline: Path | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: paths as strings, seconds rounded to milliseconds."""
        values = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self).items()}
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in values.items()}


class Output:
    """Writes a video and the files beside it; a context manager that leaves nothing half-written.

    Args:
        request: What to make.
        path: The video.
        timeline: The timeline file, or None.

    Raises:
        InvalidOption: The format cannot hold what is asked for.
        OutputUnwritable: The path cannot be written; found out before any work is done.
    """

    def __init__(self, request: Request, path: Path, timeline: Path | None) -> None:
        self._began = time.monotonic()
        self._first_frame: float | None = None
        self._request = request
        self._path = path
        self._format = check_output(path, request.format)
        if request.background == "transparent" and self._format == "mp4":
            raise InvalidOption(
                "an mp4 cannot be transparent",
                "H.264 has no alpha channel",
                "Write a .webm, or choose another background",
            )
        self._timeline = None if timeline is None else _TimelineFile(timeline)
        self._subtitles: SubtitleWriter | None = None
        if request.subtitles in ("srt", "vtt"):
            self._subtitles = SubtitleWriter(path.with_suffix(f".{request.subtitles}"))
        self._stream: VideoStream | None = None
        self._encoder: Encoder | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for part in (self._timeline, self._subtitles):
                if part is not None:
                    stack.enter_context(part)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def open(self, stream: VideoStream) -> None:
        """Connects to the stream whose frames will be written."""
        self._stream = stream
        for part in (self._timeline, self._subtitles):
            if part is not None:
                stream.listen(part.add)

    def write(self, frame: VideoFrame) -> None:
        """Writes the next frame."""
        if self._encoder is None:
            self._first_frame = time.monotonic()
            self._encoder = self._stack.enter_context(self._make_encoder(frame.sample_rate))
        self._encoder.write(frame)
        self._last = frame.index

    def _make_encoder(self, sample_rate: int) -> Encoder:
        assert self._stream is not None
        return Encoder(
            self._path,
            size=self._stream.size,
            fps=self._request.fps,
            sample_rate=sample_rate,
            format=self._format,
            preset=self._request.preset,
            alpha=self._stream.transparent,
        )

    def finish(self) -> Result:
        """Completes the files, video last, and tells what was made."""
        assert self._stream is not None
        assert self._first_frame is not None
        self._stack.close()
        seconds, frames = time.monotonic() - self._began, self._last + 1
        duration = frames / self._request.fps
        return Result(
            path=self._path,
            frames=frames,
            duration=duration,
            width=self._stream.size[0],
            height=self._stream.size[1],
            fps=self._request.fps,
            first_frame_seconds=self._first_frame - self._began,
            seconds=seconds,
            realtime=duration / seconds,
            engines=self._stream.engines,
            subtitles=None if self._subtitles is None else self._subtitles.path,
            timeline=None if self._timeline is None else self._timeline.path,
            notes=tuple(self._stream.notes),
        )


class _TimelineFile:
    """Words and phones with their times, a JSON line for each piece of speech."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = self._unfinished.open("w", encoding="utf-8")
        except OSError as error:
            raise OutputUnwritable(
                f"cannot write {self.path}", error.strerror or str(error), "Choose another place with --timeline"
            ) from error
        return self

    def add(self, piece: Speech) -> None:
        """Appends a piece."""
        assert self._file is not None
        words = [
            {
                "text": word.text,
                "start": round(word.start, 4),
                "end": round(word.end, 4),
                "phones": [[p.symbol, round(p.start, 4), round(p.end, 4), p.stress] for p in word.phones],
            }
            for word in piece.words
        ]
        line = {"start": round(piece.start, 4), "end": round(piece.end, 4), "text": piece.text, "words": words}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            if kind is None:
                self._unfinished.replace(self.path)
        with suppress(FileNotFoundError):
            self._unfinished.unlink()
