"""A worker: takes tickets of some queues until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress

from paksatalker.core.provenance.certificates import credentials
from paksatalker.core.provenance.manifests import Provenance
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.backend import Backend
from paksatalker.service.ids import new_id
from paksatalker.service.sealing import sealer
from paksatalker.service.states import VOICES
from paksatalker.service.tracing import tracing
from paksatalker.service.webhooks import PURPOSE
from paksatalker.worker.cloner import Cloner
from paksatalker.worker.deliverer import Deliverer
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.runner import Runner
from paksatalker.worker.sweeper import Sweeper
from paksatalker.worker.work_folder import WorkFolder

_log = logging.getLogger(__name__)
_ALIVE_SECONDS = 10.0
_TURN_SECONDS = 0.9  # of all workers one looks for ended jobs in so long
_MEND_SECONDS = 10.0  # between two looks for jobs without a ticket


async def work(backend: Backend, queues: Sequence[str], lacks: Mapping[str, PaksaTalkerError] | None = None) -> None:
    """Does jobs of the queues, one of each at a time, until it is cancelled; then puts back what it has.

    Args:
        backend: See :func:`~paksatalker.service.backend.opened`.
        queues: Some of :data:`~paksatalker.service.states.QUEUES`.
        lacks: Why it takes none of others, for whoever asks for what is in them.
    """
    with tracing(backend.settings.tracing, "worker"):
        telling = asyncio.create_task(_tell_lacks(backend, lacks or {}))
        try:
            await _traced(backend, queues)
        finally:
            telling.cancel()
            await asyncio.wait({telling})


async def _tell_lacks(backend: Backend, lacks: Mapping[str, PaksaTalkerError]) -> None:
    while lacks:
        for queue, error in lacks.items():
            with suppress(Exception):  # the queue is away: it is said again
                await backend.queue.lack(queue, error.to_dict(), 2.5 * _ALIVE_SECONDS)
        await asyncio.sleep(_ALIVE_SECONDS)


async def _traced(backend: Backend, queues: Sequence[str]) -> None:
    settings = backend.settings
    provenance = Provenance(await asyncio.to_thread(credentials, settings), settings.c2pa_timestamp_url)
    with WorkFolder(settings.work) as folder:
        runners = [
            Cloner(backend, folder.path / queue, RenderLimits.of(settings, queue))
            if queue == VOICES
            else Runner(
                database=backend.database, jobs=backend.jobs, files=backend.files, events=backend.queue, queue=queue,
                tries=settings.job_tries, folder=folder.path / queue,
                limits=RenderLimits.of(settings, queue), provenance=provenance, part_seconds=settings.part_seconds,
            )
            for queue in queues
        ]  # fmt: skip
        await _work(backend, queues, runners, folder)


async def _work(
    backend: Backend, queues: Sequence[str], runners: Sequence[Runner | Cloner], folder: WorkFolder
) -> None:
    seals = await asyncio.to_thread(sealer, backend.settings, PURPOSE)
    deliverer = Deliverer(
        backend.database, seals, allow_private=backend.settings.allow_private_callbacks,
        turn=lambda: backend.queue.first("webhooks", _TURN_SECONDS),
    )  # fmt: skip
    try:
        async with asyncio.TaskGroup() as group:
            warming = [group.create_task(runner.warm()) for runner in runners if isinstance(runner, Runner)]
            for runner, queue in zip(runners, queues, strict=True):
                group.create_task(_take(backend, queue, runner, warming))
            group.create_task(_mend(backend, queues))
            group.create_task(deliverer.run())
            group.create_task(Sweeper(backend.settings, backend.database, backend.files).run())
            group.create_task(_live(backend, queues, folder, warming))
    finally:
        with suppress(Exception):  # the queue is away: it forgets us by itself
            await backend.queue.announce(folder.path.name, queues, 0)
        for runner in runners:
            await runner.close()


async def _take(backend: Backend, queue: str, runner: Runner | Cloner, warming: Sequence[asyncio.Task[None]]) -> None:
    """Does the jobs of a queue, once it is ready for them: until then another worker may be quicker."""
    if warming:
        await asyncio.wait(warming)
    await backend.queue.work(queue, runner.handle)


async def _live(
    backend: Backend, queues: Sequence[str], folder: WorkFolder, warming: Sequence[asyncio.Task[None]]
) -> None:
    """Shows that the loop runs, to a health check (once it is ready for jobs) and to the other workers."""
    while True:
        if all(task.done() for task in warming):
            folder.touch()
        try:
            await backend.queue.announce(folder.path.name, queues, 2.5 * _ALIVE_SECONDS)
        except Exception as error:  # noqa: BLE001  (a queue that is away ends no worker)
            _log.warning("nobody hears of this worker: %s", type(error).__name__)
        if pending := [task for task in warming if not task.done()]:
            await asyncio.wait(pending, timeout=_ALIVE_SECONDS)
        else:
            await asyncio.sleep(_ALIVE_SECONDS)


async def _mend(backend: Backend, queues: Sequence[str]) -> None:
    """Gives tickets to jobs that have none: the queue was emptied, or a job was made while it was away.

    Of all workers one looks at a time.
    """
    while True:
        for queue in queues:
            try:
                if await backend.queue.first(f"mend:{queue}", _MEND_SECONDS * 0.9):
                    await mend(backend, queue)
            except Exception as error:  # noqa: BLE001  (a database or queue that is away ends no worker)
                _log.warning("cannot look for jobs without a ticket: %s: %s", type(error).__name__, error)
        await asyncio.sleep(_MEND_SECONDS)


async def mend(backend: Backend, queue: str) -> int:
    """Gives tickets to the jobs of a queue that have none. Returns how many those were."""
    for ticket in await backend.jobs.tickets(queue):
        await backend.queue.enqueue(ticket, queue)  # changes nothing while it is there
    lacking = await backend.jobs.waiting(queue) - (await backend.queue.depth(queue)).waiting
    for _ in range(lacking):
        await backend.queue.enqueue(new_id("tkt"), queue)
    return max(lacking, 0)
