"""Portraits and recordings: uploaded, looked at, listed, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.api.models.assets import AssetOut, AssetPage
from paksatalker.api.services.storing import asset_store, keep, storage_full, upload_folder
from paksatalker.api.services.uploads import receive, too_large
from paksatalker.service.assets import AssetInUse, AssetStore
from paksatalker.service.ids import is_id
from paksatalker.service.keys import Caller

router = APIRouter(prefix="/assets", tags=["assets"])
User = Annotated[Caller, Depends(allowed("assets"))]

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


def get_assets(backend: BackendOf) -> AssetStore:
    """The store of assets."""
    return asset_store(backend)


Assets = Annotated[AssetStore, Depends(get_assets)]


@router.post(
    "",
    status_code=201,
    summary="Upload a portrait or a recording",
    responses=answers(403, 409, 413, 415, 507),
    openapi_extra=_FORM,
)
async def upload(request: Request, response: Response, caller: User, backend: BackendOf, assets: Assets) -> AssetOut:
    """A form with the part `file`. Its content decides what it is, not its name.

    The answer tells what was found: the face, or why there is none that could be animated.
    """
    free = await assets.free(caller.tenant_id)
    most = min(backend.settings.upload_max_bytes, free)
    if int(request.headers.get("content-length") or 0) > most + (1 << 16):
        raise storage_full(free) if free < backend.settings.upload_max_bytes else too_large(most)
    async with upload_folder(backend) as folder:
        path = Path(folder) / "upload.bin"
        try:
            got = await receive(request.headers, request.stream(), path, most)
        except ApiError as error:
            full = error.status == 413 and free < backend.settings.upload_max_bytes
            raise (storage_full(free) if full else error) from None
        asset = await keep(backend, caller.tenant_id, path, got)
    response.headers["Location"] = f"{request.url.path}/{asset.id}"
    return AssetOut.of(asset)


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
async def delete_asset(asset_id: str, caller: User, backend: BackendOf, assets: Assets) -> None:
    """The file is gone; videos that were made with it stay."""
    try:
        found = await assets.delete(asset_id, caller.tenant_id, caller.key_id) if is_id(asset_id, "ast") else None
    except AssetInUse:
        why, fix = "a video that is not finished, or an avatar, needs it", "Wait for the video, or delete the avatar"
        raise ApiError(409, "AssetInUse", "the asset cannot be deleted", why=why, fix=fix) from None
    if found is None:
        raise not_found("asset")
    await backend.files.delete(found.file)
