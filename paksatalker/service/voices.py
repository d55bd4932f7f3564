"""Voices that resemble a speaker: each is its tenant's own, and lies beside the record of the speaker's consent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from paksatalker.service.audit import note
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.ids import is_id, new_id
from paksatalker.service.states import State
from paksatalker.service.tables import Job, Tenant, Voice, now

#: Voices of a tenant.
MOST_VOICES = 100
_ORDERED = timedelta(minutes=1)  # between a voice and its job; one that has none then will never be made
VOICE_FILE, CONSENT_FILE = "voice.json", "voice.consent.json"


class VoiceTaken(Exception):
    """The tenant has a voice of this name, or as many voices as there may be."""


class VoiceStore:
    """Voices in the database.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, tenant_id: str, key_id: str, name: str, consent: dict[str, Any]) -> Voice:
        """Notes a voice that is to be made, and the consent to it; replaces one of this name that was never made.

        Args:
            tenant_id: Whose.
            key_id: Asked for with this key.
            name: What the tenant calls it.
            consent: The record.

        Raises:
            VoiceTaken: The name is in use, or there are too many.
        """
        voice = Voice(
            id=new_id("voi"), tenant_id=tenant_id, key_id=key_id, name=name, consent=consent, facts={}, created_at=now()
        )
        mine = Voice.tenant_id == tenant_id
        lost = and_(Voice.job_id.is_(None), Voice.created_at < now() - _ORDERED)
        ended = or_(lost, and_(Voice.job_id.is_not(None), Voice.job_id.not_in(_open(tenant_id))))
        try:
            async with self._database.session() as session:
                await session.get(Tenant, tenant_id, with_for_update=True)  # they are counted one after another
                await session.execute(delete(Voice).where(mine, Voice.name == name, Voice.digest.is_(None), ended))
                if int(await session.scalar(select(func.count()).where(mine)) or 0) >= MOST_VOICES:
                    raise VoiceTaken(f"there are {MOST_VOICES} voices already")
                session.add(voice)
                note(session, tenant_id, key_id, "voice.consented", voice.id, recordings=len(consent["references"]))
        except IntegrityError:
            raise VoiceTaken(f"there is a voice '{name}' already") from None
        return voice

    async def queued(self, voice: Voice, job_id: str) -> None:
        """Notes the job that makes it."""
        async with self._database.session() as session:
            await session.execute(update(Voice).where(Voice.id == voice.id).values(job_id=job_id))
        voice.job_id = job_id

    async def made(
        self, voice_id: str, job_id: str, file: str, digest: str, facts: dict[str, Any], *, size: int
    ) -> bool:
        """Notes where a voice lies that was made; False if it was deleted meanwhile, and its files must go.

        Args:
            voice_id: Which.
            job_id: That made it.
            file: Prefix of its keys in the file store.
            digest: SHA-256 of its content.
            facts: What is known of it: how alike it is, to whom.
            size: Of its files, bytes.
        """
        query = update(Voice).where(Voice.id == voice_id, Voice.job_id == job_id)
        async with self._database.session() as session:
            result = await session.execute(query.values(file=file, digest=digest, facts=facts, bytes=size))
        return isinstance(result, CursorResult) and result.rowcount == 1

    async def get(self, voice_id: str, tenant_id: str) -> Voice | None:
        """A voice, if it is this tenant's."""
        async with self._database.reader() as session:
            found = await session.get(Voice, voice_id) if is_id(voice_id, "voi") else None
        return None if found is None or found.tenant_id != tenant_id else found

    async def named(self, name: str, tenant_id: str) -> Voice | None:
        """A voice by what its tenant calls it, or by its id."""
        if found := await self.get(name, tenant_id):
            return found
        query = select(Voice).where(Voice.tenant_id == tenant_id, Voice.name == name)
        async with self._database.reader() as session:
            return (await session.scalars(query)).one_or_none()

    async def all(self, tenant_id: str) -> Sequence[tuple[Voice, Job | None]]:
        """A tenant's voices, newest first, with the jobs that make them."""
        query = select(Voice, Job).outerjoin(Job, Job.id == Voice.job_id).where(Voice.tenant_id == tenant_id)
        async with self._database.reader() as session:
            rows = (await session.execute(query.order_by(Voice.created_at.desc(), Voice.id.desc()))).all()
        return [(voice, job) for voice, job in rows]

    async def delete(self, voice: Voice, by: str) -> None:
        """Forgets a voice and the record of consent.

        Args:
            voice: Which.
            by: Who asks for it, for the audit log.
        """
        async with self._database.session() as session:
            await session.execute(delete(Voice).where(Voice.id == voice.id))
            note(session, voice.tenant_id, by, "voice.deleted", voice.id)


def folder_of(tenant_id: str, voice_id: str) -> str:
    """Where the files of a voice lie in the file store."""
    return f"{tenant_id}/voices/{voice_id}"


async def read_voice(files: FileStore, voice: Voice) -> tuple[str, str]:
    """A voice and its record of consent, JSON.

    Raises:
        FileNotFoundError: It was not made, or is gone.
    """
    if voice.file is None:
        raise FileNotFoundError(voice.id)
    contents = []
    for name in (VOICE_FILE, CONSENT_FILE):
        contents.append(b"".join([piece async for piece in files.read(f"{voice.file}/{name}")]).decode())
    return contents[0], contents[1]


def digest_of(voice: str, consent: str) -> str:
    """SHA-256 of what a voice is."""
    return hashlib.sha256(f"{voice}\0{consent}".encode()).hexdigest()


def _open(tenant_id: str) -> Any:
    """Jobs that have not ended; those that have are forgotten after a while."""
    return select(Job.id).where(Job.tenant_id == tenant_id, Job.state.in_((State.QUEUED, State.RUNNING)))
