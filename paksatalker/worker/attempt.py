"""What every attempt at a job does, whatever is made: it fetches its files, and looks whether it is still wanted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paksatalker.errors import error_dict
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.jobs import JobStore
from paksatalker.service.tables import Asset, Job
from paksatalker.worker.process import RenderFailed

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.3  # between two looks at whether a job was cancelled
_HEARD_SECONDS = 2.0  # between two notes that somebody is at the job


async def fetch_assets(
    database: Database,
    files: FileStore,
    job: Job,
    assets: Mapping[str, str],
    folder: Path,
    *,
    called: str = "",
) -> dict[str, Path]:
    """Fetches files that a job is made of.

    Args:
        database: Where assets are.
        files: Where their files are.
        job: Assets of other tenants than its own are as good as gone.
        assets: Their ids, by field.
        folder: For the files.
        called: What messages call one; empty is its field.

    Returns:
        The files, by field.

    Raises:
        RenderFailed: One is gone.
    """
    paths = {}
    for field, asset_id in assets.items():
        async with database.reader() as session:
            asset = await session.get(Asset, asset_id)
        if asset is None or asset.tenant_id != job.tenant_id:
            raise RenderFailed(_gone(called or field, asset_id))
        paths[field] = folder / f"{field}{Path(asset.name).suffix[:10]}"
        try:
            await files.fetch(asset.file, paths[field])
        except FileNotFoundError as error:
            raise RenderFailed(_gone(called or field, asset_id)) from error
    return paths


async def watch(jobs: JobStore, job: Job, cancel: asyncio.Event) -> None:
    """Says that somebody is at the job; sets ``cancel`` when it is to stop, or this attempt is not the latest."""
    heard = time.monotonic()
    while not cancel.is_set():
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            if time.monotonic() - heard > _HEARD_SECONDS:
                heard, wanted = time.monotonic(), await jobs.progress(job)
            else:
                latest = await jobs.get(job.id)
                wanted = latest is not None and not latest.cancel_requested and latest.attempt == job.attempt
        except Exception as error:  # noqa: BLE001  (a database that is away is no reason to stop)
            _log.warning("cannot see whether it is still wanted: %s: %s", type(error).__name__, error)
            continue
        if not wanted:
            cancel.set()


def _gone(field: str, asset_id: str) -> dict[str, Any]:
    what, why, fix = f"the {field} cannot be read", f"the asset {asset_id} is gone", "Upload it again"
    return error_dict("AssetGone", what, why, fix)
