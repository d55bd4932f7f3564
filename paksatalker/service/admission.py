"""What may become a job: what is asked for, and whether the tenant has time and room for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from paksatalker.service.parts import children
from paksatalker.service.room import StorageFull, room
from paksatalker.service.states import State
from paksatalker.service.tables import Job, Tenant, now


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is asked for.

    Attributes:
        tenant_id: Whose.
        key_id: Asked for with this key.
        queue: One of :data:`~paksatalker.service.states.QUEUES`.
        priority: One of :data:`~paksatalker.service.states.PRIORITIES`.
        request: What is to be made, as JSON data.
        request_hash: SHA-256 of what decides the result: equal hashes, equal videos.
        idempotency_key: The caller's own name for this request.
        callback_url: Told when the job has ended.
        batch_id: What it was asked for together with.
        seconds_expected: About how long the video will be.
        bytes_expected: About how much room its files will take: kept free for it until it has ended.
    """

    tenant_id: str
    key_id: str
    queue: str
    request: dict[str, Any]
    request_hash: str
    priority: str = "normal"
    idempotency_key: str | None = None
    callback_url: str | None = None
    batch_id: str | None = None
    seconds_expected: float = 0.0
    bytes_expected: int = 0


class MinutesUsed(Exception):
    """The tenant has had all the minutes of video of this day."""


def admit(session: Session, job: Job, minutes: float | None, storage: int | None) -> None:
    """Adds a job, if the videos of the last day and those that are still to be made leave time and room for it.

    Args:
        session: Of the transaction; others of the tenant wait until it ends.
        job: The new one.
        minutes: Of video that a tenant may have in a day, unless it has its own limit; None is no limit.
        storage: Bytes that a tenant may have, unless it has its own limit; None is no limit.

    Raises:
        MinutesUsed: It would be too much for a day.
        StorageFull: The tenant's files take all the room there is.
    """
    if storage is not None:
        used, quota = room(session, job.tenant_id, storage, lock=True)
        if used >= quota or used + job.stored_bytes > quota:
            raise StorageFull(used, quota)
    if minutes is not None:
        tenant = session.get(Tenant, job.tenant_id, with_for_update=True)
        if tenant is not None and tenant.video_minutes_per_day is not None:
            minutes = tenant.video_minutes_per_day
        query = select(func.coalesce(func.sum(Job.seconds_expected), 0.0)).where(
            Job.tenant_id == job.tenant_id, Job.created_at > now() - timedelta(days=1),
            Job.state.in_((State.QUEUED, State.RUNNING, State.SUCCEEDED)), ~children(),
        )  # fmt: skip
        if float(session.scalar(query) or 0.0) + job.seconds_expected > 60 * minutes:
            raise MinutesUsed(f"{minutes:g} minutes of video a day are allowed")
    session.add(job)
