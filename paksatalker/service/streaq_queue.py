"""The queue on Redis or Valkey, by streaq. Nothing but JSON goes in or comes out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

import coredis
from anyio import BrokenResourceError, ClosedResourceError, EndOfStream
from coredis import PureToken
from streaq import StreaqRetry, Worker
from streaq.task import AsyncRegisteredTask

from paksatalker.service.queue import Handler, Later, QueueDepth
from paksatalker.service.states import QUEUES

_log = logging.getLogger(__name__)

#: A worker that says nothing for so long is dead, and its tickets go to others.
SILENT_SECONDS = 8.0
_AGAIN_SECONDS = 2  # after a handler failed for a reason that is not the job's: database or disk away
_NAME = "use_ticket"
_AWAY = (coredis.exceptions.RedisError, OSError, EndOfStream, BrokenResourceError, ClosedResourceError)
_HEARD_SECONDS = 30.0  # the library's own second is short for hundreds who begin to listen at once
_LISTENERS = 10_000  # each has a connection, apart from those of commands: these must never wait for a listener to go


class StreaqQueue:
    """A :class:`~paksatalker.service.queue.JobQueue` and :class:`~paksatalker.service.queue.EventBus`.

    Args:
        url: Of Redis or Valkey.
        silent_seconds: When a worker is taken for dead.
    """

    def __init__(self, url: str, silent_seconds: float = SILENT_SECONDS) -> None:
        self._url = url
        self._silent = silent_seconds
        self._open = AsyncExitStack()
        self._producers: dict[str, tuple[Worker[Any], AsyncRegisteredTask[[str], None]]] = {}
        self._client: coredis.Redis[str] | None = None
        self._ears: coredis.Redis[str] | None = None

    async def __aenter__(self) -> Self:
        self._client = coredis.Redis.from_url(self._url, decode_responses=True)
        self._ears = coredis.Redis.from_url(self._url, decode_responses=True, max_connections=_LISTENERS)
        for client in (self._client, self._ears):
            await self._open.enter_async_context(client)
        for queue in QUEUES:  # here and not when they are needed: they must be closed by the task that opens them
            await self._add_producer(queue)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections."""
        self._producers.clear()
        await self._open.aclose()

    async def ping(self) -> None:
        """Whether the server answers; raises if not."""
        await self._redis.ping()

    async def enqueue(self, ticket: str, queue: str) -> None:
        """Puts a ticket in; putting it in again while it waits or runs changes nothing."""
        _, use = self._producers[queue]
        task = use.enqueue(ticket)
        task.id = ticket
        await task

    async def count(self, name: str, seconds: int) -> tuple[float, int]:
        """Counts an event.

        Args:
            name: Of what is counted.
            seconds: Of the window.

        Returns:
            How many there were in the last so many seconds, this one too (the window before counts by the part of it
            that lies in them), and in how many seconds the next window begins.
        """
        time = float((await self._redis.time()).timestamp())
        window, passed = divmod(time, seconds)
        key, before = (f"paksatalker:count:{name}:{int(window) - back}" for back in (0, 1))
        now = await self._redis.incr(key)
        if now == 1:
            await self._redis.expire(key, 2 * seconds)
        earlier = int(await self._redis.get(before) or 0)
        return now + earlier * (1 - passed / seconds), max(1, round(seconds - passed))

    async def first(self, name: str, seconds: float) -> bool:
        """Whether nobody else has asked this in the last so many seconds: of many who could do something, one does it.

        Args:
            name: Of what is to be done.
            seconds: For how long nobody else does it.
        """
        key = f"paksatalker:first:{name}"
        return bool(await self._redis.set(key, "1", condition=PureToken.NX, px=max(1, round(seconds * 1000))))

    async def announce(self, worker: str, queues: Sequence[str], seconds: float) -> None:
        """Says that a worker takes tickets of some lanes, for so long from now on; 0 seconds: no more.

        Args:
            worker: Its name, one of its own.
            queues: The lanes.
            seconds: For how long this holds, unless it is said again.
        """
        time = (await self._redis.time()).timestamp()
        for queue in queues:
            key = _workers(queue)
            await self._redis.zremrangebyscore(key, float("-inf"), time)
            await self._redis.zadd(key, {worker: time + seconds})

    async def workers(self, queue: str) -> int:
        """How many workers take tickets of a lane."""
        time = (await self._redis.time()).timestamp()
        return int(await self._redis.zcount(_workers(queue), time, float("inf")))

    async def lack(self, queue: str, error: dict[str, Any], seconds: float) -> None:
        """Says why somebody who would take tickets of a lane cannot, for so long from now on.

        Args:
            queue: The lane.
            error: As JSON data.
            seconds: For how long this holds, unless it is said again.
        """
        await self._redis.set(_lacks(queue), json.dumps(error), px=max(1, round(seconds * 1000)))

    async def lacks(self, queue: str) -> dict[str, Any] | None:
        """Why nobody takes tickets of a lane; None if nobody has said so, or somebody takes them."""
        if await self.workers(queue) or (told := await self._redis.get(_lacks(queue))) is None:
            return None
        error: dict[str, Any] = json.loads(told)
        return error

    async def depth(self, queue: str) -> QueueDepth:
        """How much is in a lane."""
        worker, _ = self._producers[queue]
        total = await worker.queue_size()
        running = int(await self._redis.scard(worker._running_set))
        return QueueDepth(max(total - running, 0), running)

    async def work(self, queue: str, handler: Handler, concurrency: int = 1) -> None:
        """Uses tickets of a lane until it is cancelled; then cancels its handlers and puts their tickets back.

        While the server is away, what is being done goes on; nothing new begins until it is back.
        """
        while True:
            try:
                await self._work(queue, handler, concurrency)
            except Exception as error:
                if not is_away(error):
                    raise
                _log.warning("queue %s waits for its server: %s", queue, _first(error))
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _work(self, queue: str, handler: Handler, concurrency: int) -> None:
        stop = asyncio.Event()

        async def use(ticket: str) -> None:
            await _until(stop, handler, ticket)

        worker, _ = self._worker(queue, use, concurrency)
        running = asyncio.ensure_future(worker.run_async())
        try:
            await asyncio.shield(running)
        finally:
            stop.set()
            if not running.done():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)  # that its server is away is no news

    async def publish(self, job_id: str, event: dict[str, Any]) -> None:
        """Tells something of a job; nobody hears it while the server is away."""
        try:
            await self._redis.publish(_channel(job_id), json.dumps(event))
        except Exception as error:
            if not is_away(error):
                raise
            _log.warning("nobody hears of job %s: %s", job_id, _first(error))

    @asynccontextmanager
    async def listen(self, job_id: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """What is told of a job from now on.

        A context, because a generator that nobody finishes would leave its connection to chance.
        """
        if self._ears is None:
            raise RuntimeError("the queue is not open")
        async with self._ears.pubsub(channels=[_channel(job_id)], subscription_timeout=_HEARD_SECONDS) as channel:
            yield _events(channel)

    @property
    def _redis(self) -> coredis.Redis[str]:
        if self._client is None:
            raise RuntimeError("the queue is not open")
        return self._client

    async def _add_producer(self, queue: str) -> None:
        async def use(ticket: str) -> None:
            raise AssertionError(f"ticket {ticket}: this end of the queue only puts tickets in")

        worker, task = self._worker(queue, use, 1)
        await self._open.enter_async_context(worker)
        self._producers[queue] = worker, task

    def _worker(
        self, queue: str, use: Handler, concurrency: int
    ) -> tuple[Worker[Any], AsyncRegisteredTask[[str], None]]:
        worker: Worker[Any] = Worker(
            self._url,
            queue_name=f"paksatalker-{queue}",
            concurrency=concurrency,
            prefetch=0,  # a ticket that waits in a busy worker is one that an idle one could use
            serializer=_written,
            deserializer=json.loads,
            handle_signals=False,
            idle_timeout=self._silent,
        )
        # It takes the process's signals for itself, whatever `handle_signals` says: ours would never be called.
        worker.signal_handler = _no_signals  # type: ignore[method-assign, assignment]  # as said
        # The database counts attempts, and times are its business too.
        task = worker.task(name=_NAME, max_tries=None, timeout=None, ttl=0, silent=True, expire=None)(use)
        return worker, task  # type: ignore[return-value]  # its decorator's overloads do not tell


def is_away(error: BaseException) -> bool:
    """Whether an error means that the server does not answer now, or has just begun anew with nothing in it."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_away(one) for one in error.exceptions)
    return isinstance(error, _AWAY)


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _written(values: Any) -> str:
    """As JSON. It notes errors of its own, too, e.g. of a ticket that was used up by another worker: as their text."""
    return json.dumps(values, default=str)


async def _no_signals(_: object) -> None:
    return


async def _until(stop: asyncio.Event, handler: Handler, ticket: str) -> None:
    """Runs a handler, but no longer than until ``stop``.

    Raises:
        StreaqRetry: It did not come to its end; the ticket goes back.
    """
    work = asyncio.ensure_future(handler(ticket))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
    if work.cancelled():
        raise StreaqRetry("the worker stops", delay=0)
    if error := work.exception():
        if isinstance(error, Later):
            raise StreaqRetry(str(error), delay=_AGAIN_SECONDS)
        _log.error("a ticket goes back: %s: %s", type(error).__name__, error)
        raise StreaqRetry(str(error), delay=_AGAIN_SECONDS)


async def _events(channel: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
    async for message in channel:
        if message["type"] == "message":
            yield json.loads(str(message["data"]))


def _channel(job_id: str) -> str:
    return f"paksatalker:events:{job_id}"


def _lacks(queue: str) -> str:
    return f"paksatalker:lacks:{queue}"


def _workers(queue: str) -> str:
    return f"paksatalker:workers:{queue}"
