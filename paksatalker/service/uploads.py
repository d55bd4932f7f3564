"""Files that come in pieces, over connections that break: what is there of each, and who is adding to it.

The pieces lie in the file store, so that any process of the API can go on where another one stopped. A piece counts
when the database has noted it (``WHERE offset = … AND holder = …``): whoever asks for the offset is told of no byte
that could still be lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from paksatalker.service.audit import note
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.room import take_room
from paksatalker.service.tables import Upload, UploadPiece, now

_log = logging.getLogger(__name__)

#: Uploads of a tenant that are not finished.
MOST_OPEN = 100
#: Pieces of an upload.
MOST_PIECES = 10_000
_HELD = timedelta(seconds=20)  # who says nothing for so long is dead, and another may go on
_RENEWED = 5.0
_TOLD = timedelta(hours=24)  # what has become of an upload is known for so long


class UploadState(StrEnum):
    """What an upload is doing."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class TooManyUploads(Exception):
    """The tenant has begun many uploads and finished none."""


class UploadHeld(Exception):
    """Somebody else is adding to the upload."""


class UploadLost(Exception):
    """The upload is gone, or somebody else adds to it since this one was thought dead."""


class UploadStore:
    """Uploads in the database.

    Args:
        database: Where.
        storage_bytes: A tenant's room, unless it has its own.
        hours: An upload that is not finished expires after so many.
    """

    def __init__(self, database: Database, storage_bytes: int, hours: float) -> None:
        self._database = database
        self._storage, self._life = storage_bytes, timedelta(hours=hours)

    async def create(self, tenant_id: str, key_id: str, name: str, length: int, told: str = "") -> Upload:
        """Begins an upload; its room is kept free until it ends.

        Args:
            tenant_id: Whose.
            key_id: Begun with this key.
            name: What the sender calls the file.
            length: Of the whole file, bytes.
            told: What else the sender says of it, to be told again.

        Raises:
            StorageFull: There is no room for it.
            TooManyUploads: Others must be finished first.
        """
        time = now()
        upload = Upload(
            id=new_id("upl"), tenant_id=tenant_id, key_id=key_id, name=name, told=told, length=length, offset=0,
            pieces=0, state=UploadState.OPEN, created_at=time, expires_at=time + self._life,
        )  # fmt: skip
        async with self._database.session() as session:
            await take_room(session, tenant_id, self._storage, length)
            begun = select(func.count()).where(
                Upload.tenant_id == tenant_id, Upload.state == UploadState.OPEN, Upload.expires_at > time
            )
            if int(await session.scalar(begun) or 0) >= MOST_OPEN:
                raise TooManyUploads
            session.add(upload)
        return upload

    async def get(self, upload_id: str, tenant_id: str) -> Upload | None:
        """An upload, if it is this tenant's and has not expired."""
        async with self._database.reader() as session:
            found = await session.get(Upload, upload_id)
        if found is None or found.tenant_id != tenant_id or found.expires_at <= now():
            return None
        return found

    @asynccontextmanager
    async def hold(self, upload: Upload) -> AsyncIterator[Upload]:
        """Lets nobody else add to an open upload; yields it as it is now.

        Raises:
            UploadHeld: Somebody else is at it.
        """
        holder, time = new_id("hld"), now()
        free = or_(Upload.holder.is_(None), Upload.held_until <= time)
        taken = {"holder": holder, "held_until": time + _HELD}
        if not await self._change(upload.id, free, Upload.state == UploadState.OPEN, **taken):
            raise UploadHeld(upload.id)
        renewing = asyncio.ensure_future(self._renew(upload.id, holder))
        try:
            async with self._database.reader() as session:
                held = await session.get(Upload, upload.id)
            if held is None:
                raise UploadLost(upload.id)
            yield held
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await renewing
            await asyncio.shield(
                self._change(upload.id, Upload.holder == holder, holder=None, held_until=None)
            )  # fmt: skip

    async def _renew(self, upload_id: str, holder: str) -> None:
        while True:
            await asyncio.sleep(_RENEWED)
            try:
                await self._change(upload_id, Upload.holder == holder, held_until=now() + _HELD)
            except Exception as error:  # noqa: BLE001  (a database that is away for a moment)
                _log.warning("an upload is not held any longer: %s: %s", type(error).__name__, error)

    async def advance(self, upload: Upload, pieces: Sequence[tuple[str, int]]) -> None:
        """Counts pieces that are stored; changes ``upload``, too.

        Args:
            upload: As it was held.
            pieces: The key of each in the file store, and its bytes; in order.

        Raises:
            UploadLost: They do not count, and must go.
        """
        rows, offset = [], upload.offset
        for file, size in pieces:
            rows.append({"upload_id": upload.id, "offset": offset, "file": file})
            offset += size
        guard = (Upload.holder == upload.holder, Upload.offset == upload.offset, Upload.state == UploadState.OPEN)
        values = {"offset": offset, "pieces": upload.pieces + len(rows)}
        async with self._database.session() as session:
            result = await session.execute(update(Upload).where(Upload.id == upload.id, *guard).values(**values))
            if not isinstance(result, CursorResult) or result.rowcount != 1:
                raise UploadLost(upload.id)
            await session.execute(insert(UploadPiece), rows)
        upload.offset, upload.pieces = offset, upload.pieces + len(rows)

    async def pieces(self, upload: Upload) -> Sequence[str]:
        """The keys of all pieces of an upload in the file store, in order."""
        query = select(UploadPiece.file).where(UploadPiece.upload_id == upload.id).order_by(UploadPiece.offset)
        async with self._database.reader() as session:
            return (await session.scalars(query)).all()

    async def fail(self, upload: Upload, error: dict[str, str]) -> None:
        """Notes that the file is whole and of no use."""
        values: dict[str, Any] = {"state": UploadState.FAILED, "error": error, "expires_at": now() + _TOLD}
        async with self._database.session() as session:
            mine = (Upload.id == upload.id, Upload.holder == upload.holder)
            result = await session.execute(update(Upload).where(*mine).values(**values))
            if isinstance(result, CursorResult) and result.rowcount == 1:
                await _forget_pieces(session, upload)
        upload.state, upload.error = UploadState.FAILED, error

    async def delete(self, upload: Upload, by: str) -> None:
        """Forgets an upload; who is adding to it is stopped at the next piece.

        Args:
            upload: Which.
            by: Who asks for it, for the audit log.
        """
        async with self._database.session() as session:
            await session.execute(delete(Upload).where(Upload.id == upload.id))
            note(session, upload.tenant_id, by, "upload.deleted", upload.id)

    async def _change(self, upload_id: str, *guard: Any, **values: Any) -> bool:
        async with self._database.session() as session:
            result = await session.execute(update(Upload).where(Upload.id == upload_id, *guard).values(**values))
        return isinstance(result, CursorResult) and result.rowcount == 1


async def finish(session: AsyncSession, upload: Upload, asset_id: str) -> None:
    """Notes what an upload has become, in the transaction that makes the asset.

    Raises:
        UploadLost: It is gone, or somebody else has finished it.
    """
    mine = (Upload.id == upload.id, Upload.state == UploadState.OPEN, Upload.holder == upload.holder)
    values = {"state": UploadState.DONE, "asset_id": asset_id, "expires_at": now() + _TOLD}
    result = await session.execute(update(Upload).where(*mine).values(**values))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise UploadLost(upload.id)
    await _forget_pieces(session, upload)
    upload.state, upload.asset_id = UploadState.DONE, asset_id


async def _forget_pieces(session: AsyncSession, upload: Upload) -> None:
    await session.execute(delete(UploadPiece).where(UploadPiece.upload_id == upload.id))
