import asyncio
import threading
from contextlib import AsyncExitStack

import pytest

from paksatalker.api.services import streaming
from paksatalker.api.services.streaming import Busy, CallerGone, FileOnce, Pool, PouredResponse


async def here() -> bool:
    return False


async def away() -> bool:
    return True


def pool(**options) -> Pool[list[int]]:
    return Pool(list, list.clear, **{"slots": 1, **options})


def test_pieces_come_in_order_and_the_resource_stays_warm():
    async def act() -> None:
        with pool() as works:
            for _ in range(2):
                stream = works.start("a", lambda kept, _: iter([kept.append(1) or 1, len(kept), 7]))
                await stream.begin(here)
                said.append([piece async for piece in stream])

    said: list[list] = []
    asyncio.run(act())
    assert said == [[1, 1, 7], [1, 2, 7]]


def test_what_fails_at_once_is_raised_before_the_first_piece():
    def fail(*_):
        raise ValueError("no")
        yield

    async def act() -> None:
        with pool() as works, pytest.raises(ValueError, match="no"):
            await works.start("a", fail).begin(here)

    asyncio.run(act())


def test_what_fails_later_is_raised_where_it_is_read():
    def fail(*_):
        yield 1
        raise ValueError("late")

    async def act() -> None:
        with pool() as works:
            stream = works.start("a", fail)
            await stream.begin(here)
            with pytest.raises(ValueError, match="late"):
                [piece async for piece in stream]

    asyncio.run(act())


def test_nobody_waits_for_the_dead_and_their_work_ends():
    ended = threading.Event()

    def long(_, stop):
        stop.wait(10)
        ended.set()
        yield 1

    async def act() -> None:
        with pool() as works:
            with pytest.raises(CallerGone):
                await works.start("a", long).begin(away)
            stream = works.start("b", lambda *_: iter([5]))
            await stream.begin(here)
            assert [piece async for piece in stream] == [5]

    asyncio.run(act())
    assert ended.is_set()


def test_one_tenant_cannot_take_every_place():
    async def act() -> None:
        gate = threading.Event()

        def hold(*_):
            gate.wait(10)
            yield 1

        with pool(waiting=4) as works:
            streams = [works.start("a", hold) for _ in range(3)]
            with pytest.raises(Busy):
                works.start("a", hold)
            streams += [works.start("b", hold) for _ in range(2)]
            with pytest.raises(Busy):
                works.start("c", hold)
            gate.set()
            for stream in streams:
                await stream.begin(here)
            while True:  # places are free again
                try:
                    await works.start("a", hold).begin(here)
                    break
                except Busy:
                    await asyncio.sleep(0.01)

    asyncio.run(act())


def test_streams_that_nobody_reads_to_the_end_count_until_they_are_stopped(monkeypatch):
    monkeypatch.setattr(streaming, "_OPEN", 2)

    async def act() -> None:
        with pool() as works:
            streams = [works.start("a", lambda *_: iter([1, 2])) for _ in range(2)]
            for stream in streams:
                await stream.begin(here)
            with pytest.raises(Busy):
                works.start("a", lambda *_: iter([1]))
            works.start("b", lambda *_: iter([1])).stop()
            streams[0].stop()
            streams[0].stop()  # counts once
            assert [piece async for piece in works.start("a", lambda *_: iter([3]))] == [3]
            assert [piece async for piece in streams[1]] == [1, 2]
            for _ in range(2):  # both places are free again
                works.start("a", lambda *_: iter([1]))

    asyncio.run(act())


def test_a_client_that_takes_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(streaming, "_SEND_SECONDS", 0.05)

    async def act() -> None:
        async def receive() -> dict:
            await asyncio.sleep(60)
            return {}

        async def send(_) -> None:
            await asyncio.sleep(60)

        with pool() as works:
            stream = works.start("a", lambda *_: iter([b"x"]))
            await stream.begin(here)
            with pytest.raises((TimeoutError, ExceptionGroup)):
                await PouredResponse(stream, stream, "audio/mpeg")({"type": "http"}, receive, send)
            assert stream.stopped.is_set()

    asyncio.run(act())


def test_a_file_that_is_sent_once_goes_whoever_takes_it(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(1 << 20))
    closed = []

    async def act(send) -> None:
        folder = AsyncExitStack()
        folder.callback(closed.append, 1)
        scope = {"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": "2.4"}}
        await FileOnce(path, folder, "audio/wav", {})(scope, None, send)

    async def takes(message) -> None: ...

    async def away(message) -> None:
        raise BrokenPipeError

    asyncio.run(act(takes))
    with pytest.raises(BrokenPipeError):
        asyncio.run(act(away))
    assert closed == [1, 1]
