"""Avatars that several processes change at the same time."""

import asyncio

import pytest

from paksatalker.service.avatars import AvatarChanged, AvatarStore, PictureGone
from paksatalker.service.ids import new_id
from paksatalker.service.tables import Asset
from tests import databases


@pytest.fixture
def play(tmp_path):
    """Runs a coroutine function with a store, a tenant and a picture."""

    def run(act) -> None:
        async def inner() -> None:
            async with databases.with_tenant(tmp_path) as (database, tenant):
                picture = new_id("ast")
                async with database.session() as session:
                    session.add(
                        Asset(
                            id=picture, tenant_id=tenant, kind="image", name="a", media_type="image/png", bytes=1,
                            sha256="", file="x", analysis={},
                        )
                    )  # fmt: skip
                await act(AvatarStore(database), tenant, picture)

        asyncio.run(inner())

    return run


def test_of_two_changes_none_is_lost(play):
    async def act(store, tenant, picture):
        made = await store.create(tenant, "key_x", "Anna", picture, {})
        mine, theirs = [await store.named(made.id, tenant) for _ in range(2)]
        await store.change(mine, defaults={"voice": "af_heart"})
        with pytest.raises(AvatarChanged):
            await store.change(theirs, defaults={"emotion": "happy"})
        assert (await store.named(made.id, tenant)).defaults == {"voice": "af_heart"}

    play(act)


def test_what_was_deleted_is_not_changed(play):
    async def act(store, tenant, picture):
        avatar = await store.create(tenant, "key_x", "Anna", picture, {})
        await store.delete(await store.named(avatar.id, tenant), "key_x")
        with pytest.raises(AvatarChanged):
            await store.change(avatar, name="Bea")

    play(act)


def test_there_is_none_without_its_pictures(play):
    async def act(store, tenant, picture):
        with pytest.raises(PictureGone):
            await store.create(tenant, "key_x", "Anna", new_id("ast"), {})
        assert await store.named("Anna", tenant) is None
        avatar = await store.create(tenant, "key_x", "Anna", picture, {})
        with pytest.raises(PictureGone):
            await store.change(avatar, defaults={"background": new_id("ast")})
        assert (await store.named("Anna", tenant)).defaults == {}

    play(act)
