import asyncio
import io
import os
import signal
import time
from contextlib import asynccontextmanager, suppress

import av
import psutil
import pytest

from paksatalker.service.states import State
from paksatalker.worker.main import mend, work

LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 40


@asynccontextmanager
async def worker(bench):
    task = asyncio.ensure_future(work(bench.backend, ["portrait"]))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def renderers() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children():
        with suppress(psutil.Error):  # it was killed a moment ago
            if "paksatalker.worker.child" in " ".join(process.cmdline()):
                found.append(process)
    return found


async def rendering(bench, job) -> None:
    async with asyncio.timeout(60):
        async with bench.backend.queue.listen(job.id) as events:
            async for event in events:
                if event.get("frames_done"):
                    return


def test_a_job_becomes_a_video(play):
    async def act(bench):
        job = await bench.submit(subtitles="vtt")
        events = []

        async def listen():
            async with bench.backend.queue.listen(job.id) as told:
                async for event in told:
                    events.append(event)

        ear = asyncio.ensure_future(listen())
        async with worker(bench):
            done = await bench.ended(job)
            await asyncio.sleep(0.2)
        ear.cancel()
        assert (done.state, done.error, done.attempt, done.progress) == (State.SUCCEEDED, None, 1, 1.0)
        video = b"".join([piece async for piece in bench.backend.files.read(done.result["files"]["video"])])
        with av.open(io.BytesIO(video)) as file:
            assert (file.streams.video[0].width, len(file.streams.audio)) == (128, 1)
        assert len(video) == done.result["bytes"]
        files = [path for path in (bench.folder / "files" / job.tenant_id / job.id).rglob("*") if path.is_file()]
        assert done.stored_bytes == done.result["stored_bytes"] >= 2 * len(video)
        assert done.stored_bytes == sum(path.stat().st_size for path in files), "the stream and all else counts, too"
        words = b"".join([piece async for piece in bench.backend.files.read(done.result["files"]["subtitles"])])
        assert b"Hello there." in words
        assert events[-1]["state"] == "succeeded"
        assert not any((bench.folder / "work").rglob("video.*"))
        assert not renderers()

    play(act)


def test_what_is_wrong_with_the_input_is_told(play):
    async def act(bench):
        job = await bench.submit(voice="nobody")
        other = await bench.submit()
        async with worker(bench):
            failed = await bench.ended(job)
            done = await bench.ended(other)
        assert (failed.state, failed.attempt) == (State.FAILED, 1)
        assert failed.error["code"] == "UnknownVoice"
        assert failed.error["fix"]
        assert done.state == State.SUCCEEDED

    play(act)


def test_a_running_job_stops_within_a_second(play):
    async def act(bench):
        job = await bench.submit(text=LONG)
        async with worker(bench):
            await rendering(bench, job)
            began = time.monotonic()
            await bench.backend.jobs.cancel(job.id, bench.tenant_id)
            stopped = await bench.ended(job)
            assert time.monotonic() - began < 2.0  # one, and what a busy machine adds
            assert stopped.state == State.CANCELLED
        assert not [file async for batch in _stored(bench, job) for file in batch]

    play(act)


def _stored(bench, job):
    import obstore

    return obstore.list(bench.backend.files._store, f"{bench.tenant_id}/{job.id}")


def test_a_worker_that_stops_puts_its_job_back(play):
    async def act(bench):
        job = await bench.submit(text=LONG)
        async with worker(bench):
            await rendering(bench, job)
        back = await bench.backend.jobs.get(job.id)
        assert (back.state, back.attempt) == (State.QUEUED, 0)
        assert not renderers()
        await bench.backend.jobs.cancel(job.id, bench.tenant_id)

    play(act)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_job_that_kills_the_renderer_ends_after_its_tries(play):
    async def act(bench):
        job = await bench.submit(text=LONG)
        killed = 0
        async with worker(bench):
            async with asyncio.timeout(90):
                while (await bench.backend.jobs.get(job.id)).finished_at is None:
                    for process in renderers():
                        latest = await bench.backend.jobs.get(job.id)
                        if latest.state == State.RUNNING and latest.attempt > killed:
                            os.kill(process.pid, signal.SIGKILL)
                            killed = latest.attempt
                    await asyncio.sleep(0.05)
            failed = await bench.backend.jobs.get(job.id)
            assert (failed.state, failed.attempt, failed.error["code"]) == (State.FAILED, 2, "WorkerLost")
            other = await bench.ended(await bench.submit())
            assert other.state == State.SUCCEEDED

    play(act, job_tries=2)


def test_jobs_without_a_ticket_get_one(play):
    async def act(bench):
        job = await bench.submit()
        await bench.backend.queue._redis.flushall()
        assert await mend(bench.backend, "portrait") == 1
        assert await mend(bench.backend, "portrait") == 0
        async with worker(bench):
            assert (await bench.ended(job)).state == State.SUCCEEDED

    play(act)
