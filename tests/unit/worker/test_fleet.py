"""Workers beside the API, played by small programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from paksatalker.worker import fleet
from paksatalker.worker.fleet import Fleet

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
IDLE = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); time.sleep(600)"


def play(monkeypatch, program: str) -> None:
    monkeypatch.setattr(fleet, "_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(fleet, "_LOOK_SECONDS", 0.02)


def wait_for(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_that_is_killed_is_started_again_and_all_end_together(monkeypatch):
    play(monkeypatch, IDLE)
    with Fleet(2, "redis://x") as workers:
        first, second = workers.pids
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: workers.pids[0] != first)
        assert workers.pids[1] == second
        living = [psutil.Process(pid) for pid in workers.pids]
        assert all(process.is_running() for process in living)
    assert psutil.wait_procs(living, 5)[1] == []
    assert not [one for one in psutil.Process().children() if one.status() == psutil.STATUS_ZOMBIE and one in living]


def test_one_that_dies_at_once_is_not_started_again_and_again(monkeypatch, tmp_path: Path):
    starts = tmp_path / "starts"
    play(monkeypatch, f"open({str(starts)!r}, 'a').write('x')")
    with Fleet(1, "redis://x"):
        wait_for(starts.exists)
        time.sleep(1.5)
        assert 1 <= len(starts.read_text()) <= 2, "after one second, then two, then four"


def test_one_that_does_not_listen_is_ended_by_force(monkeypatch):
    play(monkeypatch, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    monkeypatch.setattr(fleet, "_STOP_SECONDS", 0.3)
    with Fleet(2, "redis://x") as workers:
        time.sleep(0.5)
        living = [psutil.Process(pid) for pid in workers.pids]
        began = time.monotonic()
    assert time.monotonic() - began < 5, "they are waited for together"
    assert not any(process.is_running() for process in living)


HELD = """
import sys, time
from paksatalker.worker.fleet import stop_with_parent
stop_with_parent(lambda: (open(sys.argv[1], "w").write("gone")))
print("there", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("held", ["1", ""])
def test_a_worker_notices_that_its_service_is_gone(tmp_path: Path, held: str):
    told = tmp_path / "told"
    worker = subprocess.Popen(
        [sys.executable, "-c", HELD, str(told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PAKSATALKER_WORKER_HELD": held},
    )  # fmt: skip
    try:
        assert worker.stdout.readline() == b"there\n"
        worker.stdin.close()
        if held:
            wait_for(lambda: told.exists() and told.read_text() == "gone")
        else:
            time.sleep(0.3)
            assert not told.exists(), "one that an operator starts may have no input"
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def test_what_does_not_come_to_its_end_is_ended():
    program = "import time; from paksatalker.worker.fleet import end_within; end_within(0.2); time.sleep(600)"
    assert (
        subprocess.run([sys.executable, "-c", program], check=False, timeout=30, capture_output=True).returncode == 75
    )


def test_when_one_cannot_be_started_those_before_it_are_ended(monkeypatch):
    play(monkeypatch, IDLE)
    started: list[psutil.Process] = []
    popen = subprocess.Popen

    def third_time_none(*args, **options):
        if len(started) == 2:
            raise OSError("no more processes")
        process = popen(*args, **options)
        started.append(psutil.Process(process.pid))
        return process

    monkeypatch.setattr(fleet.subprocess, "Popen", third_time_none)
    with pytest.raises(OSError, match="no more processes"), Fleet(3, "redis://x"):
        raise AssertionError
    assert len(started) == 2
    assert psutil.wait_procs(started, 5)[1] == []
