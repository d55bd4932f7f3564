"""Keys of new tenants."""

import asyncio

from paksatalker.service.database import Database
from paksatalker.service.keys import SCOPES, KeyStore
from paksatalker.service.settings import ServiceSettings


def new_key(settings: ServiceSettings, *scopes: str) -> str:
    """A key of a new tenant."""

    async def make() -> str:
        database = Database(settings.database)
        try:
            await database.migrate()
            return await KeyStore(database).create("test", scopes or SCOPES)
        finally:
            await database.close()

    return asyncio.run(make())
