"""Long videos in the database: the parts that many workers make, and what becomes of the video by them.

A part is a job of its own that only workers see. It belongs to one attempt of its video: that whose worker speaks it.
When that worker is done, nobody holds the video (it has no ticket any more) until the last part is done; whoever makes
that one joins them all. Every change here locks the video first, so that of two last parts one is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.states import State
from paksatalker.service.tables import Job, now

#: Kinds of jobs: what is asked for, a part of it, and the joining of all parts.
VIDEO, PART, JOIN = "video", "part", "join"
#: Where parts are rendered, if not in the queue of their video: who can write need not draw everything, too.
_ELSEWHERE = {"script": "portrait"}
_OPEN = (State.QUEUED, State.RUNNING)
_ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
_NEARLY = 0.999  # of the progress: it is done when the video is there


@dataclass(frozen=True, slots=True)
class Span:
    """Which frames a part has.

    Attributes:
        number: Of the part, from 0.
        first: Its first frame.
        end: One past its last frame.
        last: Whether no part follows.
        expected: About how many frames the video will have.
        notes: What the user should know; complete with the last part.
    """

    number: int
    first: int
    end: int
    last: bool
    expected: int
    notes: tuple[str, ...] = ()


def lane_of(video: Job) -> str:
    """The queue of the parts of a video."""
    return _ELSEWHERE.get(video.queue, video.queue)


def place_of(video: Job) -> str:
    """Where the files of a video's attempt lie."""
    return f"{video.tenant_id}/{video.id}/{video.attempt}"


def let_go(video: Job) -> bool:
    """Whether nobody is at a video but those who make its parts."""
    return video.state == State.RUNNING and video.ticket is None


def drop(session: Session, video_id: str, attempt: int | None = None) -> None:
    """Has the parts of a video stopped: those that wait at once, those that run by their workers.

    Args:
        session: Of the transaction.
        video_id: Of the video.
        attempt: Only those of this attempt at it.
    """
    mine = Job.parent_id == video_id
    if attempt is not None:
        mine = and_(mine, Job.request["attempt"].as_integer() == attempt)
    session.execute(update(Job).where(mine, Job.state == State.QUEUED).values(state=State.CANCELLED, finished_at=now()))
    session.execute(update(Job).where(mine, Job.state == State.RUNNING).values(cancel_requested=True))


def has_parts(session: Session, video_id: str) -> bool:
    """Whether a video has begun to be cut."""
    return session.scalar(select(Job.id).where(Job.parent_id == video_id).limit(1)) is not None


def video_of(session: Session, part: Job, *, lock: bool = True) -> Job | None:
    """The video of a part; None if it needs this part no more: it has ended, or is spoken anew."""
    video = session.get(Job, part.parent_id, with_for_update=lock, populate_existing=True)
    if video is None or video.state != State.RUNNING or video.attempt != part.request["attempt"]:
        return None
    return None if video.cancel_requested else video


def fail_video(session: Session, part: Job, error: dict[str, Any], ending: dict[str, Any]) -> None:
    """Ends the video of a part that cannot be made, and its other parts.

    Args:
        session: Of the transaction.
        part: The part.
        error: Why.
        ending: Columns of a failed video.
    """
    video = video_of(session, part)
    if video is None:
        return
    for name, value in (ending | {"error": error}).items():
        setattr(video, name, value)
    session.flush()
    drop(session, video.id)


class PartStore:
    """Makes and ends parts.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def video(self, part: Job) -> Job | None:
        """The video of a part; None if it needs the part no more."""
        return await self._database.read(lambda session: video_of(session, part, lock=False))

    async def of(self, video: Job) -> Sequence[Job]:
        """The parts of a video's latest attempt, in order."""
        parts = await self._database.read(lambda session: session.scalars(_parts(video)).all())
        return sorted((part for part in parts if _belongs(part, video)), key=lambda part: part.request["part"])

    async def stop(self, video: Job) -> None:
        """Has the parts of an attempt stopped, for its files go."""

        def act(session: Session) -> None:
            _lock(session, video.id)
            drop(session, video.id, video.attempt)

        await self._database.write(act)

    async def add(self, video: Job, span: Span) -> Job | None:
        """Makes a part of a video that is being spoken. With the last one, its worker lets go of the video.

        Args:
            video: As it was begun.
            span: Which frames.

        Returns:
            The part; None if this attempt has no say any more, or nobody wants the video.
        """
        return await self._database.write(lambda session: _add(session, video, span))

    async def progress(self, part: Job, frames: int, pieces: Sequence[tuple[str, float]]) -> dict[str, Any] | None:
        """Notes how far a part is.

        Args:
            part: As it was begun.
            frames: How many are made.
            pieces: Those of its stream that are stored, and how long they play, seconds.

        Returns:
            How far the video is (columns of a job); None if nobody wants the part.
        """

        def act(session: Session) -> dict[str, Any] | None:
            video = video_of(session, part)
            values = {"frames_done": frames, "heard_at": now(), "result": {"pieces": [list(piece) for piece in pieces]}}
            return None if video is None or not _change(session, part, values) else _sum_up(session, video)

        return await self._database.write(act)

    async def finish(self, part: Job, result: dict[str, Any]) -> tuple[bool, Job | None]:
        """Ends a part well.

        Args:
            part: As it was begun.
            result: What the joining needs.

        Returns:
            Whether it counts (False: its files must go), and the joining if it was the last one: begun already, under
            the same ticket.
        """

        def act(session: Session) -> tuple[bool, Job | None]:
            video = video_of(session, part)
            ending = {"state": State.SUCCEEDED, "result": result, "frames_done": part.frames_total, **_ended(part)}
            if video is None or not _change(session, part, ending):
                return False, None
            _sum_up(session, video)
            parts = [one for one in session.scalars(_parts(video)) if _belongs(one, video)]
            whole = video.ticket is None and all(one.state == State.SUCCEEDED for one in parts)
            return True, _join(session, video, str(part.ticket)) if whole else None

        return await self._database.write(act)

    async def deliver(self, join: Job, ending: Callable[[], dict[str, Any]]) -> bool:
        """Ends a joining well, and its video with it; False if it has no say any more, and its files must go.

        Args:
            join: As it was begun.
            ending: Gives the columns of the video that is done.
        """

        def act(session: Session) -> bool:
            video = video_of(session, join)
            if video is None or not _change(session, join, {"state": State.SUCCEEDED, "finished_at": now()}):
                return False
            for name, value in ending().items():
                setattr(video, name, value)
            return True

        return await self._database.write(act)

    async def over(self, video_id: str | None = None) -> Sequence[tuple[Job, bool]]:
        """Videos that have ended and still have parts in the database.

        Args:
            video_id: Only this one.

        Returns:
            Each, and whether all of its parts have ended, too.
        """

        def act(session: Session) -> Sequence[tuple[Job, bool]]:
            mine = Job.parent_id.is_not(None) if video_id is None else Job.parent_id == video_id
            ended = select(Job).where(Job.id.in_(select(Job.parent_id).where(mine)), Job.state.in_(_ENDED))
            return [(video, not _any_open(session, video.id)) for video in session.scalars(ended)]

        return await self._database.read(act)

    async def forget(self, video_id: str) -> None:
        """Deletes the parts of a video that has ended; those that still run are told to stop."""

        def act(session: Session) -> None:
            _lock(session, video_id)
            drop(session, video_id)
            session.execute(delete(Job).where(Job.parent_id == video_id, Job.state.in_(_ENDED)))

        await self._database.write(act)


def _lock(session: Session, video_id: str) -> None:
    session.execute(select(Job.id).where(Job.id == video_id).with_for_update())


def _add(session: Session, video: Job, span: Span) -> Job | None:
    held = session.get(Job, video.id, with_for_update=True, populate_existing=True)
    if held is None or held.state != State.RUNNING or held.attempt != video.attempt or held.cancel_requested:
        return None
    held.stage, held.frames_total = "render", span.end if span.last else max(span.end, span.expected)
    if span.last:
        held.ticket = None
    part = Job(
        id=new_id("prt"), kind=PART, parent_id=video.id, tenant_id=video.tenant_id, key_id=video.key_id,
        queue=lane_of(video), priority=video.priority, state=State.QUEUED, request_hash="", attempt=0,
        trace=video.trace,
        request={
            "part": span.number, "first": span.first, "end": span.end, "attempt": video.attempt,
            "notes": list(span.notes),
        },
        frames_total=span.end - span.first, created_at=video.created_at + timedelta(microseconds=1 + span.number),
    )  # fmt: skip
    session.add(part)
    return part


def _join(session: Session, video: Job, ticket: str) -> Job:
    time = now()
    video.stage = "join"
    join = Job(
        id=new_id("prt"), kind=JOIN, parent_id=video.id, tenant_id=video.tenant_id, key_id=video.key_id,
        queue=lane_of(video), priority=video.priority, state=State.RUNNING, request_hash="", attempt=1,
        request={"attempt": video.attempt}, ticket=ticket, created_at=video.created_at, started_at=time, heard_at=time,
        trace=video.trace,
    )  # fmt: skip
    session.add(join)
    session.flush()
    return join


def _change(session: Session, job: Job, values: dict[str, Any]) -> bool:
    """Changes an attempt that runs and is wanted; False if it is not the latest one."""
    query = update(Job).where(
        Job.id == job.id, Job.state == State.RUNNING, Job.attempt == job.attempt, Job.cancel_requested.is_(False)
    )
    return session.scalar(query.values(**values).returning(Job.id)) is not None


def _sum_up(session: Session, video: Job) -> dict[str, Any]:
    """Notes how far a video is by its parts; it never goes back, what is made again was made before."""
    parts = session.scalars(_parts(video).execution_options(populate_existing=True))
    mine = [part for part in parts if _belongs(part, video)]
    video.frames_done = max(video.frames_done, sum(part.frames_done for part in mine))
    if total := video.frames_total:
        video.progress = max(video.progress, min(_NEARLY, video.frames_done / total))
        began = min((part.started_at for part in mine if part.started_at is not None), default=now())
        video.seconds_left = _left(began, video.frames_done, total)
    names = ("stage", "progress", "frames_done", "frames_total", "seconds_left")
    return {name: getattr(video, name) for name in names}


def _left(began: datetime, done: int, total: int) -> float | None:
    return (now() - began).total_seconds() / done * max(total - done, 0) if done else None


def _parts(video: Job) -> Any:
    return select(Job).where(Job.parent_id == video.id, Job.kind == PART)


def _belongs(part: Job, video: Job) -> bool:
    return bool(part.request["attempt"] == video.attempt)


def _ended(part: Job) -> dict[str, Any]:
    return {"progress": 1.0, "frames_total": part.frames_total, "finished_at": now()}


def _any_open(session: Session, video_id: str) -> bool:
    query = select(func.count()).where(Job.parent_id == video_id, Job.state.in_(_OPEN))
    return bool(session.scalar(query))


def children() -> ColumnElement[bool]:
    """Whether a job is one that only workers see."""
    return Job.parent_id.is_not(None)
