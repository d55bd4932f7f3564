"""Who did what to which object, for good: never texts, never keys."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from paksatalker.service.database import Database
from paksatalker.service.tables import AuditEntry

#: In place of a key: the service itself, and whoever may start programs on its machine.
LIFECYCLE, OPERATOR = "lifecycle", "operator"


def note(
    session: AsyncSession | Session,
    tenant_id: str,
    by: str,
    action: str,
    object_id: str,
    **detail: str | float | bool,
) -> None:
    """Notes an act within its own transaction: there is no act without a note, and no note without the act.

    Args:
        session: Of the act.
        tenant_id: Whose object it is.
        by: Id of the key that asked for it, :data:`LIFECYCLE` or :data:`OPERATOR`.
        action: What was done, e.g. ``key.created``.
        object_id: To what.
        detail: More, in few words.
    """
    session.add(AuditEntry(tenant_id=tenant_id, key_id=by, action=action, object_id=object_id, detail=detail))


async def entries(
    database: Database, tenant_id: str, limit: int = 100, before: int | None = None
) -> Sequence[AuditEntry]:
    """What was done in a tenant, newest first.

    Args:
        database: Where it is noted.
        tenant_id: Of whom.
        limit: At most so many.
        before: Id of an entry: only older ones.
    """
    query = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    async with database.reader() as session:
        return (await session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit))).all()
