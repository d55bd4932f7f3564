"""What API and workers stand on: database, jobs, files and queue, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from paksatalker.errors import EngineUnavailable
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.jobs import JobStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.streaq_queue import StreaqQueue, is_away


@dataclass(frozen=True, slots=True)
class Backend:
    """What API and workers are made of."""

    settings: ServiceSettings
    database: Database
    jobs: JobStore
    files: FileStore
    queue: StreaqQueue


@asynccontextmanager
async def opened(settings: ServiceSettings, redis_url: str) -> AsyncIterator[Backend]:
    """Opens database, files and queue, and closes them again.

    Args:
        settings: Of the service.
        redis_url: Of Redis or Valkey.

    Raises:
        EngineUnavailable: Redis does not answer.
        SettingsInvalid: The bucket refuses us.
    """
    async with AsyncExitStack() as stack:
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        await database.migrate()
        queue = await stack.enter_async_context(_reached(redis_url))
        files = FileStore.of(settings)
        if settings.s3_bucket:
            await files.check(settings.s3_bucket)
        yield Backend(settings, database, JobStore(database, settings.keep_days), files, queue)


@asynccontextmanager
async def _reached(redis_url: str) -> AsyncIterator[StreaqQueue]:
    queue = StreaqQueue(redis_url)
    try:
        await queue.__aenter__()
    except Exception as error:
        await queue.close()
        if not is_away(error):
            raise
        why, fix = "Redis does not answer, or not to this password", "Start it, or check REDIS_URL"
        raise EngineUnavailable("the queue cannot be used", why, fix) from error
    try:
        yield queue
    finally:
        await queue.close()
