"""Jobs in the database: the one place that knows what a job's state is.

A state is only ever left by a guarded update (``WHERE state = … AND attempt = …``): of two workers that hold the same
job, because one of them was thought dead, only the one with the latest attempt can finish it. Nothing is delivered
twice and nothing is lost, whatever the queue does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from paksatalker.service.admission import NewJob, admit
from paksatalker.service.audit import OPERATOR, note
from paksatalker.service.cursor import read_cursor, write_cursor
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.parts import VIDEO, children, drop, fail_video, has_parts, video_of
from paksatalker.service.states import PRIORITIES, VOICES, State
from paksatalker.service.tables import Job, now
from paksatalker.service.tracing import traceparent
from paksatalker.service.turns import next_job

#: A worker says that it is at a job every two seconds; one that was not heard of for so long is dead.
HELD_SECONDS = 6.0


class JobHeld(Exception):
    """Somebody is at the job: whoever has its ticket should come again later."""


class IdempotencyConflict(Exception):
    """The same idempotency key came with another request."""


class JobStore:
    """Makes and changes jobs.

    Args:
        database: Where they are.
        keep_days: Ended jobs expire after so many days; 0 keeps them.
        held_seconds: A worker that was heard of within so many seconds lives.
    """

    def __init__(self, database: Database, keep_days: float = 0, held_seconds: float = HELD_SECONDS) -> None:
        self._database = database
        self._held = timedelta(seconds=held_seconds)
        self._keep = timedelta(days=keep_days) if keep_days else None

    async def create(self, new: NewJob, minutes: float | None = None, storage: int | None = None) -> tuple[Job, bool]:
        """A new job, or the one that was made before under the same idempotency key; and whether it is new.

        Args:
            new: What is asked for.
            minutes: Of video that a tenant may have in a day, unless it has its own limit; None is no limit.
            storage: Bytes that a tenant may have, unless it has its own limit; None is no limit.

        Raises:
            IdempotencyConflict: The key was used for another request.
            MinutesUsed: It would be too much for a day.
            StorageFull: The tenant's files take all the room there is.
        """
        if new.idempotency_key is not None and (found := await self._by_idempotency_key(new)):
            return found, False
        columns = {name: getattr(new, name) for name in NewJob.__slots__ if name != "bytes_expected"}
        job = Job(
            id=new_id("cln" if new.queue == VOICES else "vid"), state=State.QUEUED, attempt=0, stage="", progress=0.0,
            frames_done=0, cancel_requested=False, created_at=now(), trace=traceparent(),
            stored_bytes=new.bytes_expected, **columns | {"priority": PRIORITIES[new.priority]},
        )  # fmt: skip
        try:
            await self._database.write(lambda session: admit(session, job, minutes, storage))
        except IntegrityError:
            found = await self._by_idempotency_key(new)
            if found is None:
                raise
            return found, False
        return job, True

    async def _by_idempotency_key(self, new: NewJob) -> Job | None:
        query = select(Job).where(Job.tenant_id == new.tenant_id, Job.idempotency_key == new.idempotency_key)
        async with self._database.reader() as session:
            found = (await session.scalars(query)).one_or_none()
        if found is not None and found.request_hash != new.request_hash:
            raise IdempotencyConflict(new.idempotency_key)
        return found

    async def get(self, job_id: str, tenant_id: str | None = None) -> Job | None:
        """A job, if it is this tenant's and has not expired; None for any tenant's (workers)."""
        found = await self._database.read(lambda session: session.get(Job, job_id))
        if found is None or tenant_id is None:
            return found
        gone = found.expires_at is not None and found.expires_at <= now()
        return None if gone or found.tenant_id != tenant_id else found

    async def page(
        self, tenant_id: str, *, limit: int = 20, cursor: str = "", state: str = "", batch_id: str = ""
    ) -> tuple[Sequence[Job], str]:
        """A tenant's jobs, newest first, and the cursor of the next page (empty at the end).

        Raises:
            InvalidOption: The cursor is none of ours.
        """
        query = select(Job).where(Job.tenant_id == tenant_id, Job.queue != VOICES, _lives(), ~children())
        if state:
            query = query.where(Job.state == state)
        if batch_id:
            query = query.where(Job.batch_id == batch_id)
        if cursor:
            at, last = read_cursor(cursor)
            query = query.where(or_(Job.created_at < at, and_(Job.created_at == at, Job.id < last)))
        query = query.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit + 1)
        async with self._database.reader() as session:
            rows = (await session.scalars(query)).all()
        more = write_cursor(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else ""
        return rows[:limit], more

    # --- what workers do ---------------------------------------------------------------------------------------------
    async def begin(self, ticket: str, queue: str, tries: int) -> Job | None:
        """Takes up the job whose turn it is: a new attempt. None if there is nothing to do.

        A ticket of the queue is no particular job's: it is the right to do the next one. But a ticket that comes back,
        because its worker died, continues the job that was begun with it. Should that worker live after all, its
        attempt is no longer the latest and cannot finish.

        The next one is of the most urgent priority; within it, of the tenant of whose jobs the fewest run; of those
        the oldest.

        Args:
            ticket: Of the queue.
            queue: One of :data:`~paksatalker.service.states.QUEUES`.
            tries: How many attempts there may be; after them the job fails.

        Raises:
            JobHeld: The worker that has begun the job with this ticket was heard of a moment ago: it was the queue that
                was away, or lost the ticket.
        """
        while True:
            job, begun = await self._database.write(lambda session: self._begin(session, ticket, queue, tries))
            if job is None or begun:
                return job
            if not State(job.state).ended:
                await self._database.write(partial(self._lose, part=job))

    def _begin(self, session: Session, ticket: str, queue: str, tries: int) -> tuple[Job | None, bool]:
        """Takes up a job, or ends it: one in a transaction, so that nobody who holds a job's lock waits for another's.

        Returns:
            The job, and whether it is begun. If not, it has ended, or is a part whose video must be locked first.
        """
        under = select(Job).where(Job.ticket == ticket, Job.state == State.RUNNING).with_for_update()
        job = session.scalars(under).first()
        if job is not None and job.heard_at is not None and abs(now() - job.heard_at) < self._held:
            raise JobHeld(job.id)
        job = job or next_job(session, queue)
        if job is None:
            return None, False
        if job.cancel_requested:
            self._end(job, State.CANCELLED)
        elif job.attempt < tries:
            if job.attempt and job.kind == VIDEO:
                drop(session, job.id)  # parts of the attempt before
            job.attempt += 1
            job.ticket, job.state, job.started_at = ticket, State.RUNNING, now()
            job.heard_at = job.started_at
            job.stage, job.progress, job.frames_done, job.result = "", 0.0, 0, None
            return job, True
        elif job.parent_id is None:
            self._end(job, State.FAILED)
            job.error = _worker_lost(job)
            self._give_up(session, job, job.error)
        return job, False

    def _lose(self, session: Session, part: Job) -> None:
        """Ends a part whose workers have died, and its video with it, unless somebody is at it again."""
        video_of(session, part)  # locked first, as everywhere
        lost = session.get(Job, part.id, with_for_update=True, populate_existing=True)
        names = ("state", "attempt", "heard_at")
        if lost is None or any(getattr(lost, name) != getattr(part, name) for name in names):
            return
        self._end(lost, State.FAILED)
        lost.error = _worker_lost(lost)
        self._give_up(session, lost, lost.error)

    async def progress(self, job: Job, **values: Any) -> bool:
        """Notes how far it is (columns of :class:`Job`), and that somebody is at it.

        Returns:
            Whether to go on: False if this attempt has no say any more or should stop.
        """
        query = _guard(job, State.RUNNING).values(heard_at=now(), **values).returning(Job.cancel_requested)
        return await self._database.change(query) is False

    async def succeed(self, job: Job, result: dict[str, Any]) -> bool:
        """Ends an attempt well; False if it has no say any more, and its files must go."""
        return await self._guarded(job, State.RUNNING, self.done(result))

    async def fail(self, job: Job, error: dict[str, Any]) -> bool:
        """Ends an attempt badly; there will be no other one. A part takes its video with it, a video its parts."""
        query = _guard(job, State.RUNNING).values(error=error, **self._ending(State.FAILED))
        query = query.returning(Job.cancel_requested)

        def act(session: Session) -> bool:
            if job.parent_id is not None:
                video_of(session, job)  # locked first, as everywhere
            stopped = session.scalar(query)
            if stopped is False:  # else it is no wonder that it failed: what it needs may be gone already
                self._give_up(session, job, error)
            return stopped is not None

        return await self._database.write(act)

    def _give_up(self, session: Session, job: Job, error: dict[str, Any]) -> None:
        """Stops what belongs to a job that has failed."""
        if job.parent_id is not None:
            fail_video(session, job, error, self._ending(State.FAILED))
        elif job.attempt:
            drop(session, job.id)

    async def cancelled(self, job: Job) -> bool:
        """Notes that a running job has stopped as it was asked to."""
        return await self._guarded(job, State.RUNNING, self._ending(State.CANCELLED))

    async def let_go(self, job: Job) -> bool:
        """Notes that nobody is at it any more: whoever gets its ticket may go on with another attempt."""
        return await self._guarded(job, State.RUNNING, {"heard_at": None})

    async def requeue(self, job: Job) -> bool:
        """Puts an attempt back that its worker cannot finish (it shuts down).

        The attempt does not count, unless others make parts of it: those of the next one must not be taken for them.
        """

        def act(session: Session) -> bool:
            counts = job.kind == VIDEO and has_parts(session, job.id)
            values = {"state": State.QUEUED, "attempt": job.attempt - (not counts)}
            if session.scalar(_guard(job, State.RUNNING).values(**values).returning(Job.id)) is None:
                return False
            if counts:
                drop(session, job.id)
            return True

        return await self._database.write(act)

    async def _guarded(self, job: Job, state: State, values: dict[str, Any]) -> bool:
        return await self._database.change(_guard(job, state).values(**values).returning(Job.id)) is not None

    # --- what callers do ---------------------------------------------------------------------------------------------
    async def cancel(self, job_id: str, tenant_id: str) -> Job | None:
        """Asks a job to stop: at once if it waits, within a second if it runs. None if there is no such job."""

        def act(session: Session) -> Job | None:
            job = session.get(Job, job_id, with_for_update=True)
            if job is None or job.tenant_id != tenant_id:
                return None
            if not State(job.state).ended:
                job.cancel_requested = True
                drop(session, job.id)
                if job.state == State.QUEUED or job.ticket is None:  # nobody is at it, but perhaps at its parts
                    self._end(job, State.CANCELLED)
            return job

        return await self._database.write(act)

    async def twin(self, job: Job) -> Job | None:
        """A job of the same tenant that has made just what this one asks for; the latest of them."""
        query = select(Job).where(
            Job.tenant_id == job.tenant_id, Job.request_hash == job.request_hash, Job.state == State.SUCCEEDED,
            Job.id != job.id, _lives(),
        )  # fmt: skip
        async with self._database.reader() as session:
            return (await session.scalars(query.order_by(Job.created_at.desc()).limit(1))).first()

    async def settle(self, job: Job, result: dict[str, Any]) -> bool:
        """Ends a job well that nobody has begun; False if somebody has."""
        return await self._guarded(job, State.QUEUED, self.done(result))

    async def expire(self, job_id: str, tenant_id: str, by: str = OPERATOR) -> bool:
        """Takes an ended job out of sight; the row goes with the next sweep.

        Args:
            job_id: Which.
            tenant_id: Whose it must be.
            by: Who asks for it, for the audit log.
        """
        query = update(Job).where(
            Job.id == job_id, Job.tenant_id == tenant_id,
            Job.state.in_((State.SUCCEEDED, State.FAILED, State.CANCELLED)),
        )  # fmt: skip
        values = {"expires_at": now(), "result": None, "idempotency_key": None, "stored_bytes": 0}

        def act(session: Session) -> bool:
            done = session.scalar(query.values(**values).returning(Job.id)) is not None
            if done:
                note(session, tenant_id, by, "video.deleted", job_id)
            return done

        return await self._database.write(act)

    async def waiting(self, queue: str) -> int:
        """How many jobs of a queue wait."""
        query = select(func.count()).where(Job.queue == queue, Job.state == State.QUEUED)
        return await self._database.read(lambda session: session.scalar(query)) or 0

    async def tickets(self, queue: str) -> Sequence[str]:
        """Those of the jobs of a queue that run."""
        query = select(Job.ticket).where(Job.queue == queue, Job.state == State.RUNNING, Job.ticket.is_not(None))
        return await self._database.read(lambda session: [str(one) for one in session.scalars(query)])

    async def unfinished(self) -> Sequence[Job]:
        """Jobs that wait or run, oldest first: those that must be in the queue after a restart."""
        query = select(Job).where(Job.state.in_((State.QUEUED, State.RUNNING))).order_by(Job.created_at)
        async with self._database.reader() as session:
            return (await session.scalars(query)).all()

    def _end(self, job: Job, state: State) -> None:
        for name, value in self._ending(state).items():
            setattr(job, name, value)

    def done(self, result: dict[str, Any]) -> dict[str, Any]:
        """The columns of a job that has ended well."""
        values = {"result": result, "progress": 1.0, "seconds_left": 0.0, **self._ending(State.SUCCEEDED)}
        values["stored_bytes"] = result.get("stored_bytes", 0)
        if "frames" in result:
            values |= {"frames_done": result["frames"], "frames_total": result["frames"]}
        if "duration" in result:
            values["seconds_expected"] = float(result["duration"])  # by now it is known
        return values

    def _ending(self, state: State) -> dict[str, Any]:
        time = now()
        expires = time + self._keep if self._keep else None
        return {"state": state, "finished_at": time, "expires_at": expires, "stored_bytes": 0}


def _worker_lost(job: Job) -> dict[str, Any]:
    return {
        "code": "WorkerLost",
        "message": f"the worker died {job.attempt} times over this job",
        "fix": "Look at the worker's log; a smaller size needs less memory",
    }


def _guard(job: Job, state: State) -> Update:
    """An update of an attempt, if it is still in this state and the latest one, and its worker has not let go of it."""
    held = Job.ticket.is_not_distinct_from(job.ticket)
    query = update(Job).where(Job.id == job.id, Job.state == state, Job.attempt == job.attempt, held)
    return query.execution_options(synchronize_session=False)


def _lives() -> ColumnElement[bool]:
    """Whether a job is still to be seen."""
    return or_(Job.expires_at.is_(None), Job.expires_at > now())
