"""One long video by many hands: it is spoken once, its parts are rendered apart, and joined without encoding again.

speech = [take.path for take in record(pipeline, request, folder, shortest=30)]  # part by part, while it is spoken
for n in range(len(speech)):  # anywhere, at the same time
    render_part(pipeline, request, speech[: n + 1], parts[n])
join(request, speech, parts, Path("video.mp4"))
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.cancelling import until_cancelled
from paksatalker.core.engines import find
from paksatalker.core.outputs import Output, Result
from paksatalker.core.parts import CAN_BEGIN_ANYWHERE, NEED_NO_SAMPLES, Cutter, Part, StreamPart, ahead, frames_of
from paksatalker.core.pipeline import Pipeline
from paksatalker.core.progress import ProgressCallback
from paksatalker.core.rendering.hls import PieceListener
from paksatalker.core.rendering.joining import Joint, join_parts
from paksatalker.core.request import Request
from paksatalker.core.sound_recorder import SoundRecorder
from paksatalker.core.speech_file import SpeechHead, SpeechWriter, read_head, read_sound, read_speech
from paksatalker.core.text.subtitles import SubtitleWriter
from paksatalker.core.timeline import Speech
from paksatalker.errors import EncodingFailed, EnginesIncompatible, InvalidOption

_CANNOT = "the video cannot be made in parts"


@dataclass(frozen=True, slots=True)
class Take:
    """A part of a video that is spoken.

    Attributes:
        path: Its speech, a file.
        first: Its first frame.
        end: One past its last frame.
        last: Whether no part follows.
        notes: What the user should know, one sentence each; complete with the last one.
    """

    path: Path
    first: int
    end: int
    last: bool
    notes: tuple[str, ...]


def check_divisible(request: Request) -> None:
    """Finds out whether parts of a video can be made.

    Raises:
        InvalidOption: Its format is encoded in one go.
        EnginesIncompatible: Its engines must see all that comes before a frame.
    """
    if request.format not in (None, "mp4") or request.transparent:
        raise InvalidOption(_CANNOT, "other formats than mp4 are encoded in one go", "Write an mp4")
    face, renderer = find("face", request.face_engine).name, find("renderer", request.renderer).name
    if renderer not in CAN_BEGIN_ANYWHERE or face not in NEED_NO_SAMPLES:
        raise EnginesIncompatible(
            _CANNOT, f"a frame by '{face}' and '{renderer}' needs all those before",
            "Choose the engines 'rules' and 'portrait', or make the video in one go",
        )  # fmt: skip


def record(
    pipeline: Pipeline, request: Request, folder: Path, shortest: float, cancel: threading.Event | None = None
) -> Generator[Take]:
    """Has a video's text spoken (or its recording heard) and keeps the speech, part by part.

    Args:
        pipeline: One whose voices are warm.
        request: The video.
        folder: Gets a file for each part.
        shortest: No part is shorter than so many seconds, but perhaps the last.
        cancel: Set it from any thread to stop.

    Yields:
        Parts in order, each as soon as it can be rendered.

    Raises:
        PaksaTalkerError: Any of the errors of ``docs/errors.md``.
    """
    check_divisible(request)
    source = pipeline.speech(request, cancel)
    cutter, takes, first = Cutter(shortest), 0, 0
    with SoundRecorder(request.fps) as sound:

        def keep(part: Sequence[Speech], rest: Sequence[Speech], *, last: bool) -> Take:
            end = frames_of(part[-1].end, request.fps)
            path = folder / f"speech_{takes:05d}"
            head = SpeechHead(source.stage, source.engine, first, end, last, sound.sample_rate, sound.delay)
            with SpeechWriter(path, head) as out:
                for piece in part:
                    out.add(piece)
                for piece in ahead(rest):
                    out.add(piece, ahead=True)
                out.finish(sound.take(None if last else end))
            return Take(path, first, end, last, (*source.notes, *(source.late_notes() if last else ())))

        with closing(until_cancelled(attach_prosody(source.pieces(), request.fps), cancel)) as pieces:
            for piece in pieces:
                sound.add(piece)
                if part := cutter.add(piece):
                    take = keep(part, cutter.rest, last=False)
                    takes, first = takes + 1, take.end
                    yield take
        if not cutter.rest:
            raise EncodingFailed("there is nothing to see", "nothing is said", "Give a longer text or recording")
        sound.finish()
        yield keep(cutter.rest, (), last=True)


def render_part(
    pipeline: Pipeline,
    request: Request,
    speech: Sequence[Path],
    output: Path,
    *,
    on_progress: ProgressCallback | None = None,
    on_piece: PieceListener | None = None,
    cancel: threading.Event | None = None,
) -> Result:
    """Renders a part of a video, without sound; its frames are those that the whole would have, bit for bit.

    Args:
        pipeline: One that is warm.
        request: The video.
        speech: What :func:`record` has kept, up to this part.
        output: An ``.mp4``.
        on_progress: Called after every frame.
        on_piece: Called with the pieces of the part as a stream, with sound: they go on where those of the part before
            end. Only the first part has a piece without frames.
        cancel: Set it from any thread to stop.

    Raises:
        EnginesIncompatible: The renderer cannot begin anywhere.
        EncodingFailed: The speech is shorter than the part.
        PaksaTalkerError: Any of the errors of ``docs/errors.md``; nothing is left behind then.
    """
    check_divisible(request)
    head = read_head(speech[-1])
    part = Part(tuple(speech), head.first, head.end)
    place = StreamPart(part.number, head.first, head.sample_rate, head.delay, read_sound(speech[-1]))
    only = replace(request, subtitles="burn" if request.subtitles == "burn" else None)
    with Output(only, output, None, on_piece, place) as out:
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


def join(request: Request, speech: Sequence[Path], parts: Sequence[Path], output: Path) -> int:
    """Joins the parts of a video and gives it its sound, and its subtitles beside it.

    Args:
        request: The video.
        speech: What :func:`record` has kept.
        parts: In order.
        output: An ``.mp4``.

    Returns:
        How many frames it has.

    Raises:
        EncodingFailed: The parts do not fit together, or do not make up the whole.
        OutputUnwritable: The video cannot be written.
        DiskFull: There is no room.
    """
    heads = [read_head(path) for path in speech]
    if len(parts) != len(speech) or not heads[-1].last:
        raise EncodingFailed("cannot join the parts of the video", "some are missing", "Render all parts")
    fps = Fraction(request.fps).limit_denominator(1001)
    with ExitStack() as stack:
        subtitles = None
        if request.subtitles in ("srt", "vtt"):
            subtitles = stack.enter_context(SubtitleWriter(output.with_suffix(f".{request.subtitles}")))
            for piece in read_speech(speech):
                subtitles.add(piece)
            subtitles.complete()
        joints = (
            Joint(part, head.end - head.first, read_sound(path))
            for part, path, head in zip(parts, speech, heads, strict=True)
        )
        return join_parts(joints, fps, heads[0].sample_rate, output)
