"""Avatars: made of a portrait, listed, changed, deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.api.models.avatars import AvatarBody, AvatarChange, AvatarOut, AvatarPage
from paksatalker.api.services.own_voices import own_voice
from paksatalker.api.services.pictures import usable_asset
from paksatalker.service.avatars import AvatarChanged, AvatarStore, AvatarTaken, PictureGone
from paksatalker.service.backend import Backend
from paksatalker.service.ids import is_id
from paksatalker.service.keys import Caller
from paksatalker.service.tables import Avatar

router = APIRouter(prefix="/avatars", tags=["avatars"])
User = Annotated[Caller, Depends(allowed("assets"))]
_TRIES = 5  # of a change, while others change the same avatar
AvatarId = Annotated[str, Path(max_length=64, examples=["avt_3dSXQTLIH7cLKJ9G1xvbFQ"])]


def get_avatars(backend: BackendOf) -> AvatarStore:
    """The store of avatars."""
    return AvatarStore(backend.database, backend.settings.keep_days)


Avatars = Annotated[AvatarStore, Depends(get_avatars)]


@router.post("", status_code=201, summary="Make an avatar", responses=answers(403, 409))
async def create(
    *, body: AvatarBody, request: Request, response: Response, caller: User, backend: BackendOf, avatars: Avatars
) -> AvatarOut:
    """Of a portrait that can be animated. It does not expire while the avatar is there."""
    defaults = body.given()
    await _check(backend, caller, {"portrait": body.portrait, **defaults})
    try:
        avatar = await avatars.create(caller.tenant_id, caller.key_id, body.name, body.portrait, defaults)
    except (AvatarTaken, PictureGone) as error:
        raise _refused(error) from None
    response.headers["Location"] = f"{request.url.path}/{avatar.id}"
    return AvatarOut.of(avatar)


@router.get("", summary="List avatars", responses=answers(403))
async def list_avatars(
    caller: User,
    avatars: Avatars,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> AvatarPage:
    """Newest first."""
    rows, more = await avatars.page(caller.tenant_id, limit=limit, cursor=cursor)
    return AvatarPage(items=[AvatarOut.of(row) for row in rows], next_cursor=more)


@router.get("/{avatar_id}", summary="One avatar", responses=answers(403, 404))
async def get_avatar(avatar_id: AvatarId, caller: User, avatars: Avatars) -> AvatarOut:
    """Its portrait, and what is usual for it."""
    return AvatarOut.of(await _avatar(avatars, caller, avatar_id))


@router.patch("/{avatar_id}", summary="Change an avatar", responses=answers(403, 404, 409))
async def change(
    avatar_id: AvatarId, body: AvatarChange, caller: User, backend: BackendOf, avatars: Avatars
) -> AvatarOut:
    """What is left out stays as it is. Videos that were asked for before do not change."""
    for _ in range(_TRIES):
        avatar = await _avatar(avatars, caller, avatar_id)
        with suppress(AvatarChanged):
            return AvatarOut.of(await _changed(avatar, body, caller, backend, avatars))
    why, fix = "others are changing it", "Try again in a moment"
    raise ApiError(409, "AvatarChanged", "the avatar is not changed", why=why, fix=fix)


async def _changed(
    avatar: Avatar, body: AvatarChange, caller: Caller, backend: Backend, avatars: AvatarStore
) -> Avatar:
    """Raises: ApiError: 409 or 422, the change is refused. AvatarChanged: it must be read again."""
    given = body.model_dump(exclude_unset=True)
    values = {name: given.pop(name) for name in ("name", "portrait") if given.get(name) is not None}
    defaults = {name: value for name, value in (avatar.defaults | given).items() if value is not None}
    defaults = {name: value for name, value in defaults.items() if name not in ("name", "portrait")}
    await _check(backend, caller, {"portrait": values.get("portrait", avatar.portrait), **defaults})
    try:
        return await avatars.change(avatar, defaults=defaults, **values)
    except (AvatarTaken, PictureGone) as error:
        raise _refused(error) from None


@router.delete("/{avatar_id}", status_code=204, summary="Delete an avatar", responses=answers(403, 404))
async def delete(avatar_id: AvatarId, caller: User, avatars: Avatars) -> None:
    """Videos that were asked for stay; its portrait stays as long as any other asset."""
    await avatars.delete(await _avatar(avatars, caller, avatar_id), caller.key_id)


async def _check(backend: Backend, caller: Caller, values: dict[str, Any]) -> None:
    """Raises: ApiError: 422, portrait, background or voice cannot be used."""
    await usable_asset(backend, caller.tenant_id, "portrait", values["portrait"])
    if is_id(background := values.get("background", ""), "ast"):
        await usable_asset(backend, caller.tenant_id, "background", background)
    if "voice" in values:
        await own_voice(backend, caller.tenant_id, values["voice"])


def _refused(error: AvatarTaken | PictureGone) -> ApiError:
    if isinstance(error, PictureGone):
        why, fix = "a picture of it was deleted meanwhile", "Upload it: POST /api/v1/assets"
        return ApiError(422, "NoSuchAsset", "the avatar is not made", why=why, fix=fix)
    return ApiError(409, "NameTaken", "the avatar is not made", why=str(error), fix="Choose another name")


async def _avatar(avatars: AvatarStore, caller: Caller, avatar_id: str) -> Avatar:
    avatar = await avatars.named(avatar_id, caller.tenant_id) if is_id(avatar_id, "avt") else None
    if avatar is None:
        raise not_found("avatar")
    return avatar
