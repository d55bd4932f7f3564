"""Videos of the service carry a manifest that holds; a service that is ended gives back what it was doing."""

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest
from skimage import data

from paksatalker.service.database import Database
from paksatalker.service.hls import piece_path
from paksatalker.service.jobs import JobStore
from paksatalker.service.provenance import check
from paksatalker.service.states import State
from paksatalker.worker.main import work

LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 40


def test_a_video_of_the_service_tells_where_it_comes_from(play, tmp_path):
    async def act(bench):
        (bench.folder / "work" / "wrk_dead").mkdir(parents=True)  # of a worker that was killed
        job = await bench.submit()
        task = asyncio.ensure_future(work(bench.parts, ["portrait"]))
        try:
            done = await bench.ended(job)
        finally:
            task.cancel()
            await asyncio.wait({task})
        assert done.state == State.SUCCEEDED, done.error
        assert done.result["signed"] is True
        video = tmp_path / "delivered.mp4"
        await bench.parts.files.fetch(done.result["files"]["video"], video)
        found = check(video)
        assert found is not None
        assert found.valid, found.problems
        assert found.ai_generated
        assert found.origin.engines == done.result["engines"]
        assert found.origin.inputs.keys() == {"portrait", "text"}
        assert found.origin.inputs["text"] == hashlib.sha256(b"Hello there.").hexdigest()
        assert b"Hello there." not in video.read_bytes()
        content = bytearray(video.read_bytes())
        content[content.rindex(b"mdat") + 100] ^= 1
        video.write_bytes(content)
        tampered = check(video)
        assert tampered is not None
        assert not tampered.valid
        await check_stream(bench, done.result["files"], tmp_path)
        picture = tmp_path / "thumbnail.jpg"
        await bench.parts.files.fetch(done.result["files"]["thumbnail"], picture)
        thumbnail = check(picture)
        assert thumbnail is not None
        assert thumbnail.valid
        assert [path.name for path in (bench.folder / "work").glob("wrk_*")] == []

    play(act)


async def check_stream(bench, files, folder) -> None:
    """The manifest of a stream holds for its playlist, and names the hash of every piece that is in the store."""
    place = files["stream"].removesuffix("/stream.m3u8")
    await bench.parts.files.fetch(files["stream"], folder / "stream.m3u8")
    await bench.parts.files.fetch(files["stream_provenance"], folder / "stream.c2pa")
    found = check(folder / "stream.m3u8", sidecar=(folder / "stream.c2pa").read_bytes())
    assert found is not None
    assert found.valid, found.problems
    named = re.findall(r"segments/([\w.]+)", (folder / "stream.m3u8").read_text())
    assert found.origin.pieces.keys() == set(named)
    for name, digest in found.origin.pieces.items():
        piece = b"".join([some async for some in bench.parts.files.read(f"{place}/{piece_path(name)}")])
        assert hashlib.sha256(piece).hexdigest() == digest, name


def test_a_webm_has_its_manifest_beside_it(play, tmp_path):
    async def act(bench):
        job = await bench.submit(format="webm", text="Hi.")
        task = asyncio.ensure_future(work(bench.parts, ["portrait"]))
        try:
            done = await bench.ended(job, 90)
        finally:
            task.cancel()
            await asyncio.wait({task})
        assert (done.state, done.result["signed"]) == (State.SUCCEEDED, False)
        await bench.parts.files.fetch(done.result["files"]["video"], tmp_path / "a.webm")
        await bench.parts.files.fetch(done.result["files"]["provenance"], tmp_path / "a.c2pa")
        sidecar = (tmp_path / "a.c2pa").read_bytes()
        found = check(tmp_path / "a.webm", sidecar=sidecar)
        assert found is not None
        assert found.valid, found.problems
        assert found.origin.engines == done.result["engines"]
        content = bytearray((tmp_path / "a.webm").read_bytes())
        content[len(content) // 2] ^= 1
        (tmp_path / "a.webm").write_bytes(content)
        tampered = check(tmp_path / "a.webm", sidecar=sidecar)
        assert tampered is not None
        assert not tampered.valid

    play(act)


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_service_that_is_ended_puts_its_job_back(tmp_path):
    log = (tmp_path / "log").open("wb")
    environment = os.environ | {
        "PAKSATALKER_SERVICE_HOME": str(tmp_path / "home"), "PAKSATALKER_LOG_LEVEL": "INFO",
        "PAKSATALKER_LOG_FORMAT": "json", "REDIS_URL": "", "COLUMNS": "500",
    }  # fmt: skip
    command = [sys.executable, "-m", "paksatalker", "serve", "--port", "0"]
    service = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=tmp_path)
    try:
        key, address = _started(service, tmp_path / "log")
        job_id = _submit(key, address, tmp_path)
        children = psutil.Process(service.pid).children(recursive=True)
        service.send_signal(signal.SIGTERM)
        service.wait(60)
        _, alive = psutil.wait_procs(children, 20)
        assert not alive
        assert asyncio.run(_state(tmp_path, job_id)) == (State.QUEUED, 0)
    finally:
        service.kill()
        service.wait()
        log.close()
    _check_log((tmp_path / "log").read_text(), key, job_id)


def _started(service, log) -> tuple[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and service.poll() is None:
        text = log.read_text()
        if (key := re.search(r"key_\w{22}\.\w+", text)) and (address := re.search(r"http://127\.0\.0\.1:\d+", text)):
            return key[0], address[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _submit(key, address, folder) -> str:
    """Sends a photo and a long text, and waits until the video is being made."""
    from PIL import Image

    Image.fromarray(data.astronaut()).save(folder / "astronaut.png")
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for _ in range(200):  # the socket is open before the application is ready
            try:
                client.get("/health/ready").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        with (folder / "astronaut.png").open("rb") as file:
            asset = client.post("/api/v1/assets", files={"file": file}).raise_for_status().json()
        body = {"portrait": asset["id"], "text": LONG, "size": 128}
        job = client.post("/api/v1/videos", json=body).raise_for_status().json()
        deadline = time.monotonic() + 90
        while client.get(f"/api/v1/videos/{job['id']}").json()["frames_done"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    return str(job["id"])


async def _state(folder, job_id) -> tuple[str, int]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'home' / 'paksatalker.sqlite3'}")
    try:
        job = await JobStore(database).get(job_id)
        return job.state, job.attempt
    finally:
        await database.close()


def _check_log(text, key, job_id) -> None:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert any(line.get("job_id") == job_id for line in lines)
    logged = "\n".join(map(json.dumps, lines))
    assert key.split(".")[1] not in logged
    assert "This is a sentence" not in logged
    assert "Traceback" not in text


def test_a_certificate_that_cannot_sign_is_told_at_the_start(tmp_path):
    (tmp_path / "nonsense.pem").write_text("nonsense")
    environment = os.environ | {
        "PAKSATALKER_SERVICE_HOME": str(tmp_path / "home"),
        "PAKSATALKER_C2PA_CERTIFICATE": str(tmp_path / "nonsense.pem"),
        "PAKSATALKER_C2PA_PRIVATE_KEY": str(tmp_path / "nonsense.pem"),
    }
    command = [sys.executable, "-m", "paksatalker", "serve", "--port", "0"]
    run = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode != 0
    assert run.stderr.startswith("error: videos cannot be signed with")
    assert "Traceback" not in run.stderr
