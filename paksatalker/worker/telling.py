"""What traces tell of an attempt at a job."""

from __future__ import annotations

from contextlib import AbstractContextManager

from paksatalker.service.jobs import JobStore
from paksatalker.service.tables import Job
from paksatalker.service.tracing import Span, span


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
