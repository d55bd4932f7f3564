"""A service that is told to stop gives back what it was doing, whoever listens, and leaves nobody behind."""

import asyncio
import json
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from paksatalker.service.database import Database
from paksatalker.service.jobs import JobStore
from paksatalker.service.states import State
from tests.integration.service.served import LONG, Served, half_an_upload, patience

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")


async def _job(folder: Path, job_id: str):
    database = Database(f"sqlite+aiosqlite:///{folder / 'home' / 'paksatalker.sqlite3'}")
    try:
        return await JobStore(database).get(job_id)
    finally:
        await database.close()


def listeners(service: Served, video: str, portrait: str) -> list[threading.Thread]:
    """Who follows a video, and who waits for one; their connections end with the service."""

    def follow() -> None:
        with service.client.stream("GET", f"/api/v1/videos/{video}/events") as answer:
            for _ in answer.iter_lines():
                pass

    def wait() -> None:
        body = {"portrait": portrait, "text": "Later.", "size": 128}
        answer = service.client.post("/api/v1/videos", json=body, headers={"Prefer": "wait=60"})
        assert answer.status_code in (202, 503)

    def run(act) -> None:
        with suppress(httpx.HTTPError):  # it is cut off
            act()

    threads = [threading.Thread(target=run, args=(act,), daemon=True) for act in (follow, wait)]
    for thread in threads:
        thread.start()
    return threads


def test_a_service_that_is_ended_puts_its_job_back(tmp_path):
    with Served(tmp_path) as service:
        portrait = service.portrait()
        video = service.submit(portrait=portrait, text=LONG * 40)
        service.until(video, frames=1)
        threads = listeners(service, video, portrait)
        upload = half_an_upload(service)
        _wait_for(lambda: len(service.client.get("/api/v1/videos").json()["items"]) == 2)
        children = service.descendants()
        assert not [one for one in children if one.status() == psutil.STATUS_ZOMBIE]
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(60)
        assert time.monotonic() - began < 20 * patience(), "open connections do not hold it up"
        assert psutil.wait_procs(children, 10)[1] == []
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        upload.close()
        job = asyncio.run(_job(tmp_path, video))
        assert (job.state, job.attempt) == (State.QUEUED, 0)
        assert not list((tmp_path / "home" / "uploads").glob("wrk_*/*.bin"))
        _check_log(service.text, service.key, video)


def _wait_for(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds * patience()
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _check_log(text: str, key: str, job_id: str) -> None:
    """Structured, with ids; no texts and no keys."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert any(line.get("job_id") == job_id for line in lines)
    assert any("request_id" in line for line in lines)
    logged = "\n".join(map(json.dumps, lines))
    assert key.split(".")[1] not in logged
    assert "This is a sentence" not in logged
    assert "Later." not in text
    assert "Traceback" not in text
