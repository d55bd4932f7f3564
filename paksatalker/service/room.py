"""The room that a tenant's files take: what is stored, and what is kept free for uploads that are not finished."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from paksatalker.service.states import State
from paksatalker.service.tables import Asset, Job, Tenant, Upload, now


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
    used, quota = await room(session, tenant_id, quota, lock=True, upload_id=upload_id)
    if used + wanted > quota:
        raise StorageFull(used, quota)


async def room(
    session: AsyncSession, tenant_id: str, quota: int, *, lock: bool = False, upload_id: str = ""
) -> tuple[int, int]:
    """Bytes that a tenant's files, videos and unfinished uploads take, and bytes there are.

    Args:
        session: To read with.
        tenant_id: Whose.
        quota: A tenant's bytes, unless it has its own.
        lock: Whether others of the tenant wait until the transaction ends.
        upload_id: An upload that does not count.
    """
    tenant = await session.get(Tenant, tenant_id, with_for_update=lock or None)
    own = None if tenant is None else tenant.storage_bytes
    files = select(func.coalesce(func.sum(Asset.bytes), 0)).where(Asset.tenant_id == tenant_id)
    video: Any = Job.result["bytes"].as_float()  # Postgres' integers end at 2 GB
    videos = select(func.coalesce(func.sum(video), 0)).where(Job.tenant_id == tenant_id, Job.state == State.SUCCEEDED)
    coming = select(func.coalesce(func.sum(Upload.length), 0)).where(
        Upload.tenant_id == tenant_id, Upload.state == "open", Upload.expires_at > now(), Upload.id != upload_id
    )
    used = sum([int(await session.scalar(query) or 0) for query in (files, videos, coming)])
    return used, quota if own is None else own
