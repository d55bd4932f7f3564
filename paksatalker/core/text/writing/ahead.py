"""Runs an iterator ahead of whoever uses its items: sentence 2 is written while sentence 1 is spoken."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

from paksatalker.errors import Cancelled

ItemT = TypeVar("ItemT")

_POLL_S = 0.1
_PATIENCE_S = 5.0  # a server far away may not let go of us at once


def ahead(
    items: Iterator[ItemT], most: int, *, cancelled: Callable[[], bool], abort: Callable[[], None]
) -> Generator[ItemT, None, None]:
    """Yields the items of an iterator that runs in a thread of its own.

    Args:
        items: Closed at the end, in its thread, if it can be.
        most: Items that it may be ahead.
        cancelled: Asked while there is nothing to yield.
        abort: Ends what the iterator waits for; called when the rest of the items is not wanted.

    Raises:
        Cancelled: ``cancelled`` said so.
        Exception: Whatever the iterator raises.
    """
    runner = _Runner(items, most)
    try:
        while True:
            try:
                is_item, value = runner.ready.get(timeout=_POLL_S)
            except queue.Empty:
                if cancelled():
                    raise Cancelled from None
                continue
            if is_item:
                yield value
            elif value is None:
                return
            else:
                raise value
    finally:
        runner.stop(abort)


class _Runner:
    """The thread. What is ready comes as (whether it is an item, the item or the error that ended all)."""

    def __init__(self, items: Iterator[Any], most: int) -> None:
        self.ready: queue.Queue[tuple[bool, Any]] = queue.Queue(max(1, most))
        self._items = items
        self._stopped = threading.Event()
        self._done = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self, abort: Callable[[], None]) -> None:
        """Ends the thread, in the middle of an item if need be."""
        self._stopped.set()
        if not self._done:
            abort()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self._put(True, item)
                if self._stopped.is_set():
                    break
        except BaseException as failure:  # noqa: BLE001  (raised again where the items are used)
            error = failure
        if isinstance(self._items, Generator):
            self._items.close()
        self._done = True
        self._put(False, error)

    def _put(self, is_item: bool, value: Any) -> None:
        while not self._stopped.is_set():
            try:
                self.ready.put((is_item, value), timeout=_POLL_S)
            except queue.Full:
                continue
            return
