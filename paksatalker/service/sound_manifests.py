"""Manifests of sounds that were sent as they were spoken: they lie beside what the caller has, for a day.

A folder a day, so that what has expired is found without a list of all: ``speech/2026-11-30/TENANT/spe_….c2pa``.
"""

from __future__ import annotations

from datetime import date, timedelta

from paksatalker.service.files import FileStore
from paksatalker.service.ids import is_id, new_id
from paksatalker.service.tables import now

_FOLDER = "speech"
_KIND = "spe"


class SoundManifests:
    """Stores manifests of sounds by the sound's id.

    Args:
        files: Of the service.
    """

    def __init__(self, files: FileStore) -> None:
        self._files = files

    @staticmethod
    def new_id() -> str:
        """A name for a sound, that nobody can guess."""
        return new_id(_KIND)

    async def put(self, tenant_id: str, sound: str, manifest: bytes) -> None:
        """Keeps a manifest.

        Raises:
            DiskFull: There is no room.
            OutputUnwritable: It cannot be stored for another reason.
        """
        await self._files.put(_key(now().date(), tenant_id, sound), manifest)

    async def get(self, tenant_id: str, sound: str) -> bytes | None:
        """The manifest of a tenant's sound; None if there is none, or not any more."""
        if not is_id(sound, _KIND):
            return None
        today = now().date()
        for day in (today, today - timedelta(days=1)):
            try:
                return b"".join([piece async for piece in self._files.read(_key(day, tenant_id, sound))])
            except FileNotFoundError:
                continue
        return None

    async def expire(self) -> int:
        """Deletes those of the day before yesterday and earlier. Returns how many there were."""
        first_kept = (now().date() - timedelta(days=1)).isoformat()
        gone = [day for day in await self._files.folders(_FOLDER) if day < first_kept]
        return sum([await self._files.delete(f"{_FOLDER}/{day}") for day in gone])


def _key(day: date, tenant_id: str, sound: str) -> str:
    return f"{_FOLDER}/{day.isoformat()}/{tenant_id}/{sound}.c2pa"
