"""How the service scales: real workers on this machine, and a simulation of a thousand of them.

    python scripts/scale.py machine --workers 1 2 4 --jobs 8
    python scripts/scale.py simulate --workers 1000 --jobs 10000 --tenants 50

``simulate`` puts real tickets into a real Redis or Valkey and has the real database deal out the jobs, to workers that
wait instead of render. How fast tickets come out again, ``machine`` tells. Results are printed as JSON;
``docs/scaling.md`` has those of one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import coredis
from sqlalchemy.exc import TimeoutError as NoConnection

from paksatalker.service.admission import NewJob
from paksatalker.service.backend import Backend, opened
from paksatalker.service.broker import Broker
from paksatalker.service.ids import new_id
from paksatalker.service.keys import KeyStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.tables import Asset, Job
from paksatalker.service.video import VideoRequest
from paksatalker.worker.main import work

QUEUE = "portrait"
SUBMITTERS = 32  # requests that an API serves at a time
HEARTBEAT = 2.0  # seconds between two notes of a worker that it lives
LATE = 0.5  # of the time between two looks at who runs what, seconds


def main() -> None:
    """Reads the options and prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    machine = kinds.add_parser("machine", help="real workers, real videos")
    machine.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    machine.add_argument("--jobs", type=int, default=8)
    simulate = kinds.add_parser("simulate", help="workers that wait instead of render")
    simulate.add_argument("--workers", type=int, default=1000)
    simulate.add_argument("--jobs", type=int, default=10_000)
    simulate.add_argument("--tenants", type=int, default=50)
    simulate.add_argument("--seconds", type=float, default=20.0, help="a job takes about so long")
    simulate.add_argument("--limit", type=float, default=1200.0, help="workers stop after so many seconds")
    simulate.add_argument(
        "--heartbeats", action="store_true", help="workers say every 2 s that they live, as real ones"
    )
    simulate.add_argument("--database", default="", help="SQLAlchemy's address; SQLite in a temporary folder if empty")
    options = parser.parse_args()
    if options.kind == "machine":
        found = [asyncio.run(on_this_machine(count, options.jobs)) for count in options.workers]
    else:
        found = [asyncio.run(simulated(options))]
    print(json.dumps({"machine": f"{platform.machine()} {platform.system()}", "results": found}, indent=2))


@asynccontextmanager
async def service(database: str = "", **changes: Any) -> AsyncIterator[tuple[Backend, str]]:
    """A service of its own in a temporary folder, and the address of its queue."""
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "queue") as broker:
        settings = ServiceSettings(_env_file=None, home=Path(folder), database_url=database, **changes)  # type: ignore[call-arg]
        async with opened(settings, broker.url) as backend:
            yield backend, broker.url


def spread(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: median, 95th percentile, longest."""
    ordered = sorted(seconds)
    at = {"p50": ordered[len(ordered) // 2], "p95": ordered[int(len(ordered) * 0.95)], "max": ordered[-1]}
    return {name: round(value * 1000, 2) for name, value in at.items()}


async def timed(times: list[float], act: Awaitable[Any]) -> Any:
    """Waits for something and notes how long it took."""
    began = time.perf_counter()
    result = await act
    times.append(time.perf_counter() - began)
    return result


async def each(count: int, limit: int, act: Callable[[int], Awaitable[None]]) -> None:
    """Does something so many times, some at a time."""
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await act(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(some())


# --- real workers ----------------------------------------------------------------------------------------------------
async def on_this_machine(workers: int, jobs: int) -> dict[str, Any]:
    """Real videos of a sentence, 128 pixels, by so many workers with a renderer each."""
    async with service() as (backend, _):
        tenant = await KeyStore(backend.database).check(await KeyStore(backend.database).create("scale"))
        assert tenant is not None
        portrait = await portrait_of(backend, tenant.tenant_id)
        working = [asyncio.ensure_future(work(backend, [QUEUE])) for _ in range(workers)]
        try:
            await _videos(backend, tenant.tenant_id, portrait, workers)  # renderers start, voices get warm
            began = time.perf_counter()
            made = await _videos(backend, tenant.tenant_id, portrait, jobs)
            seconds = time.perf_counter() - began
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
    waited = [(job.started_at - job.created_at).total_seconds() for job in made]
    return {
        "workers": workers, "jobs": jobs, "seconds": round(seconds, 2),
        "jobs_per_minute": round(jobs / seconds * 60, 1),
        "seconds_a_job": round(statistics.mean((j.finished_at - j.started_at).total_seconds() for j in made), 2),
        "first_starts_after_ms": round(min(waited) * 1000, 1), "start_ms": spread(waited),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


async def portrait_of(backend: Backend, tenant_id: str) -> str:
    """Stores a portrait of a tenant. Returns its id."""
    from PIL import Image
    from skimage import data

    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    asset = Asset(
        id=new_id("ast"), tenant_id=tenant_id, kind="portrait", name="portrait.png", media_type="image/png",
        bytes=buffer.tell(), sha256=hashlib.sha256(buffer.getvalue()).hexdigest(), file="", analysis={},
    )  # fmt: skip
    asset.file = f"{tenant_id}/assets/{asset.id}"
    await backend.files.put(asset.file, buffer.getvalue())
    async with backend.database.session() as session:
        session.add(asset)
    return asset.id


async def _videos(backend: Backend, tenant_id: str, portrait: str, count: int) -> list[Any]:
    made = []
    for _ in range(count):
        request = VideoRequest(portrait=portrait, text=f"Hello there, number {random.random():.6f}.", size=128)  # noqa: S311  (keeps no secret)
        new = NewJob(tenant_id, "key_scale", QUEUE, request.model_dump(mode="json"), request.digest({}))
        job, _ = await backend.jobs.create(new)
        await backend.queue.enqueue(job.id, QUEUE)
        made.append(job)
    done = []
    for job in made:
        while (latest := await backend.jobs.get(job.id)) is None or latest.finished_at is None:
            await asyncio.sleep(0.1)
        if latest.state != "succeeded":
            raise SystemExit(f"a video was not made: {latest.error}")
        done.append(latest)
    return done


# --- workers that wait -----------------------------------------------------------------------------------------------
async def simulated(options: argparse.Namespace) -> dict[str, Any]:
    """Everything real but the rendering."""
    async with service(options.database) as (backend, url):
        tenants = await _tenants(backend, options.tenants)
        before = await _redis_bytes(url)
        enqueue: list[float] = []
        began = time.perf_counter()
        owners = _owners(options.jobs, tenants)

        async def submit(number: int) -> None:
            await timed(enqueue, _submit(backend, owners[number]))

        await each(options.jobs, SUBMITTERS, submit)
        submitted = time.perf_counter() - began
        print(f"enqueued {options.jobs} in {submitted:.1f} s", file=sys.stderr)
        memory = await _redis_bytes(url) - before
        played = await _play(backend, options, tenants)
    return {
        "workers": options.workers, "jobs": options.jobs, "tenants": options.tenants,
        "enqueue_ms": spread(enqueue), "enqueued_per_second": round(options.jobs / submitted, 1),
        "redis_bytes_per_10000_tickets": round(memory / options.jobs * 10_000), **played,
    }  # fmt: skip


def _owners(jobs: int, tenants: list[str]) -> list[str]:
    """Half of all jobs are the first tenant's, and they come first: the worst for the others."""
    rest = [tenants[1 + n % (len(tenants) - 1)] for n in range(jobs - jobs // 2)]
    return [tenants[0]] * (jobs // 2) + rest


async def _tenants(backend: Backend, count: int) -> list[str]:
    keys, found = KeyStore(backend.database), []
    for number in range(count):
        caller = await keys.check(await keys.create(f"scale {number}"))
        assert caller is not None
        found.append(caller.tenant_id)
    return found


async def _submit(backend: Backend, tenant_id: str) -> None:
    request = {"portrait": new_id("ast"), "text": "A sentence of the usual length, to be said by somebody. " * 3}
    job, _ = await backend.jobs.create(NewJob(tenant_id, "key_scale", QUEUE, request, hashlib.sha256().hexdigest()))
    await backend.queue.enqueue(job.id, QUEUE)


async def _redis_bytes(url: str) -> int:
    client = coredis.Redis.from_url(url)
    async with client:
        return int((await client.info("memory"))["used_memory"])


async def _play(backend: Backend, options: argparse.Namespace, tenants: list[str]) -> dict[str, Any]:
    """All workers take jobs until none is left, or time is up."""
    running: Counter[str] = Counter()
    left = Counter(_owners(options.jobs, tenants))
    begin: list[float] = []
    succeed: list[float] = []
    heartbeat: list[float] = []
    late: list[str] = []
    delivered: Counter[str] = Counter()

    async def worker(number: int) -> None:
        await asyncio.sleep(options.seconds * number / options.workers)  # they do not all come at once
        while True:
            job = await timed(
                begin, _patiently(lambda: backend.jobs.begin(f"{number}-{len(begin)}", QUEUE, tries=3), late)
            )
            if job is None:
                return
            running[job.tenant_id] += 1
            left[job.tenant_id] -= 1
            await _rendered(backend, job, options, heartbeat, late)
            if await timed(succeed, _patiently(partial(backend.jobs.succeed, job, {}), late)):
                delivered[job.id] += 1
            running[job.tenant_id] -= 1

    waiting = await backend.jobs.waiting(QUEUE)
    alone: list[float] = []
    for number in range(20):  # what one costs when nobody else asks
        job = await timed(alone, backend.jobs.begin(f"alone-{number}", QUEUE, tries=3))
        await backend.jobs.requeue(job)
    began = time.perf_counter()
    working = asyncio.gather(*(worker(number) for number in range(options.workers)))
    fairness: dict[str, float] = {}
    shares = asyncio.ensure_future(_watch_shares(running, left, options.workers, fairness))
    with suppress(TimeoutError):
        await asyncio.wait_for(working, options.limit)
    seconds = time.perf_counter() - began
    shares.cancel()
    return {
        f"begin_alone_ms_with_{waiting}_waiting": spread(alone), "begin_ms": spread(begin),
        **({"heartbeat_ms": spread(heartbeat)} if heartbeat else {}),
        "waited_30_s_in_vain": len(late), "succeed_ms": spread(succeed),
        "jobs_per_second": round(len(delivered) / seconds, 1),
        "seconds": round(seconds, 1), "done": len(delivered), "delivered_twice": sum(n > 1 for n in delivered.values()),
        "lost": options.jobs - len(delivered) - len(await backend.jobs.unfinished()), **fairness,
    }  # fmt: skip


async def _patiently(act: Callable[[], Awaitable[Any]], late: list[str]) -> Any:
    """Does something again when no connection was free for 30 s, as workers do; all share those of one process here."""
    while True:
        try:
            return await act()
        except NoConnection as error:
            late.append(str(error))


async def _rendered(
    backend: Backend, job: Job, options: argparse.Namespace, heartbeat: list[float], late: list[str]
) -> None:
    """Waits as long as a video would take."""
    ends = time.perf_counter() + options.seconds * random.uniform(0.5, 1.5)  # noqa: S311  (keeps no secret)
    while options.heartbeats and (left := ends - time.perf_counter()) > HEARTBEAT:
        await asyncio.sleep(min(HEARTBEAT, left))
        await timed(heartbeat, _patiently(lambda: backend.jobs.progress(job, progress=0.5), late))
    await asyncio.sleep(max(0.0, ends - time.perf_counter()))


async def _watch_shares(running: Counter[str], left: Counter[str], workers: int, fairness: dict[str, float]) -> None:
    """Jain's index of the workers that tenants have who all wait for more: 1 is fair, 1/n is one with everything."""
    found = []
    while True:
        await asyncio.sleep(LATE)
        waiting = [running[tenant] for tenant, jobs in left.items() if jobs > 0]
        if len(waiting) > 1 and sum(running.values()) >= 0.9 * workers:
            found.append(sum(waiting) ** 2 / (len(waiting) * sum(n * n for n in waiting)))
            fairness.update(jain_median=round(statistics.median(found), 4), jain_least=round(min(found), 4))


if __name__ == "__main__":
    main()
