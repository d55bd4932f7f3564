"""The same request twice costs once: what was made before is given again."""

from __future__ import annotations

from typing import Any

from paksatalker.service.files import FileStore
from paksatalker.service.jobs import JobStore
from paksatalker.service.tables import Job


async def reuse(jobs: JobStore, files: FileStore, job: Job) -> dict[str, Any] | None:
    """Copies the files of a job of the same tenant that has made the same; each may be deleted on its own.

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
    try:
        await files.copy(old, new)
    except FileNotFoundError:
        await files.delete(new)
        return None
    moved = {name: new + key.removeprefix(old) for name, key in known.items()}
    for key in moved.values():
        if await files.size(key) is None:
            await files.delete(new)
            return None
    return twin.result | {"files": moved, "copied_from": twin.id}
