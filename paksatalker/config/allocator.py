"""Has glibc give large blocks of memory back to the system, so that a long run needs no more than a short one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

_M_MMAP_THRESHOLD = -3  # <malloc.h>
_trim: Callable[[int], int] | None = None  # malloc_trim(3), once the heap is ours to shape
_LARGE = 1 << 20  # bytes; a frame of 512² (0.8 MB) comes and goes in the heap, where that costs no system call


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
    global _trim  # noqa: PLW0603  (as much one for the process as the heap itself)
    _trim = process.malloc_trim
    return bool(process.mallopt(_M_MMAP_THRESHOLD, _LARGE))


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
