"""How much sooner one long video is there when several workers make it in parts.

    python scripts/scale_long.py --workers 1 2 --seconds 120

With one worker it is made in one go; with more, in parts. Workers have their own renderers, each with so many threads.
Results are printed as JSON; ``docs/scaling.md`` has those of one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from typing import Any

import psutil
from scale import QUEUE, portrait_of, service

from paksatalker.service.admission import NewJob
from paksatalker.service.backend import Backend
from paksatalker.service.hls import PLAYLIST, joined, stream_place
from paksatalker.service.keys import KeyStore
from paksatalker.service.parts import PartStore
from paksatalker.service.tables import Job
from paksatalker.service.video import VideoRequest
from paksatalker.worker.main import work

SENTENCE = "This is sentence number {} of a long talk, which goes on for a while, and then for a while more. "
SECONDS_A_SENTENCE = 5.0


def main() -> None:
    """Reads the options and prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=120.0, help="the video is about so long")
    parser.add_argument("--size", type=int, default=512, help="pixels")
    parser.add_argument("--part-seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=1, help="of each worker's renderer")
    parser.add_argument("--rounds", type=int, default=1, help="all of it so many times, one after the other")
    options = parser.parse_args()
    os.environ["PAKSATALKER_THREADS"] = str(options.threads)
    found = [asyncio.run(made_by(count, options)) for _ in range(options.rounds) for count in options.workers]
    print(json.dumps(found, indent=2))


async def made_by(workers: int, options: argparse.Namespace) -> dict[str, Any]:
    """One long video by so many workers."""
    async with service(part_seconds=options.part_seconds) as (backend, _):
        tenant = await KeyStore(backend.database).check(await KeyStore(backend.database).create("scale"))
        assert tenant is not None
        portrait = await portrait_of(backend, tenant.tenant_id)
        working = [asyncio.ensure_future(work(backend, [QUEUE])) for _ in range(workers)]
        try:
            who = tenant.tenant_id, portrait
            warm = [await submit(backend, who, f"Hello, {k}.", 128, 2.0) for k in range(workers)]
            for job in warm:
                await done(backend, job)
            sentences = round(options.seconds / SECONDS_A_SENTENCE)
            text = "".join(SENTENCE.format(k) for k in range(1, sentences + 1))
            began, used = time.perf_counter(), processors()
            job = await submit(backend, who, text, options.size, options.seconds)
            plays = asyncio.ensure_future(playable(backend, job, began))
            video = await done(backend, job)
            seconds, used = time.perf_counter() - began, processors() - used
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
    result = video.result or {}
    return {
        "workers": workers, "threads": options.threads, "parts": result.get("parts", 1),
        "video_seconds": result["duration"], "seconds": round(seconds, 1),
        "processor_seconds": round(used, 1), "realtime": round(result["duration"] / seconds, 2),
        "plays_after": round(await plays, 1),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def processors() -> float:
    """Seconds that processors have worked for the renderers."""
    renderers = [child for child in psutil.Process().children() if "paksatalker.worker.child" in child.cmdline()]
    return sum(sum(child.cpu_times()[:2]) for child in renderers)


async def submit(backend: Backend, who: tuple[str, str], text: str, size: int, seconds: float) -> Job:
    """Asks for a video of a tenant, with a portrait."""
    tenant_id, portrait = who
    request = VideoRequest(portrait=portrait, text=text, size=size)
    new = NewJob(
        tenant_id, "key_scale", QUEUE, request.model_dump(mode="json"), request.digest({}), seconds_expected=seconds
    )
    job, _ = await backend.jobs.create(new)
    await backend.queue.enqueue(job.id, QUEUE)
    return job


async def done(backend: Backend, job: Job) -> Job:
    """Waits until a video is made."""
    while (latest := await backend.jobs.get(job.id)) is None or latest.finished_at is None:
        await asyncio.sleep(0.1)
    if latest.state != "succeeded":
        raise SystemExit(f"a video was not made: {latest.error}")
    return latest


async def playable(backend: Backend, job: Job, began: float) -> float:
    """Seconds until there is something to play."""
    store = PartStore(backend.database)
    while (latest := await backend.jobs.get(job.id)) is not None:
        if joined(await store.of(latest)).segments or await backend.files.size(f"{stream_place(latest)}/{PLAYLIST}"):
            break
        await asyncio.sleep(0.1)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
