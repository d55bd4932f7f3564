import ctypes
import json
import os
import subprocess
import sys

import pytest

from paksatalker.config import allocator

_BLOCKS = """
import ctypes, json
from paksatalker.config.allocator import give_back_large_blocks

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

c = ctypes.CDLL(None)
c.mallinfo2.restype = Info
c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
done = give_back_large_blocks()
c.free(c.malloc(16 << 20))  # has glibc raise its threshold
before = c.mallinfo2().hblks
block = c.malloc(2 << 20)
print(json.dumps([done, c.mallinfo2().hblks - before]))
"""


def _outside_the_heap(**environment: str) -> list[object]:
    """Whether the threshold was set, and how many of one block of 2 MB then lie outside the heap."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_", "LD_PRELOAD"))}
    command = [sys.executable, "-c", _BLOCKS]
    done = subprocess.run(command, env={**kept, **environment}, check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout))


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33 or newer"
)
def test_large_blocks_stay_out_of_the_heap_unless_the_user_wants_otherwise() -> None:
    assert _outside_the_heap() == [True, 1]
    assert _outside_the_heap(MALLOC_MMAP_THRESHOLD_="33554432") == [False, 0]
    assert _outside_the_heap(GLIBC_TUNABLES="glibc.malloc.mmap_threshold=33554432") == [False, 0]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_nothing_is_touched(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: pytest.fail("no library is asked"))
    assert not allocator.give_back_large_blocks()


_FREE = """
import ctypes, json, threading
import psutil
from paksatalker.config import allocator

c = ctypes.CDLL(None)
c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
rss = lambda: psutil.Process().memory_info().rss

def fill():  # a heap of its own, full of holes
    blocks = [c.malloc(64 << 10) for _ in range(400)]
    for block in blocks:
        ctypes.memset(block, 1, 64 << 10)
    for block in blocks[:-1]:
        c.free(block)

thread = threading.Thread(target=fill)
thread.start()
thread.join()
full = rss()
allocator.give_back_free_memory()
kept = full - rss()
allocator.give_back_large_blocks()
allocator.give_back_free_memory()
print(json.dumps([kept, full - rss()]))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs the heap of glibc"
)
def test_free_memory_of_all_threads_is_given_back_once_the_heap_is_ours() -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_", "LD_PRELOAD"))}
    done = subprocess.run([sys.executable, "-c", _FREE], env=kept, check=True, capture_output=True, text=True)
    before, after = json.loads(done.stdout)
    assert abs(before) < 4e6
    assert after > 16e6  # of 25 MB


_KEPT = """
import ctypes, json, resource
from paksatalker.config import allocator

c = ctypes.CDLL(None)
c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def pages():  # that the system hands out for the same block, taken ten times
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        block = c.malloc(8 << 20)
        ctypes.memset(block, 1, 8 << 20)
        c.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

allocator.give_back_large_blocks()
outside = pages()
with allocator.large_blocks_kept(), allocator.large_blocks_kept():
    pages()
    within = pages()
allocator.give_back_free_memory()
print(json.dumps([outside, within, pages()]))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs the heap of glibc"
)
def test_large_blocks_are_kept_for_work_that_takes_them_again_and_again() -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_", "LD_PRELOAD"))}
    done = subprocess.run([sys.executable, "-c", _KEPT], env=kept, check=True, capture_output=True, text=True)
    outside, within, afterwards = json.loads(done.stdout)
    assert outside > 10_000  # 4 KB each
    assert within < 1_000
    assert afterwards > 10_000


def test_a_library_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "_set", None)  # the program may have been run in this process before
    with allocator.large_blocks_kept():
        assert allocator._working == 0
