"""Portraits and recordings: uploaded, looked at, listed, deleted."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from paksatalker.api.deps import PartsOf, allowed
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.api.models.assets import AssetOut, AssetPage
from paksatalker.api.services.uploads import Upload, receive, too_large
from paksatalker.errors import DiskFull
from paksatalker.service.assets import AssetInUse, AssetStore, StorageFull
from paksatalker.service.ids import is_id, new_id
from paksatalker.service.keys import Caller
from paksatalker.service.tables import Asset
from paksatalker.worker.inspection import Media, inspect
from paksatalker.worker.main import Parts

router = APIRouter(prefix="/assets", tags=["assets"])
User = Annotated[Caller, Depends(allowed("assets"))]

_AT_ONCE = 2  # files that are looked at at a time: each may take gigabytes
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


def get_assets(parts: PartsOf) -> AssetStore:
    """The store of assets."""
    return AssetStore(parts.database, parts.settings.storage_bytes, parts.settings.keep_days)


Assets = Annotated[AssetStore, Depends(get_assets)]


def looking(request: Request) -> asyncio.Semaphore:
    """Of those who look at files."""
    state = request.app.state
    if not hasattr(state, "looking"):
        state.looking = asyncio.Semaphore(_AT_ONCE)
    semaphore: asyncio.Semaphore = state.looking
    return semaphore


@router.post(
    "",
    status_code=201,
    summary="Upload a portrait or a recording",
    responses=answers(403, 409, 413, 415, 507),
    openapi_extra=_FORM,
)
async def upload(request: Request, response: Response, caller: User, parts: PartsOf, assets: Assets) -> AssetOut:
    """A form with the part `file`. Its content decides what it is, not its name.

    The answer tells what was found: the face, or why there is none that could be animated.
    """
    free = await assets.free(caller.tenant_id)
    most = min(parts.settings.upload_max_bytes, free)
    if int(request.headers.get("content-length") or 0) > most + (1 << 16):
        raise _full(free) if free < parts.settings.upload_max_bytes else too_large(most)
    asset = Asset(id=new_id("ast"), tenant_id=caller.tenant_id)
    asset.file = f"{caller.tenant_id}/assets/{asset.id}"
    with _folder(parts) as folder:
        path = Path(folder) / "upload.bin"
        try:
            got = await receive(request.headers, request.stream(), path, most)
        except ApiError as error:
            raise (_full(free) if error.status == 413 and free < parts.settings.upload_max_bytes else error) from None
        async with looking(request):
            media = await inspect(path, got.name)
        await _store(parts, assets, asset, path, got=got, media=media)
    response.headers["Location"] = f"{request.url.path}/{asset.id}"
    return AssetOut.of(asset)


def _folder(parts: Parts) -> tempfile.TemporaryDirectory[str]:
    place = parts.settings.home / "uploads"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.TemporaryDirectory(dir=place, prefix="up.", ignore_cleanup_errors=True)
    except OSError as error:
        raise DiskFull("the file cannot be stored", error.strerror or "", "Try again later") from error


async def _store(parts: Parts, assets: AssetStore, asset: Asset, path: Path, *, got: Upload, media: Media) -> None:
    """Stores the file, then notes it: whoever sees it can read it."""
    asset.name, asset.bytes, asset.sha256 = got.name, got.bytes, got.sha256
    asset.kind, asset.media_type, asset.analysis = media.kind, media.media_type, media.analysis
    try:
        await parts.files.put(asset.file, path)
        await assets.add(asset)
    except BaseException as error:
        await asyncio.shield(parts.files.delete(asset.file))
        if isinstance(error, StorageFull):
            raise _full(error.quota - error.used) from None
        raise


def _full(free: int) -> ApiError:
    why, fix = f"{max(free, 0):,} bytes of your room are left", "Delete assets and videos you no longer need"
    return ApiError(409, "StorageFull", "the file does not fit", why=why, fix=fix)


@router.get("", summary="List assets", responses=answers(403))
async def list_assets(
    caller: User,
    assets: Assets,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=500)] = "",
    kind: Annotated[Literal["", "image", "audio"], Query()] = "",
) -> AssetPage:
    """Newest first."""
    rows, more = await assets.page(caller.tenant_id, limit=limit, cursor=cursor, kind=kind)
    return AssetPage(items=[AssetOut.of(row) for row in rows], next_cursor=more)


@router.get("/{asset_id}", summary="One asset", responses=answers(403, 404))
async def get_asset(asset_id: str, caller: User, assets: Assets) -> AssetOut:
    """What is known about it."""
    found = await assets.get(asset_id, caller.tenant_id) if is_id(asset_id, "ast") else None
    if found is None:
        raise not_found("asset")
    return AssetOut.of(found)


@router.delete("/{asset_id}", status_code=204, summary="Delete an asset", responses=answers(403, 404, 409))
async def delete_asset(asset_id: str, caller: User, parts: PartsOf, assets: Assets) -> None:
    """The file is gone; videos that were made with it stay."""
    try:
        found = await assets.delete(asset_id, caller.tenant_id, caller.key_id) if is_id(asset_id, "ast") else None
    except AssetInUse:
        why, fix = "a video that is not finished needs it", "Wait for the video, or cancel it"
        raise ApiError(409, "AssetInUse", "the asset cannot be deleted", why=why, fix=fix) from None
    if found is None:
        raise not_found("asset")
    await parts.files.delete(found.file)
