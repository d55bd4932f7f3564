"""The service is killed with -9 while videos are made and files come: no video is lost, none is delivered twice."""

import asyncio
import io
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import av
import psutil
import pytest

from paksatalker.service.database import Database
from paksatalker.service.jobs import JobStore
from tests.integration.service.served import LONG, RECOVERY_SECONDS, Served, half_an_upload, patience

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")


def coming(folder: Path) -> list[Path]:
    return list((folder / "home" / "uploads").glob("wrk_*/upload.bin"))


def wait_for(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_everything_is_killed_and_starts_again(tmp_path):
    with Served(tmp_path) as service:
        cut = half_an_upload(service)
        wait_for(lambda: coming(tmp_path))
        cut.close()
        wait_for(lambda: not coming(tmp_path))  # a cut upload leaves nothing
        half_an_upload_stays = half_an_upload(service)
        wait_for(lambda: coming(tmp_path))
        portrait = service.portrait()
        videos = [service.submit(portrait=portrait, text=text, seed=1) for text in (LONG * 2, "Hello.")]
        assert service.until(videos[0], frames=1)["state"] == "running"
        family = service.descendants()
        service.process.kill()
        os.kill(int((tmp_path / "home" / "queue" / "server.pid").read_text()), signal.SIGKILL)
        killed = datetime.now(UTC)
        service.process.wait()
        half_an_upload_stays.close()
    with Served(tmp_path, service.key) as service:
        assert psutil.wait_procs(family, 20)[1] == [], "nobody outlives the service: not its worker, not a renderer"
        _goes_on_after(killed, service, videos[0])
        assert not coming(tmp_path), "what had come by half is gone"

        [worker] = service.workers()
        worker.kill()
        _goes_on_after(datetime.now(UTC), service, videos[0])
        _check(service, videos)
        assert "Traceback" not in service.text
        children = service.descendants()
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(30)
        assert psutil.wait_procs(children, 10)[1] == []


def _goes_on_after(killed: datetime, service: Served, video: str) -> None:
    """Waits for the first frame of the next attempt, and not for long."""
    while True:
        job = asyncio.run(_job(service.folder, video))
        if job.started_at > killed and job.frames_done:
            return
        assert (datetime.now(UTC) - killed).total_seconds() <= RECOVERY_SECONDS * patience(), service.text[-4000:]
        time.sleep(0.2)


def _check(service: Served, videos: list[str]) -> None:
    """Each is there once, whole, and nothing else."""
    for video in videos:
        done = service.until(video)
        assert (done["state"], done["error"]) == ("succeeded", None)
        content = service.client.get(f"/api/v1/videos/{video}/file").content
        with av.open(io.BytesIO(content)) as file:
            assert sum(1 for _ in file.decode(video=0)) == done["frames_total"]
        job = asyncio.run(_job(service.folder, video))
        folder = service.folder / "home" / "files" / job.tenant_id / job.id
        assert [path.name for path in folder.iterdir()] == [str(job.attempt)]
        assert not list(folder.rglob("*#*"))


async def _job(folder: Path, job_id: str):
    database = Database(f"sqlite+aiosqlite:///{folder / 'home' / 'paksatalker.sqlite3'}")
    try:
        return await JobStore(database).get(job_id)
    finally:
        await database.close()
