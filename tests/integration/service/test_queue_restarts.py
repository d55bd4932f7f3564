"""The queue's server is killed while a video is made: it is made all the same, once, and so is the next one."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import coredis
import pytest

from paksatalker.service.states import State
from paksatalker.worker.main import work
from tests.integration.service.served import LONG

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")


async def stopped(task: asyncio.Task) -> None:
    task.cancel()
    await asyncio.wait({task})


def test_what_is_made_while_the_queue_is_away_is_made_once(play):
    async def act(bench):
        job = await bench.submit(text=LONG * 2)
        async with AsyncExitStack() as stack:
            tasks = [asyncio.ensure_future(work(bench.backend, ["portrait"])) for _ in range(2)]
            for task in tasks:
                stack.push_async_callback(stopped, task)
            async with asyncio.timeout(90):
                while not (await bench.backend.jobs.get(job.id)).frames_done:
                    await asyncio.sleep(0.05)
            os.kill(int((bench.folder / "queue" / "server.pid").read_text()), signal.SIGKILL)
            done = await bench.ended(job, 120)
            assert (done.state, done.error, done.attempt) == (State.SUCCEEDED, None, 1)
            async with asyncio.timeout(30):
                while True:
                    try:
                        following = await bench.submit()
                        break
                    except (coredis.exceptions.RedisError, OSError):  # it is just being started again
                        await asyncio.sleep(0.1)
            assert (await bench.ended(following, 90)).state == State.SUCCEEDED
            assert not any(task.done() for task in tasks), "no worker ends over it"

    play(act)
