"""Whose turn it is: the job that the next free worker gets.

It is of the most urgent priority that waits; within it, of the tenant of whose jobs the fewest run; of those the one
that has waited longest. The statement is made once: putting it together would take longer than the database does.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from paksatalker.service.states import State
from paksatalker.service.tables import Job

_QUEUED, _RUNNING = State.QUEUED.value, State.RUNNING.value


def next_job(session: Session, queue: str) -> Job | None:
    """The job whose turn it is, locked until the end of the transaction; None if none waits.

    Nobody waits for a lock of somebody else's: on Postgres, those who ask in the same moment get different jobs.

    Args:
        session: Of the transaction.
        queue: One of :data:`~paksatalker.service.states.QUEUES`.
    """
    for _ in range(_LOOKS):
        if (job := session.scalars(_NEXT, {"queue": queue}).first()) is not None:
            return job
        if not session.scalar(_WAITS, {"queue": queue}):
            break  # else somebody else has just taken the only job of the tenant whose turn it was
    return None


def _next(queue: ColumnElement[str]) -> Select[Job]:
    """The statement.

    It looks at one entry of the index for each tenant and each running job, however many jobs wait: the tenants are
    found by jumping from each to the next one.
    """
    here = and_(Job.queue == queue, Job.state == _QUEUED)
    urgent = select(func.min(Job.priority)).where(here).scalar_subquery()
    waiting = and_(here, Job.priority == urgent)
    query = select(Job).where(waiting, Job.tenant_id == _turn(queue, waiting))
    return query.order_by(Job.created_at, Job.id).limit(1).with_for_update(skip_locked=True)


def _turn(queue: ColumnElement[str], waiting: ColumnElement[bool]) -> ScalarSelect[str]:
    """The tenant of whose jobs the fewest run; of several the one whose job has waited longest."""
    tenants = select(func.min(Job.tenant_id).label("id")).where(waiting).cte("tenants", recursive=True)
    later = select(func.min(Job.tenant_id)).where(waiting, Job.tenant_id > tenants.c.id)
    tenants = tenants.union_all(select(later.scalar_subquery()).where(tenants.c.id.is_not(None)))
    running = (
        select(Job.tenant_id, func.count().label("count"))
        .where(Job.queue == queue, Job.state == _RUNNING, Job.ticket.is_not(None))  # not: a video that its parts hold
        .group_by(Job.tenant_id)
        .subquery()
    )
    since = select(func.min(Job.created_at)).where(waiting, Job.tenant_id == tenants.c.id).scalar_subquery()
    return (
        select(tenants.c.id)
        .where(tenants.c.id.is_not(None))
        .outerjoin(running, running.c.tenant_id == tenants.c.id)
        .order_by(func.coalesce(running.c.count, 0), since)
        .limit(1)
        .scalar_subquery()
    )


_QUEUE = bindparam("queue", type_=String)
_NEXT = _next(_QUEUE)
_WAITS = select(exists().where(Job.queue == _QUEUE, Job.state == _QUEUED))
_LOOKS = 20
