"""The photo of a portrait that is shown live."""

from __future__ import annotations

from paksatalker.api.errors import ApiError
from paksatalker.service.assets import AssetStore
from paksatalker.service.keys import Caller
from paksatalker.worker.main import Parts

_USELESS = frozenset({"NoFace", "FaceTooSmall"})
_LARGEST = 64 << 20  # bytes: it is held in memory, and sent to a process


async def photo_of(parts: Parts, caller: Caller, asset_id: str) -> bytes:
    """The content of an asset that can be animated.

    Raises:
        ApiError: 422, there is none of this caller's, or it cannot be used.
    """
    settings = parts.settings
    asset = await AssetStore(parts.database, settings.storage_bytes).get(asset_id, caller.tenant_id)
    if asset is None:
        raise _unusable("NoSuchAsset", f"there is no asset {asset_id}", "Upload it: POST /api/v1/assets")
    if asset.kind != "image":
        raise _unusable("WrongAsset", f"it is of kind {asset.kind}", "Give one of kind image")
    for problem in asset.analysis.get("problems", ()):
        if problem["code"] in _USELESS:
            raise _unusable(problem["code"], f"{problem['what']}: {problem['why']}", problem["fix"])
    if asset.bytes > _LARGEST:
        raise _unusable("TooLarge", f"it has {asset.bytes:,} bytes", f"Give one of at most {_LARGEST:,}")
    try:
        return b"".join([piece async for piece in parts.files.read(asset.file)])
    except FileNotFoundError as error:
        raise _unusable("NoSuchAsset", "its file is gone", "Upload it again") from error


def _unusable(code: str, why: str, fix: str) -> ApiError:
    return ApiError(422, code, "the portrait cannot be shown", why=why, fix=fix)
