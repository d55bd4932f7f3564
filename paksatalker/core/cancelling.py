"""Work that can be stopped from outside, between two pieces of it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

from paksatalker.errors import Cancelled

_T = TypeVar("_T")


def stop_if_cancelled(cancel: threading.Event | None) -> None:
    """Stops if somebody wants it.

    Args:
        cancel: Set from any thread; None is never set.

    Raises:
        Cancelled: It is set.
    """
    if cancel is not None and cancel.is_set():
        raise Cancelled


def until_cancelled(items: Iterable[_T], cancel: threading.Event | None) -> Generator[_T, None, None]:
    """Passes items on until somebody wants it to stop; the item that is made then is not passed on.

    Args:
        items: What is made, piece by piece. What can be closed is closed at the end, however it comes.
        cancel: Set from any thread; None is never set.

    Raises:
        Cancelled: It is set.
    """
    try:
        for item in items:
            stop_if_cancelled(cancel)
            yield item
    finally:
        if hasattr(items, "close"):
            items.close()
