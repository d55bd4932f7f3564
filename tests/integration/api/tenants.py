"""Keys of new tenants."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from paksatalker.service.database import Database
from paksatalker.service.keys import SCOPES, KeyStore
from paksatalker.service.settings import ServiceSettings

T = TypeVar("T")


def new_key(settings: ServiceSettings, *scopes: str) -> str:
    """A key of a new tenant."""
    return _with_keys(settings, lambda keys: keys.create("test", scopes or SCOPES))


def revoke_key(settings: ServiceSettings, key: str) -> bool:
    """Ends a key."""
    return _with_keys(settings, lambda keys: keys.revoke(key.partition(".")[0]))


def _with_keys(settings: ServiceSettings, act: Callable[[KeyStore], Awaitable[T]]) -> T:
    async def acted() -> T:
        database = Database(settings.database)
        try:
            await database.migrate()
            return await act(KeyStore(database))
        finally:
            await database.close()

    return asyncio.run(acted())
