"""A video that is asked for becomes a job."""

from __future__ import annotations

import logging
from dataclasses import replace

from paksatalker.api.errors import ApiError
from paksatalker.api.services.lanes import lane_of, tell_operator
from paksatalker.api.services.own_voices import own_voice
from paksatalker.api.services.pictures import portrayed, usable_asset
from paksatalker.core.request import PRESET_SIZE
from paksatalker.core.text.writing.length import parse_length
from paksatalker.errors import TextEmpty
from paksatalker.service.admission import MinutesUsed, NewJob
from paksatalker.service.backend import Backend
from paksatalker.service.callbacks import CallbackRefused, read_url
from paksatalker.service.keys import Caller
from paksatalker.service.reuse import reuse
from paksatalker.service.room import StorageFull
from paksatalker.service.tables import Asset, Job
from paksatalker.service.tracing import span
from paksatalker.service.video import VideoRequest

_log = logging.getLogger(__name__)
_CHARACTERS_A_SECOND = 15.0
_BYTES_A_SECOND = 130_000  # of a video of 512 pixels and its stream, measured
_DAY = 86400


async def submit(
    backend: Backend,
    caller: Caller,
    request: VideoRequest,
    *,
    idempotency_key: str | None = None,
    batch_id: str | None = None,
) -> tuple[Job, bool]:
    """Makes a job of a request and puts it into the queue.

    What the same tenant has had made before is not made again: the new job ends at once, with the same files.

    Args:
        backend: Of the service.
        caller: Who asks.
        request: For what.
        idempotency_key: The caller's own name for this request.
        batch_id: What it is asked for together with.

    Returns:
        The job, and whether it is new (False: it was made before under the same idempotency key).

    Raises:
        ApiError: 422, an asset is not there or cannot be used, or the callback may not be called. 429, the minutes of
            this day are used up. 409, there is no room left.
        IdempotencyConflict: The idempotency key was used for another request.
        InvalidOption: The length of what is to be written cannot be read.
        TextEmpty: There is nothing to say.
    """
    _check_callback(backend, request)
    _check_said(request)
    new = await _new_job(backend, caller, request)
    try:
        job, is_new = await backend.jobs.create(
            replace(new, idempotency_key=idempotency_key, batch_id=batch_id),
            backend.settings.video_minutes_per_day, backend.settings.storage_bytes,
        )  # fmt: skip
    except MinutesUsed as error:
        raise ApiError(
            429, "QuotaUsed", "the video is not made", why=str(error), fix="Ask again tomorrow",
            headers={"Retry-After": str(_DAY // 24)},
        ) from None  # fmt: skip
    except StorageFull as error:
        used = f"{error.used:,} of your {error.quota:,} bytes are used, or kept free for what is being made"
        why = f"{used}; it will take about {new.bytes_expected:,}"
        fix = "Delete assets and videos you no longer need"
        raise ApiError(409, "StorageFull", "the video is not made", why=why, fix=fix) from None
    if not is_new:
        return job, False
    if (result := await reuse(backend.jobs, backend.files, job)) is not None:
        if await backend.jobs.settle(job, result):
            return await backend.jobs.get(job.id) or job, True
        await backend.files.delete(f"{job.tenant_id}/{job.id}/{job.attempt}")  # somebody has begun it, or cancelled it
    await ring(backend, job)
    return job, True


async def ring(backend: Backend, job: Job) -> None:
    """Gives a new job a ticket of its queue."""
    try:
        with span(f"enqueue {job.queue}", "producer", job_id=job.id, tenant_id=job.tenant_id):
            await backend.queue.enqueue(job.id, job.queue)
    except Exception as error:  # noqa: BLE001  (the job is safe: workers look for jobs without a ticket)
        _log.warning("job %s has no ticket yet: %s: %s", job.id, type(error).__name__, error)
    await tell_operator(backend, job)


async def _new_job(backend: Backend, caller: Caller, request: VideoRequest) -> NewJob:
    """What is asked for, with its avatar, its voice and its files looked up.

    Raises:
        ApiError: 422, one of them is not there or cannot be used.
        InvalidOption: The length of what is to be written cannot be read.
    """
    request = await portrayed(backend, caller.tenant_id, request)
    assets = await _assets(backend, caller, request)
    decides = {field: asset.sha256 for field, asset in assets.items()}
    if (voice := await own_voice(backend, caller.tenant_id, request.voice)) is not None:
        request = request.model_copy(update={"voice": voice.id})
        decides["voice"] = str(voice.digest)
    seconds = _seconds(request, assets)
    return NewJob(
        tenant_id=caller.tenant_id, key_id=caller.key_id, queue=await lane_of(backend, request),
        request=request.model_dump(mode="json"), request_hash=request.digest(decides), priority=request.priority,
        callback_url=None if request.callback_url is None else str(request.callback_url),
        seconds_expected=seconds, bytes_expected=_bytes(request, seconds),
    )  # fmt: skip


def _check_said(request: VideoRequest) -> None:
    """Refuses what only white space is to be said of: a worker would find nothing but that.

    Raises:
        TextEmpty: It is.
    """
    given = [text for text in (request.text, request.script, request.brief) if text is not None]
    if given and not any(text.strip() for text in given):
        raise TextEmpty("there is nothing to say", "the text is empty", "Write at least one word")


def _check_callback(backend: Backend, request: VideoRequest) -> None:
    """Refuses an address that is never called; what its name resolves to is looked at when it is.

    Raises:
        ApiError: 422.
    """
    if request.callback_url is None:
        return
    try:
        read_url(str(request.callback_url), allow_private=backend.settings.allow_private_callbacks)
    except CallbackRefused as error:
        what, fix = "the callback_url cannot be used", "Give an http or https address of the internet"
        raise ApiError(422, "CallbackRefused", what, why=str(error), fix=fix) from None


async def _assets(backend: Backend, caller: Caller, request: VideoRequest) -> dict[str, Asset]:
    """The files that a request needs, by field.

    Raises:
        ApiError: 422: one is not there, or another tenant's (the answer is the same), or cannot be used.
    """
    strict = request.face is None
    return {
        field: await usable_asset(backend, caller.tenant_id, field, asset_id, strict=strict)
        for field, asset_id in request.assets().items()
    }


def _seconds(request: VideoRequest, assets: dict[str, Asset]) -> float:
    """About how long the video will be."""
    if "audio" in assets:
        return float(assets["audio"].analysis.get("duration", 0.0))
    if request.brief is not None:
        return parse_length(request.length)
    return len(request.text or request.script or "") / _CHARACTERS_A_SECOND / request.speed


def _bytes(request: VideoRequest, seconds: float) -> int:
    """About how much room its files will take: as much as there are pixels."""
    size = request.size or PRESET_SIZE[request.preset]
    return round(seconds * _BYTES_A_SECOND * (size / 512) ** 2)
