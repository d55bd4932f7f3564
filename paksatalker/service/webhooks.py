"""Messages that a job has ended: made once for each job, delivered until they are taken or given up.

They are signed after Standard Webhooks. A message is made by whoever finds an ended job without one, so that none is
lost when a worker dies between the end of a job and telling of it; being unique for its job, none is made twice.
"""

from __future__ import annotations

import base64
import json
import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from standardwebhooks import Webhook as Signer

from paksatalker.service.cursor import read_cursor, write_cursor
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.sealing import Sealer
from paksatalker.service.states import State
from paksatalker.service.tables import Job, Webhook, WebhookSecret, now

ATTEMPTS = 10
_FIRST_SECONDS, _FACTOR, _MOST_SECONDS = 5.0, 4.0, 86_400.0
_LEASE = timedelta(seconds=20)  # a message that a worker died over is delivered by another one after so long
_OVERLAP = timedelta(minutes=5)  # a job's end may be seen so long after the time that it names
_OF_ONE_TENANT = 4  # at a time: who never answers holds up nobody else
#: What secrets are sealed for.
PURPOSE = "webhook secrets"
_REPLACED = timedelta(hours=24)  # an old secret signs so much longer
_ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, four times as long each time, a day at most; ±20%."""
    seconds = min(_FIRST_SECONDS * _FACTOR ** (attempts - 1), _MOST_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  (spreads load, keeps no secret)


def payload_of(job: Job) -> dict[str, Any]:
    """What is told of an ended job."""
    result = job.result or {}
    finished = job.finished_at or now()
    return {
        "type": f"video.{job.state}",
        "timestamp": finished.isoformat(),
        "data": {
            "id": job.id, "state": job.state, "batch_id": job.batch_id, "error": job.error,
            "duration": result.get("duration"), "bytes": result.get("bytes"),
            "created_at": job.created_at.isoformat(), "finished_at": finished.isoformat(),
        },
    }  # fmt: skip


def signed(message: Webhook, keys: Sequence[str]) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a message as it is sent now.

    Args:
        message: The message.
        keys: Secrets; it gets a signature of each.
    """
    body = json.dumps(message.payload, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    time = now()
    signatures = [Signer(key).sign(message.id, time, body) for key in keys]
    return body.encode(), {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(time.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class WebhookStore:
    """Messages and secrets in the database.

    Args:
        database: Where they are.
        sealer: Opens secrets; whoever needs none needs no sealer.
    """

    def __init__(self, database: Database, sealer: Sealer | None = None) -> None:
        self._database, self._sealer = database, sealer
        self._looked: datetime | None = None

    # --- what workers do ---------------------------------------------------------------------------------------------
    async def collect(self, *, everything: bool = False) -> int:
        """Makes messages of the jobs that have ended and have none. Returns how many.

        Args:
            everything: Looks at all ended jobs, as the first call does, not only at those of the last minutes.
        """
        began = now()
        query = (
            select(Job)
            .outerjoin(Webhook, Webhook.job_id == Job.id)
            .where(Job.state.in_(_ENDED), Job.callback_url.is_not(None), Webhook.id.is_(None))
        )
        if self._looked is not None and not everything:
            query = query.where(Job.finished_at > self._looked - _OVERLAP)
        async with self._database.reader() as session:
            jobs = (await session.scalars(query)).all()
        made = 0
        for job in jobs:
            made += await self._make(job)
        self._looked = began
        return made

    async def _make(self, job: Job) -> bool:
        message = Webhook(
            id=new_id("msg"), tenant_id=job.tenant_id, job_id=job.id, url=job.callback_url, payload=payload_of(job)
        )
        try:
            async with self._database.session() as session:
                session.add(message)
        except IntegrityError:  # another worker was quicker
            return False
        return True

    async def claim(self, most: int) -> Sequence[Webhook]:
        """Takes messages whose time has come; nobody else gets them for a minute."""
        time = now()
        turn = func.row_number().over(partition_by=Webhook.tenant_id, order_by=Webhook.next_at)
        due = select(Webhook.id, turn.label("turn")).where(Webhook.state == "pending", Webhook.next_at <= time)
        ranked = due.subquery()
        query = select(ranked.c.id).where(ranked.c.turn <= _OF_ONE_TENANT).order_by(ranked.c.turn).limit(most)
        async with self._database.reader() as session:
            ids = (await session.scalars(query)).all()
        if not ids:
            return []
        claimed = []
        async with self._database.session() as session:
            await session.execute(
                update(Webhook)
                .where(Webhook.state == "pending", Webhook.attempts >= ATTEMPTS, Webhook.next_at <= time)
                .values(state="dead", last_error="the worker died over every attempt")
            )
            for message_id in sorted(ids):  # in one order: another worker that claims them waits, and not in a circle
                taken = await session.execute(
                    update(Webhook)
                    .where(Webhook.id == message_id, Webhook.state == "pending", Webhook.next_at <= time)
                    .values(next_at=time + _LEASE, attempts=Webhook.attempts + 1)
                )
                if isinstance(taken, CursorResult) and taken.rowcount == 1:
                    claimed.append(message_id)
            return (await session.scalars(select(Webhook).where(Webhook.id.in_(claimed)))).all()

    async def delivered(self, message: Webhook) -> None:
        """Notes that it was taken."""
        await self._note(message, state="delivered", last_error="")

    async def failed(self, message: Webhook, why: str, *, for_good: bool = False) -> None:
        """Notes that it was not taken: it is tried again later, unless there have been enough attempts.

        Args:
            message: As it was claimed.
            why: For whoever looks.
            for_good: Whether there is no use in trying again.
        """
        dead = for_good or message.attempts >= ATTEMPTS
        state, next_at = ("dead", message.next_at) if dead else ("pending", now() + pause_after(message.attempts))
        await self._note(message, state=state, next_at=next_at, last_error=why[:500])

    async def _note(self, message: Webhook, **values: Any) -> None:
        query = update(Webhook).where(
            Webhook.id == message.id, Webhook.state == "pending", Webhook.attempts == message.attempts
        )
        async with self._database.session() as session:
            await session.execute(query.values(**values))

    async def sweep(self) -> None:
        """Forgets messages whose jobs are gone, and secrets that sign no more."""
        async with self._database.session() as session:
            gone = ~select(Job.id).where(Job.id == Webhook.job_id).exists()
            await session.execute(delete(Webhook).where(Webhook.state != "pending", gone))
            await session.execute(delete(WebhookSecret).where(WebhookSecret.expires_at < now()))

    # --- what callers do ---------------------------------------------------------------------------------------------
    async def page(
        self, tenant_id: str, *, state: str = "", limit: int = 20, cursor: str = ""
    ) -> tuple[Sequence[Webhook], str]:
        """A tenant's messages, newest first, and the cursor of the next page (empty at the end).

        Raises:
            InvalidOption: The cursor is none of ours.
        """
        query = select(Webhook).where(Webhook.tenant_id == tenant_id)
        if state:
            query = query.where(Webhook.state == state)
        if cursor:
            at, last = read_cursor(cursor)
            query = query.where(or_(Webhook.created_at < at, and_(Webhook.created_at == at, Webhook.id < last)))
        query = query.order_by(Webhook.created_at.desc(), Webhook.id.desc()).limit(limit + 1)
        async with self._database.reader() as session:
            rows = (await session.scalars(query)).all()
        more = write_cursor(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else ""
        return rows[:limit], more

    async def redeliver(self, message_id: str, tenant_id: str) -> Webhook | None:
        """Has a message delivered again, with all its attempts; None if there is no such one.

        Args:
            message_id: Which.
            tenant_id: Whose.
        """
        async with self._database.session() as session:
            message = await session.get(Webhook, message_id)
            if message is None or message.tenant_id != tenant_id:
                return None
            message.state, message.attempts, message.next_at, message.last_error = "pending", 0, now(), ""
        return message

    async def secrets(self, tenant_id: str) -> list[str]:
        """What a tenant's messages are signed with, the newest first; made when it is first needed.

        Raises:
            SettingsInvalid: They were sealed with another secret of the service.
        """
        query = (
            select(WebhookSecret)
            .where(WebhookSecret.tenant_id == tenant_id)
            .where(or_(WebhookSecret.expires_at.is_(None), WebhookSecret.expires_at > now()))
            .order_by(WebhookSecret.created_at.desc(), WebhookSecret.id)
        )
        async with self._database.reader() as session:
            found = (await session.scalars(query)).all()
        if found:
            return [self._seals.open(entry.secret, tenant_id) for entry in found]
        return await self.rotate(tenant_id)

    async def rotate(self, tenant_id: str) -> list[str]:
        """Makes a new secret. The one before it signs for another day, so that receivers can change over.

        Returns:
            The new one, then the one before it, if there was one.
        """
        time = now()
        fresh = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        async with self._database.session() as session:
            mine = WebhookSecret.tenant_id == tenant_id
            await session.execute(delete(WebhookSecret).where(mine, WebhookSecret.expires_at.is_not(None)))
            await session.execute(update(WebhookSecret).where(mine).values(expires_at=time + _REPLACED))
            old = (await session.scalars(select(WebhookSecret.secret).where(mine))).all()
            sealed = self._seals.seal(fresh, tenant_id)
            session.add(WebhookSecret(id=new_id("sec"), tenant_id=tenant_id, secret=sealed, created_at=time))
        return [fresh, *(self._seals.open(secret, tenant_id) for secret in old)]

    @property
    def _seals(self) -> Sealer:
        if self._sealer is None:
            raise RuntimeError("secrets are read with a sealer only")
        return self._sealer
