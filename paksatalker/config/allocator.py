"""Has glibc give large blocks of memory back to the system, so that a long run needs no more than a short one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>
# As much one for the process as the heap itself.
_trim: Callable[[int], int] | None = None  # malloc_trim(3), once the heap is ours to shape
_set: Callable[[int, int], int] | None = None  # mallopt(3), likewise
_working = 0  # how many are within :func:`large_blocks_kept`
_lock = threading.Lock()
_LARGE = 1 << 20  # bytes; a frame of 512² (0.8 MB) comes and goes in the heap, where that costs no system call
_LARGEST = 32 << 20  # bytes; glibc takes no more
_KEPT = 256 << 20  # bytes free at the end of a heap that stay there


def give_back_large_blocks() -> bool:
    """Keeps blocks of 1 MB and more out of the heap for the rest of the process.

    glibc begins like this, but raises its threshold up to 32 MB whenever a larger block is freed. From then on the
    arrays of speech recognition lie scattered in the heap among small things that live on, and what is freed in
    between stays with the process: with Whisper 200 MB, more the longer a recording is. A threshold that is set stays.

    For our own program only: a library does not change how its host allocates.

    Returns:
        Whether it was done: not with another C library, nor where the user has chosen otherwise (mallopt(3)).
    """
    if sys.platform != "linux" or _user_has_chosen():
        return False
    import ctypes  # not needed elsewhere

    process = ctypes.CDLL(None)
    if not hasattr(process, "gnu_get_libc_version"):  # musl has no mallopt
        return False
    global _trim, _set
    _trim, _set = process.malloc_trim, process.mallopt
    return bool(process.mallopt(_M_MMAP_THRESHOLD, _LARGE))


@contextmanager
def large_blocks_kept() -> Iterator[None]:
    """Within it, blocks of up to 32 MB come from the heap and stay there when they are freed.

    For work that takes and frees the same large blocks again and again: from the system they come page by page and full
    of zeros, which a network's activations (1.3 GB for a frame of SadTalker's) pay with 15% of the time. Does nothing
    unless :func:`give_back_large_blocks` has been at work; :func:`give_back_free_memory` gives back what is kept.
    """
    if _set is None:
        yield
        return
    _count_work(1)
    try:
        yield
    finally:
        _count_work(-1)


def _count_work(change: int) -> None:
    """Sets how glibc allocates when the first begins and when the last ends.

    How much stays at the end of a heap is not set back: the next frame takes the same again.
    """
    global _working
    assert _set is not None
    with _lock:
        before, _working = _working, _working + change
        if not before:
            _set(_M_MMAP_THRESHOLD, _LARGEST)
            _set(_M_TRIM_THRESHOLD, _KEPT)
        elif not _working:
            _set(_M_MMAP_THRESHOLD, _LARGE)


def give_back_free_memory() -> None:
    """Gives back what is free in the heaps of all threads, before much is needed at once; takes milliseconds.

    Every thread has a heap of its own, and keeps what is freed there: some 40 MB, more the longer a video is. Does
    nothing unless :func:`give_back_large_blocks` has been at work.
    """
    if _trim is not None:
        _trim(0)


def _user_has_chosen() -> bool:
    """Whether the environment sets the threshold, or loads another allocator such as jemalloc."""
    if "MALLOC_MMAP_THRESHOLD_" in os.environ or os.environ.get("LD_PRELOAD"):
        return True
    return "glibc.malloc.mmap_threshold" in os.environ.get("GLIBC_TUNABLES", "")
