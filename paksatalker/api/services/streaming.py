"""Work that gives its result piece by piece, done on a few threads, for callers who may go away at any time."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from starlette.responses import FileResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

T = TypeVar("T")
R = TypeVar("R")
#: Does the work with a warm resource; the event is set when nobody wants it any more.
Work = Callable[[R, threading.Event], Iterator[T]]

_OPEN = 64  # streams of one tenant whose pieces are not all read: they are kept in memory
_SEND_SECONDS = 60.0  # who takes nothing for so long is let go
_LOOK_SECONDS = 0.25  # between two looks at whether the caller is still there


class Busy(Exception):
    """So much waits already that one more would wait too long."""


class CallerGone(Exception):
    """The caller has closed the connection."""


class _End:
    """After the last piece."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Stream(Generic[T]):
    """Pieces of a work as they come; iterate once. Everything happens in one event loop but :meth:`put`."""

    def __init__(self, closed: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed = closed
        self._pieces: asyncio.Queue[T | _End] = asyncio.Queue()
        self._held: list[T | _End] = []
        self.stopped = threading.Event()

    def put(self, piece: T | _End) -> None:
        """Hands a piece over, from the thread that made it."""
        with suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)

    def stop(self) -> None:
        """Ends the work after the piece that is being made. May be called again, and after the end.

        Whoever reads only a part of the pieces must call it: until then the stream counts as open.
        """
        if not self.stopped.is_set():
            self.stopped.set()
            self._closed()

    async def begin(self, gone: Callable[[], Awaitable[bool]]) -> None:
        """Waits until there is a first piece, so that what fails at once can still be answered with an error.

        Args:
            gone: Whether the caller has gone.

        Raises:
            CallerGone: Meanwhile the caller has gone; the work is stopped.
            Exception: What the work failed with.
        """
        piece = await self._waited(gone)
        if isinstance(piece, _End) and piece.error is not None:
            self.stop()
            raise piece.error
        self._held.append(piece)

    async def next(self, gone: Callable[[], Awaitable[bool]]) -> T | None:
        """The next piece, or None after the last; raises as :meth:`begin` does."""
        piece = self._held.pop() if self._held else await self._waited(gone)
        return self._given(piece)

    async def _waited(self, gone: Callable[[], Awaitable[bool]]) -> T | _End:
        coming = asyncio.ensure_future(self._pieces.get())
        try:
            while not coming.done():
                await asyncio.wait({coming}, timeout=_LOOK_SECONDS)
                if not coming.done() and await gone():
                    raise CallerGone
        except BaseException:
            self.stop()
            coming.cancel()
            raise
        return coming.result()

    def _given(self, piece: T | _End) -> T | None:
        if not isinstance(piece, _End):
            return piece
        self.stop()
        self._held.append(_End())  # it stays at its end
        if piece.error is not None:
            raise piece.error
        return None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        piece = self._given(self._held.pop() if self._held else await self._pieces.get())
        if piece is None:
            raise StopAsyncIteration
        return piece


class Pool(Generic[R]):
    """A few warm resources, each used by one work at a time; a context manager.

    Args:
        make: Makes a resource, when it is first needed.
        close: Lets go of one.
        slots: How many works there are at a time.
        waiting: How many more may wait; of one tenant half of them.
    """

    def __init__(self, make: Callable[[], R], close: Callable[[R], None], slots: int, waiting: int = 16) -> None:
        self._make, self._close = make, close
        self._most = slots + waiting
        self._most_of_one = slots + waiting // 2
        self._idle: SimpleQueue[R] = SimpleQueue()
        self._threads = ThreadPoolExecutor(slots, "pool")
        self._live: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self._streams: set[Stream[Any]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in list(self._streams):
            stream.stop()
        self._threads.shutdown(cancel_futures=True)
        with suppress(Empty):
            while True:
                self._close(self._idle.get_nowait())

    def start(self, tenant_id: str, work: Work[R, T]) -> Stream[T]:
        """Has a work done.

        Args:
            tenant_id: For whom.
            work: Called on another thread; what it returns is iterated over there, and closed if it can be.

        Raises:
            Busy: Too much waits already.
        """
        if self._live.total() >= self._most or self._live[tenant_id] >= self._most_of_one:
            raise Busy
        if self._open[tenant_id] >= _OPEN:
            raise Busy
        stream: Stream[T] = Stream(lambda: self._close_one(tenant_id))
        self._open[tenant_id] += 1
        loop = asyncio.get_running_loop()
        self._live[tenant_id] += 1
        self._streams.add(stream)

        def over(_: Future[None]) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._forget, tenant_id, stream)

        self._threads.submit(self._do, stream, work).add_done_callback(over)
        return stream

    def _close_one(self, tenant_id: str) -> None:
        self._open[tenant_id] -= 1
        if not self._open[tenant_id]:
            del self._open[tenant_id]

    def _forget(self, tenant_id: str, stream: Stream[Any]) -> None:
        self._streams.discard(stream)
        self._live[tenant_id] -= 1
        if not self._live[tenant_id]:
            del self._live[tenant_id]

    def _do(self, stream: Stream[T], work: Work[R, T]) -> None:
        if stream.stopped.is_set():
            return stream.put(_End())
        resource = None
        try:
            resource = self._taken()
            pieces = work(resource, stream.stopped)
            try:
                for piece in pieces:
                    stream.put(piece)
                    if stream.stopped.is_set():
                        break
            finally:
                if hasattr(pieces, "close"):
                    pieces.close()
            stream.put(_End())
        except BaseException as error:  # noqa: BLE001  (it is raised where the stream is read)
            stream.put(_End(error))
        finally:
            if resource is not None:
                self._idle.put(resource)

    def _taken(self) -> R:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._make()


def _timely(send: Send) -> Send:
    """Sends to nobody who takes nothing for too long."""

    async def timely(message: Message) -> None:
        async with asyncio.timeout(_SEND_SECONDS):
            await send(message)

    return timely


class FileOnce(FileResponse):
    """Sends a file, then lets go of where it lies, whoever went away meanwhile.

    Args:
        path: The file.
        folder: Closed at the end.
        media_type: Of the file.
        headers: Of the answer.
    """

    def __init__(self, path: Path, folder: AsyncExitStack, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(path, headers={"Cache-Control": "no-store", **headers}, media_type=media_type)
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, _timely(send))
        finally:
            await asyncio.shield(self._folder.aclose())


class PouredResponse(StreamingResponse):
    """Sends what a stream gives, and stops its work if the client goes away.

    Args:
        stream: Begun.
        body: Its pieces as bytes.
        media_type: Of the body.
        headers: Of the answer.
    """

    def __init__(
        self, stream: Stream[T], body: AsyncIterator[bytes], media_type: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(body, 200, {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})})
        self.headers["Content-Type"] = media_type
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, _timely(send))
        finally:
            self._stream.stop()
