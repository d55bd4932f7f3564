"""Long videos: spoken by one worker, rendered in parts by all that are free, joined by the one that is last.

What belongs to a video lies in the folder of its attempt (:func:`~paksatalker.service.parts.place_of`): ``speech`` and
``parts``, which go when it is joined, ``stream``, and a folder for each attempt at joining.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from paksatalker.errors import error_dict
from paksatalker.service.files import FileStore
from paksatalker.service.hls import PLAYLIST, PartPublisher, Playlist
from paksatalker.service.ids import new_id
from paksatalker.service.jobs import JobStore
from paksatalker.service.parts import PartStore, Span, lane_of, place_of
from paksatalker.service.queue import EventBus, JobQueue
from paksatalker.service.states import State
from paksatalker.service.tables import Job, now
from paksatalker.worker.process import Message, RenderCancelled, RenderDied, RenderFailed, RenderProcess
from paksatalker.worker.telling import note_if_possible

_log = logging.getLogger(__name__)
_NOTE_SECONDS = 1.0  # between two notes of progress in the database
_MOST_PARTS = 64  # the speech before a part passes by whoever renders it: beyond that it would take too long


class Switchboard(JobQueue, EventBus, Protocol):
    """The queue: tickets, events, and who is there to use them."""

    async def workers(self, queue: str) -> int:
        """How many workers take tickets of a lane."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What the renderer needs for a video.

    Attributes:
        options: Fields of the pipeline's request, as JSON data.
        folder: For files that are not kept.
        cancel: Set when it is to stop.
    """

    options: dict[str, Any]
    folder: Path
    cancel: asyncio.Event


class LongVideos:
    """Does what there is to do for videos that are made in parts.

    Args:
        jobs: The jobs.
        parts: Their parts.
        files: The files.
        queue: Gets the tickets of parts; told of progress.
        process: The renderer.
        folder: For the speech of the video at hand, which several of its parts need.
        seconds: Videos longer than so many are made in parts of at least that length; 0: none is.
    """

    def __init__(
        self,
        *,
        jobs: JobStore,
        parts: PartStore,
        files: FileStore,
        queue: Switchboard,
        process: RenderProcess,
        folder: Path,
        seconds: float,
    ) -> None:
        self._jobs, self._parts, self._files, self._queue = jobs, parts, files, queue
        self._process, self._seconds = process, seconds
        self._speech = _SpeechFolder(files, folder / "speech")

    async def wanted(self, job: Job) -> bool:
        """Whether a video is to be made in parts: it is long, and somebody else is there to make some of them."""
        if not 0 < self._seconds < job.seconds_expected or job.request.get("format") != "mp4":
            return False
        lane = lane_of(job)
        return await self._queue.workers(lane) > (lane == job.queue)

    # --- speaking ----------------------------------------------------------------------------------------------------
    async def record(self, job: Job, order: Order) -> bool:
        """Has a video spoken, and every part rendered from when it is known.

        Returns:
            False if it cannot be made in parts.
        """
        await self._jobs.progress(job, stage="speech")
        number, done = 0, False

        async def heard(message: Message) -> None:
            nonlocal number, done
            if "take" not in message:
                return
            take = message["take"]
            await self._files.put(_speech(job, number), Path(take["file"]))
            Path(take["file"]).unlink()
            expected = round(job.seconds_expected * float(job.request.get("fps", 25)))
            span = Span(number, take["first"], take["end"], take["last"], expected, tuple(take["notes"]))
            part = await self._parts.add(job, span)
            if part is None:
                order.cancel.set()
                return
            number, done = number + 1, take["last"]
            await self._ring(job)

        shortest = max(self._seconds, job.seconds_expected / _MOST_PARTS)
        what = {"act": "record", "options": order.options, "folder": str(order.folder), "shortest": shortest}
        try:
            answer = await self._process.run(what, heard, order.cancel)
        except (RenderCancelled, RenderDied, RenderFailed) as error:
            if not done:
                raise
            _log.info("the video was spoken already (%s)", type(error).__name__)
            return True
        return not answer["whole"]

    async def _ring(self, job: Job) -> None:
        try:
            await self._queue.enqueue(new_id("tkt"), lane_of(job))
        except Exception as error:  # noqa: BLE001  (the part is safe: workers look for jobs without a ticket)
            _log.warning("a part of %s has no ticket yet: %s: %s", job.id, type(error).__name__, error)

    # --- rendering ---------------------------------------------------------------------------------------------------
    async def render(self, part: Job, video: Job, order: Order) -> Job | None:
        """Renders a part.

        Returns:
            The joining, if it was the last one.

        Raises:
            RenderCancelled: Nobody wants it any more.
        """
        number = part.request["part"]
        speech = await self._speech.get(video, number + 1)
        report = _PartReport(self._parts, self._queue, part, video, order.cancel)
        stream = PartPublisher(self._files, f"{place_of(video)}/stream", number, part.attempt, report.note)
        report.stream = stream
        output = order.folder / "part.mp4"
        what = {
            "act": "part", "options": order.options, "speech": [str(path) for path in speech], "output": str(output),
            "pieces": str(order.folder),
        }  # fmt: skip

        async def heard(message: Message) -> None:
            if "event" in message:
                report.frames = message["event"]["frames_done"]
                await report.now_and_then()
            elif "piece" in message:
                stream.add(order.folder / message["piece"]["name"], message["piece"]["seconds"])

        try:
            result = await self._process.run(what, heard, order.cancel)
            await stream.finish()
        finally:
            await stream.abort()
        await self._files.put(_file(video, part), output)
        kept = {name: result[name] for name in ("engines", "notes", "width", "height", "fps", "first_frame_seconds")}
        kept |= {"pieces": stream.segments, "digests": stream.digests, "stream_bytes": stream.bytes}
        counts, join = await self._parts.finish(part, kept)
        if not counts:
            raise RenderCancelled
        return join

    # --- joining -----------------------------------------------------------------------------------------------------
    async def join(self, video: Job, order: Order, output: Path) -> dict[str, Any]:
        """Joins the parts of a video, whole or as a stream.

        Returns:
            What came out, as for a video that is made in one go; the stream is in the store.
        """
        parts = await self._parts.of(video)
        speech = await self._speech.get(video, len(parts))
        paths = [order.folder / f"part{k}.mp4" for k in range(len(parts))]
        for part, path in zip(parts, paths, strict=True):
            await _fetch(self._files, _file(video, part), path)
        names = {"speech": speech, "parts": paths}
        what: dict[str, Any] = {name: [str(path) for path in value] for name, value in names.items()}
        what |= {"act": "join", "options": order.options, "output": str(output)}
        joined = await self._process.run(what, _ignore, order.cancel)
        for path in paths:
            path.unlink()
        segments = [(name, seconds) for part in parts for name, seconds in _result(part)["pieces"]]
        stream = f"{place_of(video)}/stream/{PLAYLIST}"
        await self._files.put(stream, str(Playlist(segments, ended=True)).encode())
        return _summary(video, parts, joined["frames"]) | {
            "stream": stream, "stream_bytes": sum(_result(part)["stream_bytes"] for part in parts),
            "digests": {name: digest for part in parts for name, digest in _result(part)["digests"].items()},
        }  # fmt: skip

    # --- sweeping ----------------------------------------------------------------------------------------------------
    async def sweep(self, job: Job) -> None:
        """Deletes what an attempt at a part or a joining has stored, unless it counts."""
        latest, video = await self._jobs.get(job.id), await self._jobs.get(str(job.parent_id))
        if video is None or (latest is not None and latest.state == State.SUCCEEDED and latest.attempt == job.attempt):
            return
        place = f"{video.tenant_id}/{video.id}/{job.request['attempt']}"
        if job.kind == "join":
            await self._files.delete(f"{place}/{job.attempt}")
            return
        await self._files.delete(f"{place}/parts/{_name(job)}")
        await self._files.delete(f"{place}/stream/{job.request['part']:04d}{job.attempt % 10}")

    async def clear(self, video_id: str) -> None:
        """Deletes what a video that has ended needs no more, and its parts when none of them runs."""
        for video, ended in await self._parts.over(video_id):
            await clear(self._files, self._parts, video, ended=ended)


async def clear(files: FileStore, parts: PartStore, video: Job, *, ended: bool) -> None:
    """Deletes what a video that has ended needs no more. Files go first, then the rows that tell of them.

    Args:
        files: The files.
        parts: The rows.
        video: It has ended.
        ended: Whether all of its parts have.
    """
    if video.state == State.SUCCEEDED:
        place = place_of(video)
        for part in await parts.of(video):
            for lost in range(1, part.attempt):
                await files.delete(f"{place}/stream/{part.request['part']:04d}{lost % 10}")
        for folder in ("speech", "parts", *_lost_joinings(video)):
            await files.delete(f"{place}/{folder}")
    else:
        await files.delete(f"{video.tenant_id}/{video.id}")
    if ended:
        await parts.forget(video.id)


def _lost_joinings(video: Job) -> list[str]:
    """The folders of those who died over joining a video, before somebody did."""
    made = str((video.result or {}).get("files", {}).get("video", ""))
    attempt, _, name = made.removeprefix(f"{place_of(video)}/").partition("/")
    return [str(lost) for lost in range(1, int(attempt))] if name and attempt.isdecimal() else []


class _PartReport:
    """Tells how far a part's video is, once a second and with every piece of its stream."""

    def __init__(self, parts: PartStore, events: EventBus, part: Job, video: Job, cancel: asyncio.Event) -> None:
        self._parts, self._events, self._part, self._video, self._cancel = parts, events, part, video, cancel
        self._noted = 0.0
        self.frames = 0
        self.stream: PartPublisher | None = None

    async def now_and_then(self) -> None:
        if time.monotonic() - self._noted > _NOTE_SECONDS:
            await self.note()

    async def note(self) -> None:
        self._noted = time.monotonic()
        pieces = [] if self.stream is None else self.stream.segments
        event = await note_if_possible(self._parts.progress(self._part, self.frames, pieces), otherwise={})
        if event is None:
            self._cancel.set()
        elif event:
            await self._events.publish(self._video.id, {"state": State.RUNNING, **event})


class _SpeechFolder:
    """The speech of one video, which a worker that renders several of its parts fetches once."""

    def __init__(self, files: FileStore, folder: Path) -> None:
        self._files, self._folder = files, folder
        self._video = ""

    async def get(self, video: Job, count: int) -> list[Path]:
        """The files of the first so many parts.

        Raises:
            RenderFailed: They are gone.
        """
        if self._video != place_of(video):
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            self._video = place_of(video)
        self._folder.mkdir(parents=True, exist_ok=True)
        paths = [self._folder / f"{k:05d}" for k in range(count)]
        for number, path in enumerate(paths):
            if not path.exists():
                await _fetch(self._files, _speech(video, number), path)
        return paths


async def _fetch(files: FileStore, key: str, path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        await files.fetch(key, unfinished)
    except FileNotFoundError:
        raise RenderFailed(_gone(key)) from None
    unfinished.rename(path)


def _gone(key: str) -> dict[str, Any]:
    what, why, fix = "the video cannot be made", f"{key} is not in the store any more", "Ask for it again"
    return error_dict("PartGone", what, why, fix)


async def _ignore(_: Message) -> None:
    return


def _speech(video: Job, number: int) -> str:
    return f"{place_of(video)}/speech/{number:05d}"


def _name(part: Job) -> str:
    return f"{part.request['part']:05d}.{part.attempt}.mp4"


def _file(video: Job, part: Job) -> str:
    return f"{place_of(video)}/parts/{_name(part)}"


def _result(part: Job) -> dict[str, Any]:
    return part.result or {}


def _summary(video: Job, parts: Sequence[Job], frames: int) -> dict[str, Any]:
    """What came out, as :meth:`paksatalker.core.outputs.Result.to_dict` has it."""
    first = _result(parts[0])
    began = video.started_at or now()
    seconds = (now() - began).total_seconds()
    before = ((parts[0].started_at or began) - began).total_seconds()
    notes = [note for part in parts for note in (*_result(part)["notes"], *part.request["notes"])]
    duration = frames / first["fps"]
    engines: dict[str, str] = {}
    for part in parts:
        engines |= _result(part)["engines"]
    return {
        "frames": frames, "duration": round(duration, 3), "width": first["width"], "height": first["height"],
        "fps": first["fps"], "first_frame_seconds": round(before + first["first_frame_seconds"], 3),
        "seconds": round(seconds, 3), "realtime": round(duration / max(seconds, 1e-3), 3), "engines": engines,
        "notes": list(dict.fromkeys(notes)), "parts": len(parts),
    }  # fmt: skip
