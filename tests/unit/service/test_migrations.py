"""The tables as migrations make them are those of the models, and what was there stays."""

import asyncio
from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

import paksatalker.service.migrations
from paksatalker.service.assets import AssetStore
from paksatalker.service.database import Database
from paksatalker.service.tables import Base, now
from paksatalker.service.uploads import UploadStore
from tests import databases


def to_the_first_version(connection: Connection) -> None:
    config = Config()
    (folder,) = paksatalker.service.migrations.__path__
    config.set_main_option("script_location", str(Path(folder)).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def test_the_models_are_what_the_migrations_make(tmp_path):
    async def play():
        database = Database(databases.url(tmp_path))
        try:
            await database.migrate()
            async with database.engine.connect() as connection:
                found = await connection.run_sync(
                    lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
                )
            assert found == []
        finally:
            await database.close()

    asyncio.run(play())


def test_an_upload_that_was_begun_before_goes_on(tmp_path):
    async def play():
        database = Database(databases.url(tmp_path))
        try:
            async with database.engine.begin() as connection:
                await connection.run_sync(to_the_first_version)
                keys = ["a/uploads/upl_x/000000000000000-aaaaaaaa", "a/uploads/upl_x/000000000000004-bbbbbbbb"]
                await connection.execute(
                    text("INSERT INTO tenants (id, name, created_at) VALUES ('a', 'a', :at)"), {"at": now()}
                )
                await connection.execute(
                    text(
                        'INSERT INTO uploads (id, tenant_id, key_id, name, told, length, "offset", parts, state,'
                        " created_at, expires_at) VALUES ('upl_x', 'a', 'k', 'n', '', 9, 7, :parts, 'open', :at, :then)"
                    ),
                    {"parts": '["{}", "{}"]'.format(*keys), "at": now(), "then": now() + timedelta(days=1)},
                )
                for job, result in (("old", '{"bytes": 5000000000, "stream_bytes": 7}'), ("none", "null")):
                    await connection.execute(
                        text(
                            "INSERT INTO jobs (id, kind, tenant_id, key_id, queue, priority, state, request,"
                            " request_hash, seconds_expected, attempt, stage, progress, frames_done, result,"
                            " cancel_requested, created_at) VALUES (:id, 'video', 'a', 'k', 'portrait', 1, 'succeeded',"
                            " '{}', '', 1, 1, '', 1, 1, :result, :no, :at)"
                        ),
                        {"id": job, "result": result, "no": False, "at": now()},
                    )
            await database.migrate()
            assert await AssetStore(database, 6_000_000_000).free("a") == 6_000_000_000 - 5_000_000_007 - 9
            store = UploadStore(database, 1000, 24)
            upload = await store.get("upl_x", "a")
            assert (upload.offset, upload.pieces) == (7, 2)
            assert await store.pieces(upload) == keys
            async with store.hold(upload) as held:
                await store.advance(held, [("third", 2)])
            assert await store.pieces(upload) == [*keys, "third"]
        finally:
            await database.close()

    asyncio.run(play())
