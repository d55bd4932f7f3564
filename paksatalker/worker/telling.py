"""What is told of an attempt at a job: to traces, and to the database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from contextlib import AbstractContextManager
from typing import TypeVar

from paksatalker.service.jobs import JobStore
from paksatalker.service.tables import Job
from paksatalker.service.tracing import Span, span

_log = logging.getLogger(__name__)
T = TypeVar("T")


def job_span(job: Job) -> AbstractContextManager[Span]:
    """An attempt, as a step of the request that asked for the job."""
    return span(
        f"process {job.queue}", "consumer", job.trace, job_id=job.id, job_parent=job.parent_id, job_kind=job.kind,
        job_attempt=job.attempt, tenant_id=job.tenant_id,
    )  # fmt: skip


async def told(traced: Span, jobs: JobStore, job: Job) -> None:
    """Tells what has become of it."""
    if not traced.on:
        return
    latest = await jobs.get(job.id)
    if latest is not None:
        traced.set(job_state=str(latest.state))
        if latest.error is not None:
            traced.fail(str(latest.error["code"]))


async def note_if_possible(note: Awaitable[T], otherwise: T) -> T:
    """What the database says to a note of progress; while it is away the work goes on, and the next note tells more.

    Args:
        note: The note.
        otherwise: What it would say.
    """
    try:
        return await note
    except Exception as error:  # noqa: BLE001  (whatever it is, hours of work are not given up for a note)
        _log.warning("progress is not noted: %s: %s", type(error).__name__, error)
        return otherwise
