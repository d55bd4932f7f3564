"""The photo of a portrait that is shown live."""

from __future__ import annotations

from paksatalker.api.errors import ApiError
from paksatalker.api.models.live import Offer, Start
from paksatalker.api.services.pictures import avatar_of
from paksatalker.service.assets import AssetStore
from paksatalker.service.backend import Backend
from paksatalker.service.ids import is_id
from paksatalker.service.keys import Caller

_USELESS = frozenset({"NoFace", "FaceTooSmall"})
_SPOKEN, _SEEN = ("voice", "language", "emotion"), ("background", "aspect", "expression_scale", "head_motion")
_LARGEST = 64 << 20  # bytes: it is held in memory, and sent to a process


async def photo_of(backend: Backend, caller: Caller, asset_id: str, face: int | None = None) -> bytes:
    """The content of an asset that can be animated.

    Args:
        backend: Of the service.
        caller: Whose it must be.
        asset_id: Which.
        face: Which face is asked for; None takes the largest.

    Raises:
        ApiError: 422, there is none of this caller's, or it cannot be used.
    """
    settings = backend.settings
    asset = await AssetStore(backend.database, settings.storage_bytes).get(asset_id, caller.tenant_id)
    if asset is None:
        raise _unusable("NoSuchAsset", f"there is no asset {asset_id}", "Upload it: POST /api/v1/assets")
    if asset.kind != "image":
        raise _unusable("WrongAsset", f"it is of kind {asset.kind}", "Give one of kind image")
    for problem in asset.analysis.get("problems", ()):
        if face is None and problem["code"] in _USELESS:
            raise _unusable(problem["code"], f"{problem['what']}: {problem['why']}", problem["fix"])
    if asset.bytes > _LARGEST:
        raise _unusable("TooLarge", f"it has {asset.bytes:,} bytes", f"Give one of at most {_LARGEST:,}")
    try:
        return b"".join([piece async for piece in backend.files.read(asset.file)])
    except FileNotFoundError as error:
        raise _unusable("NoSuchAsset", "its file is gone", "Upload it again") from error


def _unusable(code: str, why: str, fix: str) -> ApiError:
    return ApiError(422, code, "the portrait cannot be shown", why=why, fix=fix)


async def as_avatar(backend: Backend, caller: Caller, avatar: str | None, how: Start) -> Start:
    """How an avatar speaks: as is usual for it, except for what the client has said.

    Raises:
        ApiError: 422, there is no such avatar.
    """
    if avatar is None:
        return how
    usual = (await avatar_of(backend, caller.tenant_id, avatar)).defaults
    said = how.model_fields_set
    return how.model_copy(update={name: usual[name] for name in _SPOKEN if name in usual and name not in said})


async def portrayed_by(backend: Backend, caller: Caller, offer: Offer) -> Offer:
    """An offer whose avatar, if it names one, has become its portrait and what is usual for it.

    Raises:
        ApiError: 422, there is no such avatar, or neither portrait nor avatar is given.
    """
    if offer.avatar is None:
        if offer.portrait is None:
            raise _unusable("InvalidRequest", "none is given", "Give a portrait or an avatar")
        return offer
    avatar = await avatar_of(backend, caller.tenant_id, offer.avatar)
    usual = {"portrait": avatar.portrait, **{name: avatar.defaults[name] for name in _SEEN if name in avatar.defaults}}
    if is_id(str(usual.get("background", "")), "ast") or usual.get("background") == "transparent":
        del usual["background"]  # pictures behind it, and none, are for videos
    given = {name for name in offer.model_fields_set if getattr(offer, name) is not None}
    return offer.model_copy(update={name: value for name, value in usual.items() if name not in given})
