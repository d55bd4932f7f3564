"""Assets and avatars that a request names, looked up for whom they belong to."""

from __future__ import annotations

from paksatalker.api.errors import ApiError
from paksatalker.service.assets import AssetStore
from paksatalker.service.avatars import AvatarStore
from paksatalker.service.backend import Backend
from paksatalker.service.tables import Asset, Avatar
from paksatalker.service.video import VideoRequest

_KINDS = {"portrait": "image", "background": "image", "audio": "audio"}
_USELESS = frozenset({"NoFace", "FaceTooSmall", "AudioSilent"})  # problems that no option mends


async def usable_asset(backend: Backend, tenant_id: str, field: str, asset_id: str, *, strict: bool = True) -> Asset:
    """An asset that a field of a video names.

    Args:
        backend: Of the service.
        tenant_id: Whose it must be.
        field: ``portrait``, ``background`` or ``audio``.
        asset_id: Which.
        strict: Whether problems that no option mends are refused.

    Raises:
        ApiError: 422: it is not there, or another tenant's (the answer is the same), or cannot be used.
    """
    asset = await AssetStore(backend.database, backend.settings.storage_bytes).get(asset_id, tenant_id)
    what = f"the {field} cannot be used"
    if asset is None:
        why, fix = f"there is no asset {asset_id}", "Upload it: POST /api/v1/assets"
        raise ApiError(422, "NoSuchAsset", what, why=why, fix=fix)
    if asset.kind != _KINDS[field]:
        why, fix = f"it is of kind {asset.kind}", f"Give one of kind {_KINDS[field]}"
        raise ApiError(422, "WrongAsset", what, why=why, fix=fix)
    if field != "background" and strict:
        for problem in asset.analysis.get("problems", ()):
            if problem["code"] in _USELESS:
                why = f"{problem['what']}: {problem['why']}"
                raise ApiError(422, problem["code"], what, why=why, fix=problem["fix"])
    return asset


async def avatar_of(backend: Backend, tenant_id: str, name: str) -> Avatar:
    """An avatar of a tenant, by its name or id.

    Raises:
        ApiError: 422, there is none.
    """
    avatar = await AvatarStore(backend.database).named(name, tenant_id)
    if avatar is None:
        why, fix = f"there is no avatar '{name}'", "See GET /api/v1/avatars"
        raise ApiError(422, "NoSuchAvatar", "the avatar cannot be used", why=why, fix=fix)
    return avatar


async def portrayed(backend: Backend, tenant_id: str, request: VideoRequest) -> VideoRequest:
    """A request whose avatar, if it names one, has become its portrait and its defaults.

    Raises:
        ApiError: 422, there is no such avatar.
    """
    if request.avatar is None:
        return request
    avatar = await avatar_of(backend, tenant_id, request.avatar)
    usual = {"portrait": avatar.portrait, **avatar.defaults}
    given = request.model_fields_set - {name for name in request.model_fields_set if getattr(request, name) is None}
    values = request.model_dump() | {name: value for name, value in usual.items() if name not in given}
    return VideoRequest.model_validate(values | {"avatar": avatar.id})
