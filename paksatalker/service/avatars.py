"""Avatars: portraits with names, and with what is usual for them. Their pictures do not expire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from paksatalker.service.audit import note
from paksatalker.service.cursor import read_cursor, write_cursor
from paksatalker.service.database import Database
from paksatalker.service.ids import is_id, new_id
from paksatalker.service.tables import Asset, Avatar, Tenant, now

#: Avatars of a tenant.
MOST_AVATARS = 1000


class AvatarTaken(Exception):
    """The tenant has an avatar of this name, or as many avatars as there may be."""


class AvatarChanged(Exception):
    """Somebody else has changed it since it was read, or deleted it."""


class PictureGone(Exception):
    """A picture that it needs was deleted meanwhile."""


class AvatarStore:
    """Avatars in the database.

    Args:
        database: Where.
        keep_days: A picture that no avatar needs any more expires after so many days; 0 keeps it.
    """

    def __init__(self, database: Database, keep_days: float = 0) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days) if keep_days else None

    async def create(self, tenant_id: str, key_id: str, name: str, portrait: str, defaults: dict[str, Any]) -> Avatar:
        """Makes an avatar.

        Args:
            tenant_id: Whose.
            key_id: Asked for with this key.
            name: What the tenant calls it.
            portrait: An asset.
            defaults: Fields of a video that have these values unless a request says otherwise.

        Raises:
            AvatarTaken: The name is in use, or there are too many.
            PictureGone: A picture was deleted meanwhile.
        """
        time = now()
        avatar = Avatar(
            id=new_id("avt"), tenant_id=tenant_id, key_id=key_id, name=name, portrait=portrait, defaults=defaults,
            created_at=time, updated_at=time,
        )  # fmt: skip
        try:
            async with self._database.session() as session:
                await _one_after_another(session, tenant_id)
                count = select(func.count()).where(Avatar.tenant_id == tenant_id)
                if int(await session.scalar(count) or 0) >= MOST_AVATARS:
                    raise AvatarTaken(f"there are {MOST_AVATARS} avatars already")
                session.add(avatar)
                await self._keep_pictures(session, avatar)
        except IntegrityError:
            raise AvatarTaken(f"there is an avatar '{name}' already") from None
        return avatar

    async def change(self, avatar: Avatar, **values: Any) -> Avatar:
        """Changes columns of an avatar.

        Raises:
            AvatarChanged: It is not as it was read any more: what others have changed is not lost.
            AvatarTaken: The new name is in use.
            PictureGone: A picture was deleted meanwhile.
        """
        before = pictures_of(avatar)
        as_read = update(Avatar).where(Avatar.id == avatar.id, Avatar.updated_at == avatar.updated_at)
        for name, value in values.items():
            setattr(avatar, name, value)
        avatar.updated_at = now()
        columns = {name: getattr(avatar, name) for name in ("name", "portrait", "defaults", "updated_at")}
        try:
            async with self._database.session() as session:
                await _one_after_another(session, avatar.tenant_id)
                if _count(await session.execute(as_read.values(**columns))) != 1:
                    raise AvatarChanged(avatar.id)
                await self._keep_pictures(session, avatar)
                await self._let_go(session, avatar.tenant_id, before)
        except IntegrityError:
            raise AvatarTaken(f"there is an avatar '{avatar.name}' already") from None
        return avatar

    async def delete(self, avatar: Avatar, by: str) -> None:
        """Deletes an avatar; its pictures stay for a while, unless others need them.

        Args:
            avatar: Which.
            by: Who asks for it, for the audit log.
        """
        async with self._database.session() as session:
            await _one_after_another(session, avatar.tenant_id)
            found = await session.get(Avatar, avatar.id)
            if found is not None:
                await session.delete(found)
                await session.flush()
                await self._let_go(session, avatar.tenant_id, pictures_of(avatar))
                note(session, avatar.tenant_id, by, "avatar.deleted", avatar.id)

    async def named(self, name: str, tenant_id: str) -> Avatar | None:
        """An avatar by its id, or by what its tenant calls it."""
        which = Avatar.id == name if is_id(name, "avt") else Avatar.name == name
        async with self._database.reader() as session:
            return (await session.scalars(select(Avatar).where(Avatar.tenant_id == tenant_id, which))).one_or_none()

    async def page(self, tenant_id: str, *, limit: int = 20, cursor: str = "") -> tuple[Sequence[Avatar], str]:
        """A tenant's avatars, newest first, and the cursor of the next page (empty at the end).

        Raises:
            InvalidOption: The cursor is none of ours.
        """
        query = select(Avatar).where(Avatar.tenant_id == tenant_id)
        if cursor:
            at, last = read_cursor(cursor)
            query = query.where(or_(Avatar.created_at < at, and_(Avatar.created_at == at, Avatar.id < last)))
        query = query.order_by(Avatar.created_at.desc(), Avatar.id.desc()).limit(limit + 1)
        async with self._database.reader() as session:
            rows = (await session.scalars(query)).all()
        more = write_cursor(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else ""
        return rows[:limit], more

    @staticmethod
    async def _keep_pictures(session: AsyncSession, avatar: Avatar) -> None:
        pictures = pictures_of(avatar)
        mine = (Asset.tenant_id == avatar.tenant_id, Asset.id.in_(pictures))
        if _count(await session.execute(update(Asset).where(*mine).values(expires_at=None))) != len(pictures):
            raise PictureGone(avatar.id)

    async def _let_go(self, session: AsyncSession, tenant_id: str, pictures: Iterable[str]) -> None:
        """Has pictures expire again that no avatar needs."""
        if self._keep is None:
            return
        needed = await needed_pictures(session, tenant_id)
        free = (Asset.tenant_id == tenant_id, Asset.id.in_(set(pictures) - needed))
        await session.execute(update(Asset).where(*free).values(expires_at=now() + self._keep))


async def _one_after_another(session: AsyncSession, tenant_id: str) -> None:
    """Has others of a tenant wait: they are counted, and who lets go of a picture must see who needs it."""
    await session.get(Tenant, tenant_id, with_for_update=True)


def _count(result: Any) -> int:
    """How many rows a statement has changed."""
    return result.rowcount if isinstance(result, CursorResult) else 0


def pictures_of(avatar: Avatar) -> set[str]:
    """The assets that an avatar needs."""
    background = str(avatar.defaults.get("background", ""))
    return {avatar.portrait, background} if is_id(background, "ast") else {avatar.portrait}


async def needed_pictures(session: AsyncSession, tenant_id: str) -> set[str]:
    """The assets that a tenant's avatars need."""
    avatars = (await session.scalars(select(Avatar).where(Avatar.tenant_id == tenant_id))).all()
    return {asset_id for avatar in avatars for asset_id in pictures_of(avatar)}
