import threading
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
