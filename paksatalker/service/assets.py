"""Uploaded files in the database, and the room they take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, or_, select

from paksatalker.service.audit import OPERATOR, note
from paksatalker.service.avatars import needed_pictures
from paksatalker.service.cursor import read_cursor, write_cursor
from paksatalker.service.database import Database
from paksatalker.service.room import StorageFull, room, take_room
from paksatalker.service.states import State
from paksatalker.service.tables import Asset, Job, Upload, now
from paksatalker.service.uploads import finish

__all__ = ["AssetInUse", "AssetStore", "StorageFull"]


class AssetInUse(Exception):
    """A video that waits or is made needs the file, or an avatar."""


class AssetStore:
    """Keeps what is known about uploaded files; the files themselves are in the file store.

    Args:
        database: Where.
        storage_bytes: A tenant's room, unless it has its own.
        keep_days: Assets expire after so many days; 0 keeps them.
    """

    def __init__(self, database: Database, storage_bytes: int, keep_days: float = 0) -> None:
        self._database = database
        self._storage = storage_bytes
        self._keep = timedelta(days=keep_days) if keep_days else None

    async def add(self, asset: Asset, upload: Upload | None = None) -> Asset:
        """Notes a file that is stored.

        Args:
            asset: The file.
            upload: What it comes from; it is finished by this.

        Raises:
            StorageFull: It does not fit; the file must go.
            UploadLost: The upload is gone or finished already; the file must go.
        """
        asset.created_at = now()
        asset.expires_at = asset.created_at + self._keep if self._keep else None
        async with self._database.session() as session:
            upload_id = "" if upload is None else upload.id
            await take_room(session, asset.tenant_id, self._storage, asset.bytes, upload_id=upload_id)
            session.add(asset)
            if upload is not None:
                await finish(session, upload, asset.id)
        return asset

    async def free(self, tenant_id: str) -> int:
        """Bytes that a tenant may still store."""
        used, quota = await self._database.read(lambda session: room(session, tenant_id, self._storage))
        return max(quota - used, 0)

    async def get(self, asset_id: str, tenant_id: str) -> Asset | None:
        """An asset, if it is this tenant's and has not expired."""
        async with self._database.reader() as session:
            found = await session.get(Asset, asset_id)
        if found is None or found.tenant_id != tenant_id:
            return None
        return None if found.expires_at is not None and found.expires_at <= now() else found

    async def page(
        self, tenant_id: str, *, limit: int = 20, cursor: str = "", kind: str = ""
    ) -> tuple[Sequence[Asset], str]:
        """A tenant's assets, newest first, and the cursor of the next page (empty at the end).

        Raises:
            InvalidOption: The cursor is none of ours.
        """
        query = select(Asset).where(
            Asset.tenant_id == tenant_id, or_(Asset.expires_at.is_(None), Asset.expires_at > now())
        )
        if kind:
            query = query.where(Asset.kind == kind)
        if cursor:
            at, last = read_cursor(cursor)
            query = query.where(or_(Asset.created_at < at, and_(Asset.created_at == at, Asset.id < last)))
        query = query.order_by(Asset.created_at.desc(), Asset.id.desc()).limit(limit + 1)
        async with self._database.reader() as session:
            rows = (await session.scalars(query)).all()
        more = write_cursor(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else ""
        return rows[:limit], more

    async def delete(self, asset_id: str, tenant_id: str, by: str = OPERATOR) -> Asset | None:
        """Forgets an asset and returns it, so that its file can be deleted; None if there is none.

        Args:
            asset_id: Which.
            tenant_id: Whose it must be.
            by: Who asks for it, for the audit log.

        Raises:
            AssetInUse: A job that has not ended needs it.
        """
        async with self._database.session() as session:
            found = await session.get(Asset, asset_id, with_for_update=True)  # who makes an avatar of it waits
            if found is None or found.tenant_id != tenant_id:
                return None
            unfinished = select(Job.request).where(
                Job.tenant_id == tenant_id, Job.state.in_((State.QUEUED, State.RUNNING))
            )
            if any(asset_id in request.values() for request in (await session.scalars(unfinished)).all()):
                raise AssetInUse(asset_id)
            if asset_id in await needed_pictures(session, tenant_id):
                raise AssetInUse(asset_id)
            await session.delete(found)
            note(session, tenant_id, by, "asset.deleted", asset_id)
        return found
