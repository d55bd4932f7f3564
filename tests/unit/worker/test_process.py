"""The renderer's process, played by small programs that misbehave."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from contextlib import suppress

import psutil
import pytest

from paksatalker.worker import process
from paksatalker.worker.limits import RenderLimits
from paksatalker.worker.process import RenderDied, RenderFailed, RenderProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
READY = "print('{\"ready\": true}', flush=True); input()\n"
DONE = "print('{\"result\": {}}')"
HANGS = READY + "time.sleep(600)"
BUSY = READY + "line = json.dumps({'event': {}, 'more': 'x' * 9999})\nwhile True: print(line, flush=True)"


def played(monkeypatch, script: str, limits: RenderLimits) -> list[int]:
    """Has the renderer played by a script; returns the process ids that it tells."""
    program = "import json, os, subprocess, sys, time\n" + textwrap.dedent(script)
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))
    pids: list[int] = []

    async def note(event: dict) -> None:
        pids.extend(event.values())

    async def act() -> None:
        renderer = RenderProcess(limits)
        try:
            async with asyncio.timeout(60):
                await renderer.render({}, "video.mp4", note, asyncio.Event())
        finally:
            await renderer.close()

    asyncio.run(act())
    return pids


def test_one_that_says_nothing_is_ended(monkeypatch):
    with pytest.raises(RenderDied, match="said nothing"):
        played(monkeypatch, HANGS, RenderLimits(silence=2.0))  # a busy machine starts it within that


def test_one_that_does_not_start_is_ended(monkeypatch):
    with pytest.raises(RenderDied, match="does not start"):
        played(monkeypatch, "time.sleep(600)", RenderLimits(silence=0.5))


def test_one_that_takes_too_long_fails_for_good(monkeypatch):
    with pytest.raises(RenderFailed) as caught:
        played(monkeypatch, BUSY, RenderLimits(silence=30, seconds=0.5))
    assert caught.value.error["code"] == "RenderTimeout"
    assert "PAKSATALKER_RENDER_MINUTES" in caught.value.error["fix"]


def test_one_that_speaks_is_left_alone(monkeypatch):
    speaks = "for n in range(20): print('{\"event\": {}}', flush=True); time.sleep(0.1)\n"
    assert played(monkeypatch, READY + speaks + DONE, RenderLimits(silence=1.5)) == []


def test_what_it_has_started_ends_with_it(monkeypatch, tmp_path):
    told = tmp_path / "pid"
    script = (
        READY
        + f"child = subprocess.Popen(['sleep', '600']); open({str(told)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(RenderDied):
        played(monkeypatch, script, RenderLimits(silence=1.0))
    pid = int(told.read_text())
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(5)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_limit_of_memory_is_handed_on(monkeypatch):
    monkeypatch.setitem(os.environ, "PAKSATALKER_RENDER_MEMORY", "1")
    tells = "print(json.dumps({'event': {'limit': int(os.environ['PAKSATALKER_RENDER_MEMORY'])}}))\n"
    assert played(monkeypatch, READY + tells + DONE, RenderLimits(memory=12345)) == [12345]


def test_it_is_told_no_secrets_of_the_service(monkeypatch):
    secret = ("DATABASE_URL", "PAKSATALKER_DATABASE_URL", "REDIS_URL", "AWS_SECRET_ACCESS_KEY", "PAKSATALKER_SECRET")
    for name in (*secret, "aws_access_key_id", "PAKSATALKER_THREADS"):
        monkeypatch.setitem(os.environ, name, "told")
    tells = "print(json.dumps({'event': {k: 1 for k, v in os.environ.items() if v == 'told'}}))\n"
    program = READY + tells + DONE
    heard: list[int] = played(monkeypatch, program, RenderLimits())
    assert heard == [1]  # that of the threads


def test_the_answer_to_one_is_never_taken_for_that_to_another(monkeypatch):
    script = """
        print(json.dumps({'ready': True}), flush=True)
        for line in sys.stdin:
            print(json.dumps({'event': {}}), flush=True)
            time.sleep(0.2)
            print(json.dumps({'result': json.loads(line)}), flush=True)
    """
    monkeypatch.setattr(
        process, "_COMMAND", (sys.executable, "-c", "import json, sys, time\n" + textwrap.dedent(script))
    )

    async def broken(_: dict) -> None:
        raise OSError("the database is away")

    async def fine(_: dict) -> None:
        return

    async def act() -> None:
        renderer = RenderProcess(RenderLimits(silence=20))
        try:
            with pytest.raises(OSError, match="away"):
                await renderer.run({"of": "somebody"}, broken, asyncio.Event())
            assert await renderer.run({"of": "another"}, fine, asyncio.Event()) == {"of": "another"}
        finally:
            await renderer.close()

    asyncio.run(act())


def test_who_is_stopped_while_it_starts_leaves_it_to_nobody(monkeypatch):
    script = """
        time.sleep(0.4)
        print(json.dumps({'ready': True}), flush=True)
        for line in sys.stdin:
            print(json.dumps({'result': json.loads(line)}), flush=True)
    """
    monkeypatch.setattr(
        process, "_COMMAND", (sys.executable, "-c", "import json, sys, time\n" + textwrap.dedent(script))
    )

    async def fine(_: dict) -> None:
        return

    async def act() -> None:
        renderer = RenderProcess(RenderLimits(silence=20))
        try:
            stopped = asyncio.ensure_future(renderer.run({"of": "somebody"}, fine, asyncio.Event()))
            await asyncio.sleep(0.2)
            stopped.cancel()
            await asyncio.gather(stopped, return_exceptions=True)
            assert await renderer.run({"of": "another"}, fine, asyncio.Event()) == {"of": "another"}
        finally:
            await renderer.close()

    asyncio.run(act())
