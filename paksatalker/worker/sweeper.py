"""Deletes what has expired, and what was left half-done by processes that were killed.

Files go first, then the row that names them: whoever is killed in between leaves a row without files, which the next
round finds again, and never files that nobody knows of.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from pathlib import Path

from sqlalchemy import delete, select

from paksatalker.service.audit import LIFECYCLE, note
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.ids import is_id
from paksatalker.service.parts import PartStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.sound_manifests import SoundManifests
from paksatalker.service.states import State
from paksatalker.service.tables import Asset, Job, Upload, Webhook, now
from paksatalker.service.uploads import UploadState
from paksatalker.worker.long_videos import clear
from paksatalker.worker.work_folder import sweep, uploads_of

_log = logging.getLogger(__name__)

EVERY_SECONDS = 300.0
_AT_ONCE = 100  # rows a round
#: A file that is being stored and has not grown for so long is nobody's.
ABANDONED_SECONDS = 6 * 3600.0
_STAGED = re.compile(r".+#\d+")  # how the local store calls a file that it is writing
_ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
_OPEN = (State.QUEUED, State.RUNNING)


class Sweeper:
    """The lifecycle of files and rows. Any number of workers may run one at the same time.

    Args:
        settings: Of the service: where files lie.
        database: Rows that expire.
        files: Their files.
    """

    def __init__(self, settings: ServiceSettings, database: Database, files: FileStore) -> None:
        self._settings, self._database, self._files = settings, database, files

    async def run(self, every: float = EVERY_SECONDS) -> None:
        """Sweeps until it is cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001  (videos are made even while a bucket or a disk is away)
                _log.warning("the sweep was not finished: %s: %s", type(error).__name__, error)
            await asyncio.sleep(every)

    async def sweep(self) -> int:
        """Deletes all that is to go. Returns how many folders, files and objects those were."""
        count = await asyncio.to_thread(self.sweep_disk) + await self._clear_parts()
        for step in (self._expire_jobs, self._expire_assets, self._expire_uploads):
            while (found := await step()) > 0:
                count += found
        count += await SoundManifests(self._files).expire()
        if count:
            _log.info("swept %d expired or abandoned objects", count)
        return count

    def sweep_disk(self) -> int:
        """Deletes folders of dead workers and uploads, and files that were never stored to their end."""
        count = sweep(self._settings.work) + sweep(uploads_of(self._settings))
        if self._settings.s3_bucket:
            return count
        before = time.time() - ABANDONED_SECONDS
        # Not rglob: another sweeper deletes folders meanwhile, and os.walk passes over those.
        for folder, _, names in os.walk(self._settings.home / "files"):
            count += sum(_remove(Path(folder, name), before) for name in names if _STAGED.fullmatch(name))
        return count

    async def _clear_parts(self) -> int:
        """Those of videos that have ended while nobody was at them, or whose workers were killed before they swept."""
        store = PartStore(self._database)
        ended = await store.over()
        for video, over in ended:
            await clear(self._files, store, video, ended=over)
        return len(ended)

    async def _expire_jobs(self) -> int:
        query = select(Job.id, Job.tenant_id).where(Job.expires_at <= now(), Job.state.in_(_ENDED)).limit(_AT_ONCE)
        async with self._database.reader() as session:
            rows = (await session.execute(query)).all()
        for job_id, tenant_id in rows:
            await self._files.delete(f"{tenant_id}/{job_id}")
            async with self._database.session() as session:
                row = await session.get(Job, job_id, with_for_update=True)
                if row is not None:
                    await session.execute(delete(Webhook).where(Webhook.job_id == job_id, Webhook.state != "pending"))
                    await session.delete(row)
                    if is_id(job_id, "vid"):  # that a voice was ordered is forgotten, not the voice
                        note(session, tenant_id, LIFECYCLE, "video.expired", job_id)
        return len(rows)

    async def _expire_assets(self) -> int:
        """Those that no job still needs: a job may wait longer than its photo was to be kept."""
        async with self._database.reader() as session:
            rows = (await session.scalars(select(Asset).where(Asset.expires_at <= now()))).all()
            needed = {
                value
                for request in (await session.scalars(select(Job.request).where(Job.state.in_(_OPEN)))).all()
                for value in request.values()
                if isinstance(value, str)
            } if rows else set()  # fmt: skip
        chosen = [row for row in rows if row.id not in needed][:_AT_ONCE]
        for asset in chosen:
            await self._files.delete(asset.file)
            async with self._database.session() as session:
                row = await session.get(Asset, asset.id, with_for_update=True)
                if row is not None:
                    await session.delete(row)
                    note(session, asset.tenant_id, LIFECYCLE, "asset.expired", asset.id)
        return len(chosen)

    async def _expire_uploads(self) -> int:
        """What nobody has finished, with all that has come of it; what has become an asset is only forgotten."""
        query = select(Upload.id, Upload.tenant_id, Upload.state).where(Upload.expires_at <= now()).limit(_AT_ONCE)
        async with self._database.reader() as session:
            rows = (await session.execute(query)).all()
        for upload_id, tenant_id, state in rows:
            await self._files.delete(f"{tenant_id}/uploads/{upload_id}")
            async with self._database.session() as session:
                await session.execute(delete(Upload).where(Upload.id == upload_id, Upload.expires_at <= now()))
                if state == UploadState.OPEN:
                    note(session, tenant_id, LIFECYCLE, "upload.expired", upload_id)
        return len(rows)


def _remove(path: Path, before: float) -> bool:
    """Deletes a file that was last written before a time, seconds since 1970. Returns whether it did."""
    try:
        if path.stat().st_mtime > before:
            return False
        path.unlink()
    except FileNotFoundError:  # another worker was faster
        return False
    except OSError as error:
        _log.warning("cannot delete %s: %s", path.name, error.strerror)
        return False
    return True
