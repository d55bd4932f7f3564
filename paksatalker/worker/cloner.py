"""Makes one voice: fetches the recordings, has a process match a voice to them, stores it beside the consent."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from paksatalker.config import log_ids
from paksatalker.errors import PaksaTalkerError, error_dict
from paksatalker.service.backend import Backend
from paksatalker.service.jobs import JobHeld, JobStore
from paksatalker.service.queue import Later
from paksatalker.service.states import VOICES
from paksatalker.service.tables import Job
from paksatalker.service.voices import CONSENT_FILE, VOICE_FILE, VoiceStore, digest_of, folder_of
from paksatalker.worker.attempt import fetch_assets
from paksatalker.worker.attempt import watch as watching
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.process import RenderCancelled, RenderDied, RenderFailed, RenderProcess
from paksatalker.worker.telling import job_span, note_if_possible, told

_log = logging.getLogger(__name__)
_COMMAND = (sys.executable, "-m", "paksatalker.worker.clone_child")
_NOTE_SECONDS = 1.0


class Cloner:
    """Handles tickets of the queue of voices, one at a time.

    Args:
        backend: Of the service.
        folder: For recordings of the voice that is being made; empty after it.
        limits: Of memory and time.
        steps: Of the matching; None takes as many as are worth it.
    """

    def __init__(
        self, backend: Backend, folder: Path, limits: RenderLimits | None = None, steps: int | None = None
    ) -> None:
        self._backend, self._folder, self._steps = backend, folder, steps
        self._jobs: JobStore = backend.jobs
        self._voices = VoiceStore(backend.database)
        self._process = RenderProcess(limits, _COMMAND)
        folder.mkdir(parents=True, exist_ok=True)

    async def close(self) -> None:
        """Ends the process."""
        await self._process.close()

    async def handle(self, ticket: str) -> None:
        """Makes the voice whose turn it is, if there is one.

        Raises:
            RenderDied: The process died; the ticket goes back for another attempt.
            Later: Another worker is at it.
        """
        try:
            job = await self._jobs.begin(ticket, VOICES, self._backend.settings.job_tries)
        except JobHeld as error:
            raise Later(str(error)) from None
        if job is None:
            return
        with log_ids(job_id=job.id, tenant_id=job.tenant_id), job_span(job) as traced:
            await self._attempt(job)
            await told(traced, self._jobs, job)

    async def _attempt(self, job: Job) -> None:
        _log.info("attempt %d", job.attempt)
        try:
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=f"{job.id}.") as folder:
                await self._make(job, Path(folder))
        except asyncio.CancelledError:
            await self._jobs.requeue(job)
            raise
        except RenderCancelled:
            await self._jobs.cancelled(job)
        except RenderFailed as error:
            await self._jobs.fail(job, error.error)
        except RenderDied as error:
            _log.warning("the process died (%s)", error)
            if job.attempt < self._backend.settings.job_tries:
                await self._jobs.let_go(job)
                raise
            await self._jobs.fail(job, _lost(job.attempt))
        except PaksaTalkerError as error:
            await self._jobs.fail(job, error.to_dict())

    async def _make(self, job: Job, folder: Path) -> None:
        voice = await self._voices.get(job.request["voice"], job.tenant_id)
        if voice is None:
            raise RenderCancelled
        recordings = await self._fetch(job, folder)
        cancel, noted = asyncio.Event(), 0.0

        async def report(event: dict[str, Any]) -> None:
            nonlocal noted
            if time.monotonic() - noted > _NOTE_SECONDS:
                noted = time.monotonic()
                if not await note_if_possible(self._jobs.progress(job, **event), otherwise=True):
                    cancel.set()

        options = {
            "recordings": [str(path) for path in recordings], "seed": job.request["seed"], "steps": self._steps,
            "consent": voice.consent,
        }  # fmt: skip
        watch = asyncio.ensure_future(watching(self._jobs, job, cancel))
        try:
            made = await self._process.render(options, "", report, cancel)
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        await self._store(job, made)

    async def _store(self, job: Job, made: dict[str, Any]) -> None:
        """Stores the voice and its consent, then says that they are there; nobody finds a voice without its consent."""
        voice_id = job.request["voice"]
        place = f"{folder_of(job.tenant_id, voice_id)}/{job.attempt}"
        consent, voice = made["consent"].encode(), made["voice"].encode()
        await self._backend.files.put(f"{place}/{CONSENT_FILE}", consent)
        await self._backend.files.put(f"{place}/{VOICE_FILE}", voice)
        digest, size = digest_of(made["voice"], made["consent"]), len(consent) + len(voice)
        if not await self._voices.made(voice_id, job.id, place, digest, made["facts"], size=size):
            await self._backend.files.delete(place)
        await self._jobs.succeed(job, {})

    async def _fetch(self, job: Job, folder: Path) -> list[Path]:
        wanted = {field: asset for field, asset in job.request.items() if field.startswith("recording_")}
        backend = self._backend
        found = await fetch_assets(backend.database, backend.files, job, wanted, folder, called="recording")
        return [*found.values()]


def _lost(attempts: int) -> dict[str, Any]:
    what, why = "the voice cannot be made", f"the process died {attempts} times over it"
    fix = "Look at the worker's log; it may lack memory"
    return error_dict("WorkerLost", what, why, fix)
