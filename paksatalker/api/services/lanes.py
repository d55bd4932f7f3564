"""Which queue a video goes to, and whether anybody takes what is in it."""

from __future__ import annotations

import logging
from typing import Any

from paksatalker.api.errors import ApiError
from paksatalker.service.backend import Backend
from paksatalker.service.states import State
from paksatalker.service.tables import Job
from paksatalker.service.video import VideoRequest

_log = logging.getLogger(__name__)
_TELL_SECONDS = 60.0


async def lane_of(backend: Backend, request: VideoRequest) -> str:
    """The queue of a request: the first one that has workers, of those whose workers can make it; else the last one.

    Raises:
        ApiError: 503, those who should make it have told that they cannot.
    """
    *special, usual = request.lanes
    for queue in special:
        if await _workers(backend, queue):
            return queue
    if (error := await _lacking(backend, usual)) is not None:
        raise ApiError(503, error["code"], error["what"], why=error["why"], fix=error["fix"])
    return usual


async def note_of(backend: Backend, job: Job) -> str:
    """What whoever waits for a job should know: that there is nobody who could make it. Empty if somebody can."""
    if job.state != State.QUEUED or await _workers(backend, job.queue) != 0:
        return ""
    return f"no worker takes jobs of the queue {job.queue}: it waits until there is one"


async def tell_operator(backend: Backend, job: Job) -> None:
    """Says in the log, once a minute, what must be started for jobs that nobody could make."""
    if (note := await note_of(backend, job)) and await backend.queue.first(f"nobody:{job.queue}", _TELL_SECONDS):
        _log.warning("job %s: %s. Run: paksatalker worker --queue %s", job.id, note, job.queue)


async def _lacking(backend: Backend, queue: str) -> dict[str, Any] | None:
    """Why nobody takes jobs of a queue; None if somebody does, or nobody has told."""
    try:
        return await backend.queue.lacks(queue)
    except Exception as error:  # noqa: BLE001  (Redis is away: the job waits in the database)
        _log.warning("cannot see what is lacking: %s", type(error).__name__)
        return None


async def _workers(backend: Backend, queue: str) -> int | None:
    """How many workers a queue has; None while nobody knows."""
    try:
        return await backend.queue.workers(queue)
    except Exception as error:  # noqa: BLE001  (Redis is away: the job waits in the database)
        _log.warning("cannot see who works: %s", type(error).__name__)
        return None
