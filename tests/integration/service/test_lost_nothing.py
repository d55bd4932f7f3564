"""Workers, queue and all are killed with -9 while videos are made: none is lost, none is delivered twice."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import av
import psutil
import pytest

from paksatalker.service.broker import Broker
from paksatalker.service.keys import KeyStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.states import State
from paksatalker.worker.main import opened

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 2


@contextmanager
def worker_process(home: Path, url: str):
    """A worker as an operator starts it."""
    environment = os.environ | {"PAKSATALKER_SERVICE_HOME": str(home), "REDIS_URL": url}
    log = (home / "worker.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "paksatalker", "worker", "--queue", "portrait"], env=environment,
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        yield process
    finally:
        kill(process)
        log.close()


def kill(process: subprocess.Popen) -> list[psutil.Process]:
    """-9 for a worker; returns its renderers, which nobody has told."""
    if process.poll() is not None:
        return []
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    return children


async def frames_made(parts, job, attempt: int) -> None:
    async with asyncio.timeout(90):
        while True:
            latest = await parts.jobs.get(job.id)
            assert latest.error is None
            if latest.state == State.RUNNING and latest.attempt == attempt and latest.frames_done:
                return
            await asyncio.sleep(0.05)


async def kept(parts, prefix: str) -> set[str]:
    """Attempts of a job that have files."""
    import obstore

    names = [entry["path"] async for batch in obstore.list(parts.files._store, prefix) for entry in batch]
    return {name.removeprefix(prefix + "/").split("/")[0] for name in names}


def test_nothing_is_lost_and_nothing_comes_twice(tmp_path, bench_of):
    """A worker is killed at work, then the queue's server and the worker; all of them start again."""
    settings = ServiceSettings(_env_file=None, home=tmp_path)
    found = {}

    async def first(url: str, broker: Broker) -> None:
        async with opened(settings, url) as parts:
            keys = KeyStore(parts.database)
            caller = await keys.check(await keys.create("test"))
            bench = bench_of(parts, caller.tenant_id, tmp_path)
            jobs = [await bench.submit(text=LONG), await bench.submit(), await bench.submit()]
            found["jobs"] = jobs
            with worker_process(tmp_path, url) as process:
                await frames_made(parts, jobs[0], 1)
                orphans = kill(process)
                killed = time.monotonic()
            assert psutil.wait_procs(orphans, 20)[1] == [], "a renderer ends with its worker"
            with worker_process(tmp_path, url) as process:
                await frames_made(parts, jobs[0], 2)
                found["recovery"] = time.monotonic() - killed
                os.kill(broker.pid, signal.SIGKILL)
                kill(process)

    async def second(url: str) -> None:
        async with opened(settings, url) as parts:
            bench = bench_of(parts, found["jobs"][0].tenant_id, tmp_path)
            with worker_process(tmp_path, url):
                for job in found["jobs"]:
                    done = await bench.ended(job, 120)
                    assert (done.state, done.error) == (State.SUCCEEDED, None)
                    assert await kept(parts, f"{job.tenant_id}/{job.id}") == {str(done.attempt)}
                    video = b"".join([piece async for piece in parts.files.read(done.result["files"]["video"])])
                    with av.open(io.BytesIO(video)) as file:
                        assert sum(1 for _ in file.decode(video=0)) == done.result["frames"]
                    found[job.id] = done.attempt
            assert await parts.jobs.unfinished() == []

    with Broker(tmp_path / "queue") as broker:
        try:
            asyncio.run(first(broker.url, broker))
        except* Exception as errors:
            if "recovery" not in found:
                raise errors from None
    with Broker(tmp_path / "queue") as broker:
        try:
            asyncio.run(second(broker.url))
        except TimeoutError:
            pytest.fail((tmp_path / "worker.log").read_text(errors="replace")[-4000:])
    assert found["recovery"] <= 60, "8 s of silence, then a renderer starts; on an idle machine it is below 30"
