"""The files that a video consists of: they appear together when all is done, or not at all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from paksatalker.core.files import same_file
from paksatalker.core.parts import StreamPart
from paksatalker.core.provenance.signing import Place, Seal
from paksatalker.core.rendering.encode import Encoder, check_output
from paksatalker.core.rendering.hls import PieceListener
from paksatalker.core.request import Request
from paksatalker.core.text.subtitles import SubtitleWriter
from paksatalker.core.timeline import VideoFrame
from paksatalker.core.timeline_file import TimelineFile
from paksatalker.core.video_stream import VideoStream
from paksatalker.errors import EncodingFailed, OutputUnwritable

if TYPE_CHECKING:
    from paksatalker.core.provenance.manifests import Provenance


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
        provenance: Where the signed manifest (C2PA) is: ``embedded``, ``sidecar`` or ``none``.
        manifest: The file with it, if it lies beside the video.
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
    provenance: Place = "none"
    manifest: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: paths as strings, seconds rounded to milliseconds."""
        return for_json(asdict(self))


def for_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON can hold of the facts of a result: paths as strings, numbers rounded to thousandths."""
    shown = {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in shown.items()}


class Output:
    """Writes a video and the files beside it; a context manager that leaves nothing half-written.

    Args:
        request: What to make.
        path: The video.
        timeline: The timeline file, or None.
        on_piece: See :meth:`paksatalker.core.pipeline.Pipeline.generate`.
        part: Which part of a longer stream the pieces are.
        signer: Signs the video; None signs nothing.

    Raises:
        InvalidOption: The format cannot hold what is asked for.
        OutputUnwritable: The path cannot be written; found out before any work is done.
    """

    def __init__(
        self,
        request: Request,
        path: Path,
        timeline: Path | None,
        on_piece: PieceListener | None = None,
        part: StreamPart | None = None,
        *,
        signer: Provenance | None = None,
    ) -> None:
        self._on_piece, self._part = on_piece, part
        self._began = time.monotonic()
        self._first_frame: float | None = None
        self._request = request
        self._path = path
        self._format = check_output(path, request.format, alpha=request.transparent)
        outputs = {"the video": path}
        if request.subtitles in ("srt", "vtt"):
            outputs["the subtitles"] = path.with_suffix(f".{request.subtitles}")
        if timeline is not None:
            outputs["the timeline"] = timeline
        self._seal = Seal(signer, path, self._format)
        if self._seal.sidecar is not None:
            outputs["the manifest"] = self._seal.sidecar
        check_no_clash(_inputs(request), outputs)
        self._timeline = None if timeline is None else TimelineFile(timeline)
        self._subtitles = SubtitleWriter(outputs["the subtitles"]) if "the subtitles" in outputs else None
        self._stream: VideoStream | None = None
        self._encoder: Encoder | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for part in (self._timeline, self._subtitles, self._seal):
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
            self._first_frame, self._first = time.monotonic(), frame.index
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
            on_piece=self._on_piece,
            part=self._part,
        )

    def finish(self) -> Result:
        """Completes the files, gives them their names, and tells what was made.

        Raises:
            EncodingFailed: No frame was written, or the encoder fails.
            OutputUnwritable: A file cannot be written any more.
            DiskFull: There is no room.
        """
        assert self._stream is not None
        if self._first_frame is None:
            raise EncodingFailed(
                f"cannot write {self._path}", "not one frame was made", "Give a longer text or recording"
            )
        for part in (self._encoder, self._subtitles, self._timeline):
            if part is not None:
                part.complete()
        assert self._encoder is not None
        self._seal.sign(self._encoder.unfinished, self._request, self._stream.engines)
        self._stack.close()  # all are whole: now each takes its name
        seconds, frames = time.monotonic() - self._began, self._last + 1 - self._first
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
            provenance=self._seal.place,
            manifest=self._seal.sidecar,
        )


def _inputs(request: Request) -> dict[str, object]:
    return {
        "the photo": request.image,
        "the text": request.text_file,
        "the recording": request.audio,
        "the transcript": request.transcript if isinstance(request.transcript, Path) else None,
        "the background": request.background,
        "the dictionary": request.dictionary,
    }


def check_no_clash(inputs: Mapping[str, object], outputs: Mapping[str, Path]) -> None:
    """Refuses to write over what is read, and to write two things into one file.

    Args:
        inputs: What is read, by what it is called; what is no path is passed over.
        outputs: What is written.

    Raises:
        OutputUnwritable: Two are the same file.
    """
    taken = {name: Path(value) for name, value in inputs.items() if isinstance(value, (str, Path))}
    for name, path in outputs.items():
        for owner, other in taken.items():
            if same_file(path, other):
                raise OutputUnwritable(
                    f"cannot write {name} to {path}", f"it is the same file as {owner}", "Choose another name"
                )
        taken[name] = path
