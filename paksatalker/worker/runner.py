"""Does one job: fetches its files, has it rendered, stores what comes out, and says so."""

from __future__ import annotations

import asyncio
import errno
import logging
import shutil
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from paksatalker.config import log_ids
from paksatalker.core.provenance.manifests import SIDECAR, Provenance
from paksatalker.errors import DiskFull, PaksaTalkerError, error_dict
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.hls import PLAYLIST, STREAM_MANIFEST, StreamPublisher, stream_place
from paksatalker.service.ids import is_id
from paksatalker.service.jobs import JobHeld, JobStore
from paksatalker.service.parts import PART, PartStore, let_go, place_of
from paksatalker.service.queue import Later
from paksatalker.service.reuse import reuse
from paksatalker.service.states import PORTRAIT, State
from paksatalker.service.tables import Job
from paksatalker.service.tracing import span
from paksatalker.service.video import VideoRequest
from paksatalker.service.voices import VoiceStore, read_voice
from paksatalker.worker.attempt import fetch_assets
from paksatalker.worker.attempt import watch as watching
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.long_videos import LongVideos, Order, Switchboard
from paksatalker.worker.origin import origin_of
from paksatalker.worker.process import RenderCancelled, RenderDied, RenderFailed, RenderProcess
from paksatalker.worker.telling import job_span, note_if_possible, told
from paksatalker.worker.thumbnail import write_thumbnail

_log = logging.getLogger(__name__)

_BESIDE = frozenset({"path", "subtitles", "timeline", "provenance", "manifest"})  # of a result: what is kept elsewhere
_NOTE_SECONDS = 1.0  # between two notes of progress in the database
_STOP_SECONDS = 1.0  # a renderer has ended by itself by then, when its video is cancelled


class Runner:
    """Handles tickets of one queue, one at a time.

    Args:
        database: Where jobs and assets are.
        jobs: The jobs.
        files: The files.
        events: Told of progress.
        queue: Which.
        tries: How many attempts a job has.
        folder: For files of the job that is being done; empty after it.
        limits: Of memory and time.
        provenance: Signs videos; None signs none.
        part_seconds: Videos longer than that are made in parts; 0: none is.
    """

    def __init__(
        self,
        *,
        database: Database,
        jobs: JobStore,
        files: FileStore,
        events: Switchboard,
        queue: str,
        tries: int,
        folder: Path,
        limits: RenderLimits | None = None,
        provenance: Provenance | None = None,
        part_seconds: float = 0.0,
    ) -> None:
        self._database, self._jobs, self._files, self._events = database, jobs, files, events
        self._queue, self._tries, self._folder = queue, tries, folder
        self._limits = limits or RenderLimits()
        self._process, self._provenance = RenderProcess(self._limits), provenance
        self._parts = PartStore(database)
        self._long = LongVideos(
            jobs=jobs, parts=self._parts, files=files, queue=events, process=self._process, folder=folder,
            seconds=part_seconds,
        )  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)

    async def warm(self) -> None:
        """Has the renderer ready: the first video need not wait for it."""
        if self._queue == PORTRAIT:
            await self._process.warm()

    async def close(self) -> None:
        """Ends the renderer."""
        await self._process.close()

    async def handle(self, ticket: str) -> None:
        """Does the job whose turn it is, if there is one; whoever has made the last part of a video joins them.

        Raises:
            RenderDied: The renderer died; the ticket goes back for another attempt.
            Later: Another worker is at it, or the disk is too full to begin anything.
        """
        if (free := self._free()) < self._limits.disk:
            _log.warning("no job is begun: %d MiB are free on the disk", free >> 20)
            raise Later("the disk is full")
        try:
            job = await self._jobs.begin(ticket, self._queue, self._tries)
        except JobHeld as error:
            raise Later(str(error)) from None
        while job is not None:
            with log_ids(job_id=job.parent_id or job.id, tenant_id=job.tenant_id), job_span(job) as traced:
                following = await self._attempt(job)
                await told(traced, self._jobs, job)
            job = following

    async def _attempt(self, job: Job) -> Job | None:
        """Makes an attempt. Returns what is to be done next under the same ticket."""
        began = time.monotonic()
        following = None
        _log.info("attempt %d", job.attempt)
        try:
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=f"{job.id}.") as folder:
                following = await self._do(job, Path(folder))
        except asyncio.CancelledError:
            await self._sweep(job)  # first: the next attempt may have the same number
            await self._jobs.requeue(job)
            raise
        except RenderCancelled:
            await self._sweep(job)
            await self._jobs.cancelled(job)
        except RenderFailed as error:
            await self._sweep(job)
            await self._fail(job, error.error)
        except RenderDied as error:
            _log.warning("the renderer died (%s)", error)
            await self._sweep(job)
            if job.attempt < self._tries:
                await self._jobs.let_go(job)
                raise
            await self._jobs.fail(job, _lost(job.attempt))
        except PaksaTalkerError as error:
            await self._sweep(job)
            await self._fail(job, error.to_dict())
        except OSError as error:
            await self._sweep(job)
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await self._fail(job, DiskFull("the video cannot be made", "the disk is full", "Ask again later").to_dict())
        await self._tidy(self._long.clear(job.parent_id or job.id))
        await self._tell(job.parent_id or job.id)
        _log.info("attempt %d ended after %.1f s", job.attempt, time.monotonic() - began)
        return following

    def _free(self) -> int:
        """Bytes that are free where files are made and stored."""
        free = shutil.disk_usage(self._folder).free
        stored = self._files.free()
        return free if stored is None else min(free, stored)

    async def _fail(self, job: Job, error: dict[str, Any]) -> None:
        """Ends a job badly; one that a full disk has stopped is tried again, as one whose renderer died.

        Raises:
            Later: It is tried again.
        """
        if error["code"] == DiskFull.__name__ and job.attempt < self._tries:
            _log.warning("the disk is full")
            await self._jobs.let_go(job)
            raise Later("the disk is full")
        await self._jobs.fail(job, error)

    async def _do(self, job: Job, folder: Path) -> Job | None:
        """Makes the video, and stops wherever it is when nobody wants it any more. Returns what is to be done next.

        Raises:
            RenderCancelled: It was stopped.
        """
        cancel = asyncio.Event()
        making = asyncio.ensure_future(self._make(job, folder, cancel))
        watch, stop = asyncio.ensure_future(watching(self._jobs, job, cancel)), asyncio.ensure_future(cancel.wait())
        try:
            await asyncio.wait({making, stop}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({making}, timeout=None if not cancel.is_set() else _STOP_SECONDS)
            if not making.done():
                raise RenderCancelled
            return making.result()
        finally:
            for task in (making, watch, stop):
                task.cancel()
            await asyncio.gather(making, watch, stop, return_exceptions=True)

    async def _make(self, job: Job, folder: Path, cancel: asyncio.Event) -> Job | None:
        if job.parent_id is not None:
            return await self._make_part(job, folder, cancel)
        await self._make_video(job, folder, cancel)
        return None

    async def _make_part(self, job: Job, folder: Path, cancel: asyncio.Event) -> Job | None:
        """Does a part's job, or the joining. Returns the joining after the last part."""
        if (video := await self._parts.video(job)) is None:
            raise RenderCancelled
        request = VideoRequest.model_validate(video.request)
        inputs = await self._fetch(video, request, folder)
        order = Order(await self._options(video, request, inputs), folder, cancel)
        if job.kind == PART:
            with span("render part"):
                return await self._long.render(job, video, order)
        output = folder / "video.mp4"
        with span("join"):
            result = await self._long.join(video, order, output)
        await self._sign(video, request, inputs, result, output)
        place = f"{place_of(video)}/{job.attempt}"
        kept = await self._store(request, result, output, place)
        if not await self._parts.deliver(job, partial(self._jobs.done, kept)):
            await self._files.delete(place)
        await self._delete_before(video)
        return None

    async def _make_video(self, job: Job, folder: Path, cancel: asyncio.Event) -> None:
        if (made := await reuse(self._jobs, self._files, job)) is not None:  # by another job while this one waited
            if not await self._jobs.succeed(job, made):
                await self._delete(job, job.attempt)
            return
        request = VideoRequest.model_validate(job.request)
        inputs = await self._fetch(job, request, folder)
        options = await self._options(job, request, inputs)
        if await self._long.wanted(job) and await self._long.record(job, Order(options, folder, cancel)):
            return
        await self._make_whole(job, request, inputs, Order(options, folder, cancel))

    async def _make_whole(self, job: Job, request: VideoRequest, inputs: dict[str, Path], order: Order) -> None:
        output = order.folder / f"video.{request.format}"
        noted = 0.0

        async def report(event: dict[str, Any]) -> None:
            nonlocal noted
            event["progress"] = event["progress"] or 0.0
            await self._events.publish(job.id, {"state": "running", **event})
            if time.monotonic() - noted > _NOTE_SECONDS:
                noted = time.monotonic()
                if not await note_if_possible(self._jobs.progress(job, **event), otherwise=True):
                    order.cancel.set()

        stream = StreamPublisher(self._files, stream_place(job)) if request.format == "mp4" else None
        try:
            with span("render"):
                result = await self._process.render(
                    order.options, str(output), report, order.cancel,
                    pieces=None if stream is None else order.folder, on_piece=None if stream is None else stream.add,
                )  # fmt: skip
            if stream is not None:
                result |= {"stream": await stream.finish(), "stream_bytes": stream.bytes, "digests": stream.digests}
        finally:
            if stream is not None:
                await stream.abort()
        await self._sign(job, request, inputs, result, output)
        kept = await self._store(request, result, output, place_of(job))
        if not await self._jobs.succeed(job, kept):
            await self._files.delete(place_of(job))
        await self._delete_before(job)

    async def _sign(
        self, job: Job, request: VideoRequest, inputs: dict[str, Path], result: dict[str, Any], output: Path
    ) -> None:
        """Signs the video, its thumbnail and its stream; the manifests lie beside them, too."""
        with span("sign"):
            await self._signed(job, request, inputs, result, output)

    async def _signed(
        self, job: Job, request: VideoRequest, inputs: dict[str, Path], result: dict[str, Any], output: Path
    ) -> None:
        digests = result.pop("digests", {})
        thumbnail = await asyncio.to_thread(write_thumbnail, output, output.with_suffix(".jpg"))
        if self._provenance is None:
            return
        origin = await asyncio.to_thread(origin_of, request, inputs, result, f"{job.id}.{request.format}")
        # The video comes last: of all files of this name its manifest is the one that stays beside them.
        await asyncio.to_thread(self._provenance.sign, thumbnail, replace(origin, title=f"{job.id}.jpg"))
        result["signed"] = await asyncio.to_thread(self._provenance.sign, output, origin)
        if "stream" in result:
            told = replace(origin, title=f"{job.id}.m3u8", pieces=digests)
            playlist = b"".join([piece async for piece in self._files.read(result["stream"])])
            manifest = await asyncio.to_thread(self._provenance.vouch, playlist, PLAYLIST, told)
            result["stream_provenance"] = result["stream"].removesuffix(PLAYLIST) + STREAM_MANIFEST
            await self._files.put(result["stream_provenance"], manifest)

    async def _options(self, job: Job, request: VideoRequest, inputs: dict[str, Path]) -> dict[str, Any]:
        """What the renderer is told; a voice of the tenant's own goes with it."""
        options = request.options(inputs)
        if not is_id(request.voice, "voi"):
            return options
        voice = await VoiceStore(self._database).get(request.voice, job.tenant_id)
        try:
            if voice is None:
                raise FileNotFoundError(request.voice)
            return options | {"own_voice": await read_voice(self._files, voice)}
        except FileNotFoundError:
            raise RenderFailed(_voice_gone(request.voice)) from None

    async def _fetch(self, job: Job, request: VideoRequest, folder: Path) -> dict[str, Path]:
        return await fetch_assets(self._database, self._files, job, request.assets(), folder)

    async def _store(self, request: VideoRequest, result: dict[str, Any], output: Path, place: str) -> dict[str, Any]:
        """Stores the files of a video. Returns what is kept of the result."""
        with span("store"):
            return await self._stored(request, result, output, place)

    async def _stored(self, request: VideoRequest, result: dict[str, Any], output: Path, place: str) -> dict[str, Any]:
        files = {"video": output, "thumbnail": output.with_suffix(".jpg")}
        if (sidecar := output.with_suffix(SIDECAR)).exists():
            files["provenance"] = sidecar
        if request.subtitles in ("srt", "vtt"):
            files["subtitles"] = output.with_suffix(f".{request.subtitles}")
        stored: dict[str, str] = {}
        stored |= {name: result.pop(name) for name in ("stream", "stream_provenance") if name in result}
        total = result.get("stream_bytes", 0) + sum([await self._files.size(key) or 0 for key in stored.values()])
        for name, path in files.items():
            stored[name] = f"{place}/{path.name}"
            await self._files.put(stored[name], path)
            total += path.stat().st_size
        size = output.stat().st_size
        kept = {name: value for name, value in result.items() if name not in _BESIDE}
        return {"files": stored, "bytes": size, "stored_bytes": total, **kept}

    async def _delete_before(self, job: Job) -> None:
        """Deletes what workers have stored that were killed over a job, and an API that was killed while it copied."""
        for before in range(job.attempt):
            await self._delete(job, before)

    async def _sweep(self, job: Job) -> None:
        """Deletes what an attempt has stored, unless it was delivered, or others go on with it."""
        if job.parent_id is not None:
            await self._tidy(self._long.sweep(job))
            return
        latest = await self._jobs.get(job.id)
        mine = latest is not None and latest.attempt == job.attempt
        if latest is not None and mine and (latest.state == State.SUCCEEDED or let_go(latest)):
            return
        await self._tidy(self._parts.stop(job))  # if there are any, they need these files
        await self._delete(job, job.attempt)

    async def _delete(self, job: Job, attempt: int) -> None:
        await self._tidy(self._files.delete(f"{job.tenant_id}/{job.id}/{attempt}"))

    @staticmethod
    async def _tidy(work: Awaitable[Any]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  (the job's own end matters more; its expiry deletes the rest)
            _log.warning("files stay behind: %s", error)

    async def _tell(self, job_id: str) -> None:
        job = await self._jobs.get(job_id)
        if job is not None:
            names = ("state", "stage", "progress", "frames_done", "frames_total", "seconds_left", "error")
            await self._events.publish(job_id, {name: getattr(job, name) for name in names})


def _voice_gone(voice_id: str) -> dict[str, Any]:
    what, why, fix = "the voice cannot speak", f"{voice_id} was deleted", "Choose another voice"
    return error_dict("VoiceGone", what, why, fix)


def _lost(attempts: int) -> dict[str, Any]:
    what, why = "the video cannot be made", f"the renderer died {attempts} times over it"
    fix = "Look at the worker's log; a smaller size needs less memory"
    return error_dict("WorkerLost", what, why, fix)
