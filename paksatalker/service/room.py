"""The room that a tenant's files take: what is stored, and what is kept free for uploads that are not finished."""

from __future__ import annotations

from functools import partial

from sqlalchemy import and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from paksatalker.service.tables import Asset, Job, Tenant, Upload, Voice, now


class StorageFull(Exception):
    """The tenant has used its room.

    Attributes:
        used: Bytes.
        quota: Bytes.
    """

    def __init__(self, used: int, quota: int) -> None:
        self.used, self.quota = used, quota
        super().__init__(f"{used} of {quota} bytes are used")


async def take_room(session: AsyncSession, tenant_id: str, quota: int, wanted: int, *, upload_id: str = "") -> None:
    """Makes sure, until the transaction ends, that there is room for so many bytes.

    Args:
        session: In which the file is noted.
        tenant_id: Whose.
        quota: A tenant's bytes, unless it has its own.
        wanted: Bytes.
        upload_id: The upload that the file comes from: what is kept free for it counts no more.

    Raises:
        StorageFull: There is none.
    """
    used, quota = await session.run_sync(partial(room, lock=True, upload_id=upload_id), tenant_id, quota)
    if used + wanted > quota:
        raise StorageFull(used, quota)


def room(session: Session, tenant_id: str, quota: int, *, lock: bool = False, upload_id: str = "") -> tuple[int, int]:
    """Bytes that a tenant's files, videos, voices and unfinished uploads take, and bytes there are.

    Args:
        session: To read with.
        tenant_id: Whose.
        quota: A tenant's bytes, unless it has its own.
        lock: Whether others of the tenant wait until the transaction ends.
        upload_id: An upload that does not count.
    """
    tenant = session.get(Tenant, tenant_id, with_for_update=lock or None)
    own = None if tenant is None else tenant.storage_bytes
    coming = and_(Upload.state == "open", Upload.expires_at > now(), Upload.id != upload_id)
    used = 0
    for table, size, which in (
        (Asset, Asset.bytes, true()), (Job, Job.stored_bytes, true()), (Voice, Voice.bytes, true()),
        (Upload, Upload.length, coming),
    ):  # fmt: skip
        query = select(func.coalesce(func.sum(size), 0)).where(table.tenant_id == tenant_id, which)
        used += int(session.scalar(query) or 0)
    return used, quota if own is None else own
