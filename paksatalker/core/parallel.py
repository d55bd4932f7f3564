"""One long video by many hands: it is spoken once, its parts are rendered apart, and joined without encoding again.

speech = record(pipeline, request, Path("speech"))
for first, end in plan(speech.ends, request.fps, parts=4):      # anywhere, at the same time
render_part(pipeline, request, Part(Path("speech"), first, end), Path(f"part{first}.mp4"))
join(request, Path("speech"), parts, Path("video.mp4"))
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av

from paksatalker.core.outputs import Output, Result
from paksatalker.core.parts import Part, frames_of
from paksatalker.core.pipeline import Pipeline
from paksatalker.core.progress import ProgressCallback
from paksatalker.core.rendering.encode import VideoSpec
from paksatalker.core.rendering.joining import join_parts
from paksatalker.core.request import Request
from paksatalker.core.soundtrack import SoundTrack
from paksatalker.core.speech_file import SpeechWriter, read_speech
from paksatalker.core.text.subtitles import SubtitleWriter
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import Cancelled, EncodingFailed, InvalidOption


@dataclass(frozen=True, slots=True)
class Recorded:
    """Speech that was kept.

    Attributes:
        ends: Where each piece ends, seconds.
        notes: What the user should know, one sentence each.
    """

    ends: tuple[float, ...]
    notes: tuple[str, ...]


def record(pipeline: Pipeline, request: Request, path: Path, cancel: threading.Event | None = None) -> Recorded:
    """Has a video's text spoken (or its recording heard) and keeps the speech.

    Args:
        pipeline: One whose voices are warm.
        request: The video.
        path: The speech.
        cancel: Set it from any thread to stop.

    Raises:
        PaksaTalkerError: Any of the errors of ``docs/errors.md``; nothing is left behind then.
    """
    _check(request)
    source = pipeline.speech(request, cancel)
    ends = []
    with SpeechWriter(path, source.stage, source.engine) as out:
        for piece in source.pieces():
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped", "the work was interrupted", "No unfinished file was left behind")
            out.add(piece)
            ends.append(piece.end)
    return Recorded(tuple(ends), (*source.notes, *source.late_notes()))


def render_part(
    pipeline: Pipeline,
    request: Request,
    part: Part,
    output: Path,
    *,
    on_progress: ProgressCallback | None = None,
    cancel: threading.Event | None = None,
) -> Result:
    """Renders some frames of a video, without sound; they are those that the whole would have, bit for bit.

    Args:
        pipeline: One that is warm.
        request: The video.
        part: Which frames.
        output: An ``.mp4``.
        on_progress: Called after every frame.
        cancel: Set it from any thread to stop.

    Raises:
        EnginesIncompatible: The renderer cannot begin anywhere.
        EncodingFailed: The speech is shorter than the part.
        PaksaTalkerError: Any of the errors of ``docs/errors.md``; nothing is left behind then.
    """
    _check(request)
    only = replace(request, subtitles="burn" if request.subtitles == "burn" else None)
    with Output(only, output, None) as out:
        stream = pipeline.stream(only, on_progress=on_progress, cancel=cancel, part=part)
        out.open(stream)
        made = 0
        with closing(iter(stream)) as frames:
            for frame in frames:
                out.write(frame)
                made += 1
        if made != part.end - part.first:
            raise EncodingFailed(
                f"frames {part.first} to {part.end} cannot be made", f"there are {made} of them", "Cut the video anew"
            )
        return out.finish()


def join(request: Request, speech: Path, parts: Sequence[Path], output: Path) -> int:
    """Joins the parts of a video and gives it its sound, and its subtitles beside it.

    Args:
        request: The video.
        speech: Its speech.
        parts: In order.
        output: An ``.mp4``.

    Returns:
        How many frames it has.

    Raises:
        EncodingFailed: The parts do not fit together, or do not make up the whole.
        OutputUnwritable: The video cannot be written.
        DiskFull: There is no room.
    """
    _check(request)
    with av.open(str(parts[0])) as first:
        size = first.streams.video[0].width, first.streams.video[0].height
    rate = next((piece.sample_rate for piece in read_speech(speech)), 0)
    fps = Fraction(request.fps).limit_denominator(1001)
    spec = VideoSpec(size, fps, rate, "mp4", request.preset, alpha=False)
    with ExitStack() as stack:
        subtitles = None
        if request.subtitles in ("srt", "vtt"):
            subtitles = stack.enter_context(SubtitleWriter(output.with_suffix(f".{request.subtitles}")))
            for piece in read_speech(speech):
                subtitles.add(piece)
            subtitles.complete()
        return join_parts(parts, _shares(speech, request.fps), spec, output)


def _shares(speech: Path, fps: float) -> Iterator[FloatArray]:
    """The sound of each frame, dealt out as it is to the frames of a video that is made in one go."""
    track = SoundTrack(fps)
    done, end = 0, 0.0
    for piece in read_speech(speech):
        track.add(piece)
        end = piece.end
        while done + 1 < frames_of(end, fps):  # the last frame of a piece may reach into the next one
            yield track.take(done)
            done += 1
    while done < frames_of(end, fps):
        yield track.take(done)
        done += 1


def _check(request: Request) -> None:
    if request.format not in (None, "mp4") or request.transparent:
        raise InvalidOption("only an mp4 is made in parts", "other formats are encoded in one go", "Write an mp4")
