"""What a worker has ready before its first video, and when it says so."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from paksatalker.worker import main, process
from paksatalker.worker.process import RenderProcess
from paksatalker.worker.warming import lay_compiled
from paksatalker.worker.work_folder import ALIVE, WorkFolder
from tests.unit.worker.test_process import READY

LOOP = """
from numba import njit
@njit("f8(f8)", cache=True)
def half(x): return x / 2
print(sum(half.stats.cache_hits.values()))
"""


def compiled(place: Path, module: Path) -> int:
    """Has a process compile a loop, unless it finds it compiled in a folder. Returns whether it did."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(place), "NUMBA_CPU_NAME": "generic"}
    run = subprocess.run([sys.executable, str(module)], env=environment, capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_code_that_an_image_brings_is_used_from_where_it_is_copied_to(tmp_path, monkeypatch):
    image, cache, module = tmp_path / "image", tmp_path / "cache", tmp_path / "loop.py"
    module.write_text(LOOP)
    for place in (image, cache):
        place.mkdir()
    assert compiled(image, module) == 0
    files = sorted(path.relative_to(image) for path in image.rglob("*.nb?"))
    assert files
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
    assert lay_compiled(image) == len(files)
    assert sorted(path.relative_to(cache) for path in cache.rglob("*") if path.is_file()) == files
    written = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")}
    assert lay_compiled(image) == 0, "another worker may be reading them"
    assert compiled(cache, module) == 1
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")} == written


def test_where_there_is_none_or_no_room_nothing_is_copied(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    assert lay_compiled(tmp_path / "none") == 0
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "a.nbi").write_bytes(b"x")
    (tmp_path / "cache").write_bytes(b"a file")
    assert lay_compiled(tmp_path / "image") == 0
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert lay_compiled(tmp_path / "image") == 0


@pytest.mark.parametrize("answer", ['{"result": {}}', '{"error": {"code": "WeightsMissing", "message": "m"}}', ""])
def test_what_cannot_be_made_ready_ends_no_worker(monkeypatch, answer):
    program = f"{READY}print({answer!r})" if answer else "raise SystemExit(3)"
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))

    async def act() -> None:
        renderer = RenderProcess()
        await renderer.warm()
        await renderer.close()

    asyncio.run(act())


def test_jobs_are_taken_and_a_probe_is_satisfied_once_it_is_ready(tmp_path):
    taken: list[str] = []

    async def work(queue, handler) -> None:
        taken.append(queue)

    async def announce(*_) -> None:
        return

    async def act() -> None:
        ready = asyncio.Event()
        backend = SimpleNamespace(queue=SimpleNamespace(work=work, announce=announce))
        with WorkFolder(tmp_path) as folder:
            warming = [asyncio.create_task(ready.wait())]
            taking = asyncio.create_task(main._take(backend, "portrait", SimpleNamespace(handle=None), warming))
            living = asyncio.create_task(main._live(backend, ["portrait"], folder, warming))
            await asyncio.sleep(0.05)
            assert not taken
            assert not (folder.path / ALIVE).exists()
            ready.set()
            await taking
            await asyncio.sleep(0.05)
            assert taken == ["portrait"]
            assert (folder.path / ALIVE).exists()
            living.cancel()

    asyncio.run(act())
