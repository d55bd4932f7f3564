import threading
from collections.abc import Iterator
from itertools import count

import pytest

from paksatalker.core.cancelling import stop_if_cancelled, until_cancelled
from paksatalker.errors import Cancelled


def test_what_nobody_stops_goes_on() -> None:
    stop_if_cancelled(None)
    stop_if_cancelled(threading.Event())
    assert list(until_cancelled("abc", None)) == ["a", "b", "c"]


def test_the_item_in_the_making_is_not_passed_on() -> None:
    made: list[int] = []
    cancel = threading.Event()
    items = until_cancelled((made.append(n) or n for n in count()), cancel)
    assert [next(items), next(items)] == [0, 1]
    cancel.set()
    with pytest.raises(Cancelled, match="interrupted"):
        next(items)
    assert made == [0, 1, 2]


def test_whoever_makes_the_items_is_stopped_at_once() -> None:
    """Not when the exception is forgotten, whose traceback holds him: he may have threads and processes."""
    stopped: list[bool] = []

    def make() -> Iterator[int]:
        try:
            yield from count()
        finally:
            stopped.append(True)

    cancel = threading.Event()
    items = until_cancelled(make(), cancel)
    next(items)
    cancel.set()
    with pytest.raises(Cancelled) as held:
        next(items)
    assert stopped
    assert held.value
