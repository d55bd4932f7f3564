import asyncio
import stat
import sys

import pytest
from sqlalchemy import select

from paksatalker.errors import SettingsInvalid
from paksatalker.service.database import Database
from paksatalker.service.ids import new_id
from paksatalker.service.sealing import FILE, Sealer, sealer
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.tables import Tenant, WebhookSecret
from paksatalker.service.webhooks import PURPOSE, WebhookStore

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def settings(home, **values) -> ServiceSettings:
    return ServiceSettings(_env_file=None, home=home, **values)


def test_what_is_sealed_comes_back_and_never_looks_the_same(tmp_path):
    seals = sealer(settings(tmp_path), "x")
    one, other = seals.seal(SECRET, "ten_a"), seals.seal(SECRET, "ten_a")
    assert one != other
    assert SECRET[6:] not in one
    assert len(one) < 255, "it has room in its column"
    assert seals.open(one, "ten_a") == seals.open(other, "ten_a") == SECRET


def test_nobody_else_opens_it(tmp_path):
    seals = sealer(settings(tmp_path), "x")
    sealed = seals.seal(SECRET, "ten_a")
    others = [
        (Sealer(b"1" * 32, "x"), sealed, "ten_a"),
        (sealer(settings(tmp_path), "y"), sealed, "ten_a"),
        (seals, sealed, "ten_b"),
        (seals, sealed[:-3] + "AAA", "ten_a"),
        (seals, "", "ten_a"),
        (seals, SECRET, "ten_a"),
    ]
    for other, text, belongs_to in others:
        with pytest.raises(SettingsInvalid, match="cannot be read"):
            other.open(text, belongs_to)


def test_the_secret_is_made_once_for_its_owner_only(tmp_path):
    first = sealer(settings(tmp_path), "x").seal(SECRET, "a")
    content = (tmp_path / FILE).read_bytes()
    sealer.__globals__["_sealer"].cache_clear()  # another process
    assert sealer(settings(tmp_path), "x").open(first, "a") == SECRET
    assert (tmp_path / FILE).read_bytes() == content
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_an_operators_secret_needs_no_file(tmp_path):
    chosen = "k" * 32
    one, other = (sealer(settings(tmp_path / name, secret=chosen), "x") for name in ("api", "worker"))
    assert other.open(one.seal(SECRET, "a"), "a") == SECRET
    assert not (tmp_path / "api" / FILE).exists()
    with pytest.raises(SettingsInvalid, match="PAKSATALKER_SECRET"):
        sealer(settings(tmp_path, secret="short"), "x")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / FILE).write_bytes(b"AAAA")
    with pytest.raises(SettingsInvalid, match="cut off"):
        sealer(settings(tmp_path / "cut"), "x")


def test_webhook_secrets_lie_sealed_in_the_database(tmp_path):
    async def play() -> None:
        database = Database(settings(tmp_path).database)
        try:
            await database.migrate()
            tenant = new_id("ten")
            async with database.session() as session:
                session.add(Tenant(id=tenant, name="a"))
            store = WebhookStore(database, sealer(settings(tmp_path), PURPOSE))
            [secret] = await store.secrets(tenant)
            assert await store.secrets(tenant) == [secret]
            newest, older = await store.rotate(tenant)
            assert older == secret
            assert await store.secrets(tenant) == [newest, older]
            async with database.reader() as session:
                kept = (await session.scalars(select(WebhookSecret.secret))).all()
            assert len(kept) == 2
            assert not any("whsec" in text or newest[6:] in text or older[6:] in text for text in kept)
            with pytest.raises(SettingsInvalid):
                await WebhookStore(database, Sealer(b"2" * 32, PURPOSE)).secrets(tenant)
        finally:
            await database.close()

    asyncio.run(play())
    assert b"whsec_" not in b"".join(path.read_bytes() for path in tmp_path.glob("paksatalker.sqlite3*"))
