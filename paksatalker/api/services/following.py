"""What happens to a job, told while it happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from paksatalker.api.models.videos import VideoState
from paksatalker.service.backend import Backend
from paksatalker.service.states import State
from paksatalker.service.tables import Job

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 2.0  # between two looks at the database: what is told on the way may be lost
_SUBSCRIBE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
_HELD = 256


async def follow(backend: Backend, job_id: str, tenant_id: str) -> AsyncGenerator[VideoState, None]:
    """The state of a job now, then whenever it changes, until it has ended.

    Args:
        backend: Of the service.
        job_id: Of a job.
        tenant_id: Whose it must be; nothing comes if it is not.
    """
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_HELD)
    hears = asyncio.Event()
    ear = asyncio.create_task(_listen(backend, job_id, told, hears))
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(hears.wait(), _SUBSCRIBE_SECONDS)
        last: VideoState | None = None
        attempt = 0
        while (job := await backend.jobs.get(job_id, tenant_id)) is not None:
            state = VideoState.of(job)
            if last is None or (state != last and not _behind(state, last, job.attempt == attempt)):
                yield (last := state)
            attempt = job.attempt
            if State(job.state).ended:
                return
            looked = time.monotonic()
            while (left := looked + _LOOK_SECONDS - time.monotonic()) > 0:
                try:
                    event = await asyncio.wait_for(told.get(), left)
                except TimeoutError:
                    break
                if event.get("state") != State.RUNNING:
                    break  # the database knows better how it has ended
                state = last.model_copy(update={name: event[name] for name in VideoState.model_fields if name in event})
                if state != last and state.progress >= last.progress:  # of two workers at its parts one may tell later
                    yield (last := state)
    finally:
        ear.cancel()


def _behind(state: VideoState, last: VideoState, same: bool) -> bool:
    """Whether the database tells less than was heard: it is told once a second. Another attempt begins anew."""
    running = state.state == State.RUNNING.value and last.state == State.RUNNING.value
    return same and running and state.progress < last.progress


async def _listen(backend: Backend, job_id: str, told: asyncio.Queue[dict[str, Any]], hears: asyncio.Event) -> None:
    """Hears what workers tell; a task of its own, because a connection must be closed by who has opened it."""
    while True:
        try:
            async with backend.queue.listen(job_id) as events:
                hears.set()
                async for event in events:
                    if told.full():
                        told.get_nowait()  # who reads slowly misses what is old
                    told.put_nowait(event)
        except Exception as error:  # noqa: BLE001  (Redis is away: the database is looked at meanwhile)
            _log.warning("cannot hear of job %s: %s", job_id, type(error).__name__)
        await asyncio.sleep(_AGAIN_SECONDS)


async def ended(backend: Backend, job: Job, seconds: float) -> Job:
    """Waits until a job has ended, but no longer than so many seconds; returns it as it is then."""
    if seconds > 0 and not State(job.state).ended:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(follow(backend, job.id, job.tenant_id)) as states:
                async for _ in states:
                    pass
    return await backend.jobs.get(job.id, job.tenant_id) or job
