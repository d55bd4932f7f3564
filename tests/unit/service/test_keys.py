import asyncio
from datetime import timedelta

import pytest

from paksatalker.errors import InvalidOption, SettingsInvalid
from paksatalker.service.database import Database
from paksatalker.service.keys import KeyStore
from paksatalker.service.tables import now
from tests import databases


def run(folder, play):
    async def inner():
        database = Database(databases.url(folder))
        try:
            await asyncio.gather(database.migrate(), database.migrate())
            await play(KeyStore(database))
        finally:
            await database.close()

    asyncio.run(inner())


def test_a_key_opens_its_tenant_and_no_other_key_does(tmp_path):
    async def play(keys):
        key = await keys.create("laptop", ["videos"])
        caller = await keys.check(key)
        assert caller.scopes == {"videos"}
        for wrong in (
            "",
            ".",
            key[:-1],
            key + "x",
            key.replace(".", ""),
            key.swapcase(),
            "key_x." + key[-43:],
            "é" + key,
        ):
            assert await keys.check(wrong) is None
        (stored,) = await keys.all()
        assert key.partition(".")[2] not in (stored.hash, stored.id, stored.name)

    run(tmp_path, play)


def test_revoked_and_expired_keys_open_nothing(tmp_path):
    async def play(keys):
        key = await keys.create("a")
        caller = await keys.check(key)
        assert not await keys.revoke(caller.key_id, "ten_of_somebody_else")
        assert await keys.check(key)
        assert await keys.revoke(caller.key_id, caller.tenant_id)
        assert await keys.check(key) is None
        assert await keys.check(await keys.create("b", expires_at=now() - timedelta(seconds=1))) is None

    run(tmp_path, play)


def test_what_cannot_be_made(tmp_path):
    async def play(keys):
        with pytest.raises(InvalidOption, match="no scope 'all'"):
            await keys.create("a", ["all"])
        with pytest.raises(InvalidOption, match="no tenant"):
            await keys.create("a", tenant_id="ten_none")

    run(tmp_path, play)


@pytest.mark.parametrize("url", ["nonsense", "mysql+nothing://x/y"])
def test_addresses_that_are_none(url):
    with pytest.raises(SettingsInvalid, match="DATABASE_URL"):
        Database(url)
