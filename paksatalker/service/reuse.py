"""The same request twice costs once: what was made before is given again."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from paksatalker.service.files import FileStore
from paksatalker.service.hls import PLAYLIST, piece_path, pieces_in
from paksatalker.service.jobs import JobStore
from paksatalker.service.tables import Job

_log = logging.getLogger(__name__)
_AT_ONCE = 16  # files that are copied at a time: a long video has hundreds of pieces


async def reuse(jobs: JobStore, files: FileStore, job: Job) -> dict[str, Any] | None:
    """Copies the files of a job of the same tenant that has made the same; each may be deleted on its own.

    What lies beside them, left behind by workers that died or not cleared yet, is not copied.

    Args:
        jobs: Where to look for it.
        files: Where its files are.
        job: What is to be made; its files will lie in the folder of its attempt.

    Returns:
        The result for ``job``; None if nothing was made before, or it is gone.
    """
    twin = await jobs.twin(job)
    if twin is None or not twin.result:
        return None
    old, new = (f"{one.tenant_id}/{one.id}/{one.attempt}" for one in (twin, job))
    known: dict[str, str] = twin.result.get("files", {})
    turns = asyncio.Semaphore(_AT_ONCE)

    async def copy(key: str) -> None:
        async with turns:
            await files.copy(key, new + key.removeprefix(old))

    gone = False
    try:
        keys = {*known.values(), *await _stream(files, known.get("stream"))}
        async with asyncio.TaskGroup() as group:
            for key in keys:
                group.create_task(copy(key))
    except* Exception as errors:  # noqa: BLE001  (it is made anew)
        _log.info("%s is not copied: %s", twin.id, errors.exceptions[0])
        gone = True
    if gone:
        await files.delete(new)
        return None
    return twin.result | {
        "files": {name: new + key.removeprefix(old) for name, key in known.items()},
        "copied_from": twin.id,
    }


async def _stream(files: FileStore, playlist: str | None) -> list[str]:
    """The keys of the pieces of a stream."""
    if playlist is None:
        return []
    content = b"".join([piece async for piece in files.read(playlist)]).decode()
    return [f"{playlist.removesuffix(PLAYLIST)}{piece_path(name)}" for name in pieces_in(content)]
