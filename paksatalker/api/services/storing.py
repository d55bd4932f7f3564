"""A file that has come becomes an asset: it is looked at, stored and noted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from paksatalker.api.errors import ApiError
from paksatalker.api.services.uploads import Upload
from paksatalker.errors import DiskFull, OutputUnwritable
from paksatalker.service import tables
from paksatalker.service.assets import AssetStore, StorageFull
from paksatalker.service.backend import Backend
from paksatalker.service.ids import new_id
from paksatalker.service.tables import Asset
from paksatalker.worker.inspection import inspect
from paksatalker.worker.work_folder import WorkFolder, uploads_of

_AT_ONCE = 2  # files that are looked at at a time: each may take gigabytes
_looking: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def asset_store(backend: Backend) -> AssetStore:
    """The store of assets."""
    return AssetStore(backend.database, backend.settings.storage_bytes, backend.settings.keep_days)


@asynccontextmanager
async def upload_folder(backend: Backend) -> AsyncIterator[Path]:
    """A folder for what is coming; deleted at the end, or by others as soon as this process is dead.

    Raises:
        DiskFull: It cannot be made.
    """
    folder = WorkFolder(uploads_of(backend.settings))
    try:
        await asyncio.to_thread(folder.__enter__)
    except OutputUnwritable as error:
        raise DiskFull("the file cannot be stored", error.why, "Try again later") from error
    try:
        yield folder.path
    finally:
        await asyncio.shield(asyncio.to_thread(folder.__exit__, None, None, None))


async def keep(
    backend: Backend, tenant_id: str, path: Path, got: Upload, resumed: tables.Upload | None = None
) -> Asset:
    """Looks at a file, stores it, then notes it: whoever sees it can read it.

    Args:
        backend: Of the service.
        tenant_id: Whose.
        path: The file.
        got: Name, size and hash of it.
        resumed: What it came by, if it came in pieces.

    Raises:
        MediaRefused: It is neither picture nor recording.
        ApiError: 409, it does not fit.
        UploadLost: The upload was deleted meanwhile.
    """
    async with _looking.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)):
        media = await inspect(path, got.name)
    asset = Asset(
        id=new_id("ast"), tenant_id=tenant_id, name=got.name, bytes=got.bytes, sha256=got.sha256, kind=media.kind,
        media_type=media.media_type, analysis=media.analysis,
    )  # fmt: skip
    asset.file = f"{tenant_id}/assets/{asset.id}"
    noting: asyncio.Future[Asset] | None = None
    try:
        await backend.files.put(asset.file, path)
        noting = asyncio.ensure_future(asset_store(backend).add(asset, resumed))
        await asyncio.shield(noting)
    except BaseException as error:
        if noting is None or not await _came_true(noting):
            await asyncio.shield(backend.files.delete(asset.file))
        if isinstance(error, StorageFull):
            raise storage_full(error.quota - error.used) from None
        raise
    return asset


async def _came_true(noting: asyncio.Future[Asset]) -> bool:
    """Whether what was begun is noted, though whoever waits for it may have been cancelled."""
    await asyncio.wait({noting})
    return not noting.cancelled() and noting.exception() is None


def storage_full(free: int) -> ApiError:
    """The answer to a file that does not fit into so many bytes."""
    why, fix = f"{max(free, 0):,} bytes of your room are left", "Delete assets and videos you no longer need"
    return ApiError(409, "StorageFull", "the file does not fit", why=why, fix=fix)
