"""Networks that stay in memory between the videos of one process, up to a limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from paksatalker.config.limits import MODEL_CACHE_BYTES

_T = TypeVar("_T")


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: bool = False
    value: Any = None
    size: int = 0


class ModelCache:
    """Keeps what was loaded; what was not used for longest goes first when the limit is passed.

    It may be used from any thread. Two threads that ask for one model load it once; different models load side by side.
    A model that goes is only let go of: whoever still works with it keeps it until he is done.

    Args:
        limit_bytes: How much is kept. A model larger than that is handed out but not kept; 0 keeps nothing.
    """

    def __init__(self, limit_bytes: int = MODEL_CACHE_BYTES) -> None:
        if limit_bytes < 0:
            raise ValueError(f"limit_bytes must not be negative, not {limit_bytes}")
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes of what is kept."""
        with self._lock:
            return sum(entry.size for entry in self._entries.values())

    def __len__(self) -> int:
        with self._lock:
            return sum(entry.loaded for entry in self._entries.values())

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._entries and self._entries[key].loaded

    def get(self, key: Hashable, load: Callable[[], _T], size_of: Callable[[_T], int]) -> _T:
        """The model of a key, loaded if it is not there.

        Args:
            key: What it is: file, its size and date, type, device … everything that makes a difference.
            load: Makes it. What it raises comes out, and nothing is kept.
            size_of: Its size in memory, bytes; see :func:`module_bytes`.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
        with entry.lock:
            if entry.loaded:
                found: _T = entry.value
                return found
            try:
                value = load()
            except BaseException:
                self._forget(key, entry)
                raise
            with self._lock:
                entry.value, entry.size, entry.loaded = value, size_of(value), True
                if self._entries.get(key) is entry:  # cleared meanwhile otherwise
                    self._evict(key)
        return value

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            self._entries.clear()

    def _forget(self, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def _evict(self, newest: Hashable) -> None:
        """Makes room; called with the lock held."""
        if self._entries[newest].size > self._limit:  # for it nothing has to go
            del self._entries[newest]
            return
        total = sum(entry.size for entry in self._entries.values())
        for key in [key for key, entry in self._entries.items() if entry.loaded and key != newest]:
            if total <= self._limit:
                return
            total -= self._entries.pop(key).size


def module_bytes(module: Any) -> int:
    """Memory that the weights of a ``torch.nn.Module`` take, bytes."""
    return sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))
