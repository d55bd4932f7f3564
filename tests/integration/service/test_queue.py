import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import coredis
import pytest

from paksatalker.service.broker import Broker
from paksatalker.service.queue import QueueDepth
from paksatalker.service.streaq_queue import StreaqQueue


@pytest.fixture
def url(tmp_path: Path):
    with Broker(tmp_path / "queue") as broker:
        yield broker.url


async def wait_for(condition, seconds=20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def test_every_ticket_is_used_once(url):
    async def play():
        used: list[str] = []

        async def handler(ticket: str) -> None:
            used.append(ticket)

        async with StreaqQueue(url) as queue:
            for _ in range(2):
                for n in range(10):
                    await queue.enqueue(f"t{n}", "portrait")
            assert await queue.depth("portrait") == QueueDepth(10, 0)
            assert await queue.depth("avatar") == QueueDepth(0, 0)
            work = asyncio.ensure_future(queue.work("portrait", handler, 3))
            await wait_for(lambda: len(used) == 10)
            await asyncio.sleep(0.2)
            work.cancel()
            await asyncio.wait({work})
        assert sorted(used) == sorted(f"t{n}" for n in range(10))

    asyncio.run(play())


def test_a_worker_that_stops_puts_its_ticket_back_at_once(url):
    async def play():
        begun, done = [], []

        async def slow(ticket: str) -> None:
            begun.append(ticket)
            await asyncio.sleep(60)

        async def fast(ticket: str) -> None:
            done.append(ticket)

        async with StreaqQueue(url, silent_seconds=60) as queue:
            await queue.enqueue("t", "portrait")
            work = asyncio.ensure_future(queue.work("portrait", slow))
            await wait_for(lambda: begun)
            work.cancel()
            await asyncio.wait({work}, timeout=5)
            assert work.done()
            work = asyncio.ensure_future(queue.work("portrait", fast))
            await wait_for(lambda: done)
            work.cancel()
            await asyncio.wait({work})
        assert begun == done == ["t"]

    asyncio.run(play())


def test_a_handler_that_fails_gets_its_ticket_again(url):
    async def play():
        calls = []

        async def moody(ticket: str) -> None:
            calls.append(ticket)
            if len(calls) == 1:
                raise OSError("the database is away")

        async with StreaqQueue(url) as queue:
            await queue.enqueue("t", "portrait")
            work = asyncio.ensure_future(queue.work("portrait", moody))
            await wait_for(lambda: len(calls) == 2)
            work.cancel()
            await asyncio.wait({work})
        assert calls == ["t", "t"]

    asyncio.run(play())


WORKER = """
import asyncio, sys
from paksatalker.service.streaq_queue import StreaqQueue

async def handler(ticket):
    print(ticket, flush=True)
    await asyncio.sleep(float(sys.argv[2]))

async def main():
    async with StreaqQueue(sys.argv[1], silent_seconds=2) as queue:
        await queue.work("portrait", handler)

asyncio.run(main())
"""


def test_the_ticket_of_a_killed_worker_comes_back(url):
    async def play():
        again: list[str] = []

        async def handler(ticket: str) -> None:
            again.append(ticket)

        async with StreaqQueue(url, silent_seconds=2) as queue:
            await queue.enqueue("t", "portrait")
            with subprocess.Popen([sys.executable, "-c", WORKER, url, "60"], stdout=subprocess.PIPE) as process:
                assert await asyncio.to_thread(process.stdout.readline) == b"t\n"
                os.kill(process.pid, signal.SIGKILL)
            work = asyncio.ensure_future(queue.work("portrait", handler))
            await wait_for(lambda: again)
            work.cancel()
            await asyncio.wait({work})
        assert again == ["t"]

    asyncio.run(play())


def test_what_is_done_goes_on_when_the_server_is_killed_and_the_rest_is_done_after_it(tmp_path):
    async def play(broker: Broker):
        used, done = [], asyncio.Event()

        async def handler(ticket: str) -> None:
            used.append(ticket)
            if ticket == "first":
                await done.wait()

        async with StreaqQueue(broker.url) as queue:
            work = asyncio.ensure_future(queue.work("portrait", handler))
            await queue.enqueue("first", "portrait")
            await queue.enqueue("second", "portrait")
            await wait_for(lambda: used)
            os.kill(broker.pid, signal.SIGKILL)
            await queue.publish("vid_a", {"progress": 0.5})  # nobody hears it, and nothing breaks
            async with asyncio.timeout(10):
                while True:
                    try:
                        await queue.enqueue("third", "portrait")
                        break
                    except coredis.exceptions.RedisError:
                        await asyncio.sleep(0.05)
            assert used == ["first"]
            done.set()
            await wait_for(lambda: len(used) == 3)
            await asyncio.sleep(0.2)
            assert not work.done()
            assert await queue.depth("portrait") == QueueDepth(0, 0)
            work.cancel()
            await asyncio.wait({work})
        assert used[0] == "first"
        assert sorted(used) == ["first", "second", "third"]

    with Broker(tmp_path / "queue") as broker:
        asyncio.run(play(broker))


def test_a_ticket_that_was_used_up_by_another_worker_ends_no_worker(url):
    """It comes once more when its worker was silent for a while, but alive."""

    async def play():
        used: list[str] = []

        async def handler(ticket: str) -> None:
            used.append(ticket)

        async with StreaqQueue(url) as queue:
            await queue.enqueue("gone", "portrait")
            worker, _ = queue._producers["portrait"]
            assert await queue._redis.delete([worker.task_key + "gone"]) == 1
            work = asyncio.ensure_future(queue.work("portrait", handler))
            await queue.enqueue("there", "portrait")
            await wait_for(lambda: used)
            await asyncio.sleep(0.1)
            assert not work.done()
            assert await queue.depth("portrait") == QueueDepth(0, 0)
            work.cancel()
            await asyncio.wait({work})
        assert used == ["there"]

    asyncio.run(play())


def test_events_reach_who_listens(url):
    async def play():
        async with StreaqQueue(url) as one, StreaqQueue(url) as other:
            heard = []

            async def listen() -> None:
                async with one.listen("vid_a") as events:
                    async for event in events:
                        heard.append(event)

            ear = asyncio.ensure_future(listen())
            while not heard:
                await other.publish("vid_b", {"progress": 0.1})
                await other.publish("vid_a", {"progress": 0.5})
                await asyncio.sleep(0.05)
            ear.cancel()
            await asyncio.wait({ear})
            assert heard[0] == {"progress": 0.5}

    asyncio.run(play())


def test_other_tasks_may_put_tickets_in(tmp_path):
    async def act(url):
        async with StreaqQueue(url) as queue:
            await asyncio.create_task(queue.enqueue("tkt_a", "portrait"))
            depth = await asyncio.create_task(queue.depth("portrait"))
        assert depth.waiting == 1

    with Broker(tmp_path) as broker:
        asyncio.run(act(broker.url))


def test_many_who_listen_keep_nobody_from_asking(url):
    async def play():
        async with StreaqQueue(url) as queue:
            hearing = 0

            async def listen() -> None:
                nonlocal hearing
                async with queue.listen("vid_a") as events:
                    hearing += 1
                    async for _ in events:
                        pass

            ears = [asyncio.ensure_future(listen()) for _ in range(150)]
            await wait_for(lambda: hearing == len(ears) or any(ear.done() for ear in ears), 60)
            assert not [ear.exception() for ear in ears if ear.done()]
            async with asyncio.timeout(20):
                assert (await queue.count("x", 60))[0] >= 1
                assert (await queue.count("x", 60))[0] >= 1.9
            for ear in ears:
                ear.cancel()
            await asyncio.wait(ears)

    asyncio.run(play())
