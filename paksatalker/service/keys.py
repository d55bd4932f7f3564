"""API keys: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from paksatalker.errors import InvalidOption
from paksatalker.service.audit import OPERATOR, note
from paksatalker.service.database import Database
from paksatalker.service.ids import is_id, new_id, random_text
from paksatalker.service.tables import ApiKey, Tenant, now

_log = logging.getLogger(__name__)

#: What a key may allow. ``admin`` may make and revoke the keys of its tenant.
SCOPES = ("videos", "assets", "voices", "scripts", "speech", "live", "admin")
_SECRET = 43  # letters and digits: 256 bits
_NOTED_EVERY = timedelta(minutes=1)  # the time of last use is no reason to write at every request


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        tenant_id: Whose objects are seen.
        key_id: With which key.
        scopes: What it may do.
        requests_per_minute: Its own limit, or None.
    """

    tenant_id: str
    key_id: str
    scopes: frozenset[str]
    requests_per_minute: int | None = None


class KeyStore:
    """Makes, checks and revokes keys.

    A key is ``key_ID.SECRET``. The secret is random in 256 bits, so that one SHA-256 is enough of a hash: there is
    nothing to guess that a slow hash would protect.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        name: str,
        scopes: Iterable[str] = SCOPES,
        *,
        tenant_id: str | None = None,
        tenant: str = "",
        expires_at: datetime | None = None,
        requests_per_minute: int | None = None,
        by: str = OPERATOR,
    ) -> str:
        """Makes a key and returns it; it cannot be shown again.

        Args:
            name: What it is for.
            scopes: Some of :data:`SCOPES`.
            tenant_id: Whose; None makes a new tenant.
            tenant: The new tenant's name.
            expires_at: When it ends by itself.
            requests_per_minute: Its own limit.
            by: Who makes it, for the audit log.

        Raises:
            InvalidOption: An unknown scope, or no such tenant.
        """
        chosen = sorted(set(scopes))
        if unknown := [scope for scope in chosen if scope not in SCOPES]:
            raise InvalidOption(f"there is no scope '{unknown[0]}'", fix=f"Choose of: {', '.join(SCOPES)}")
        secret, key_id = random_text(_SECRET), new_id("key")
        async with self._database.session() as session:
            if tenant_id is None:
                tenant_id = new_id("ten")
                session.add(Tenant(id=tenant_id, name=tenant or name))
                await session.flush()
            elif await session.get(Tenant, tenant_id) is None:
                raise InvalidOption(f"there is no tenant '{tenant_id}'", fix="See: paksatalker keys list")
            session.add(
                ApiKey(
                    id=key_id, tenant_id=tenant_id, name=name, hash=_hash(secret), scopes=chosen,
                    expires_at=expires_at, requests_per_minute=requests_per_minute,
                )
            )  # fmt: skip
            note(session, tenant_id, by, "key.created", key_id, scopes=" ".join(chosen))
        return f"{key_id}.{secret}"

    async def check(self, key: str) -> Caller | None:
        """Who shows this key; None if it is none of ours, or expired or revoked."""
        key_id, _, secret = key.partition(".")
        if not is_id(key_id, "key") or len(secret) != _SECRET:
            return None
        async with self._database.reader() as session:
            found = await session.get(ApiKey, key_id)
        if found is None or not hmac.compare_digest(found.hash, _hash(secret)):
            return None
        time = now()
        if not _opens(found, time):
            return None
        if found.last_used_at is None or time - found.last_used_at > _NOTED_EVERY:
            try:
                await self._database.write(
                    lambda session: session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=time))
                )
            except SQLAlchemyError as error:  # it opens all the same: a full disk shuts nobody out
                _log.warning("the use of key %s is not noted: %s", key_id, type(error).__name__)
        return Caller(found.tenant_id, key_id, frozenset(found.scopes), found.requests_per_minute)

    async def still_opens(self, caller: Caller) -> bool:
        """Whether the key with which somebody came in long ago would let them in now."""
        async with self._database.reader() as session:
            found = await session.get(ApiKey, caller.key_id)
        return found is not None and _opens(found, now())

    async def revoke(self, key_id: str, tenant_id: str | None = None, by: str = OPERATOR) -> bool:
        """Ends a key. False if there is none, or it is another tenant's.

        Args:
            key_id: Its public part.
            tenant_id: Whose it must be; None for anybody's (the operator).
            by: Who ends it, for the audit log.
        """
        async with self._database.session() as session:
            found = await session.get(ApiKey, key_id)
            if found is None or (tenant_id is not None and found.tenant_id != tenant_id):
                return False
            if found.revoked_at is None:
                found.revoked_at = now()
                note(session, found.tenant_id, by, "key.revoked", key_id)
        return True

    async def all(self, tenant_id: str | None = None) -> Sequence[ApiKey]:
        """All keys, or those of a tenant, oldest first."""
        query = select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)
        if tenant_id is not None:
            query = query.where(ApiKey.tenant_id == tenant_id)
        async with self._database.reader() as session:
            return (await session.scalars(query)).all()


def _opens(key: ApiKey, time: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > time)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
