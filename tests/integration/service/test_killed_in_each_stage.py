"""A worker is killed with -9 in each stage of a job; another one does the job, and nothing is left of the first."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import psutil
import pytest

from paksatalker.core.rendering.encode import Encoder
from paksatalker.core.timeline import VideoFrame
from paksatalker.service.states import State
from paksatalker.service.webhooks import WebhookStore
from tests.integration.service.served import RECOVERY_SECONDS, patience

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")

#: A worker as an operator starts it, that stops for ever at one place and says so.
WORKER = """
import asyncio, sys, time
from pathlib import Path

from paksatalker.service.files import FileStore
from paksatalker.service.jobs import JobStore
from paksatalker.core.provenance.manifests import Provenance
from paksatalker.service.streaq_queue import StreaqQueue
from paksatalker.worker import deliverer, runner
from paksatalker.worker.process import RenderProcess

stage, told, queue, video = sys.argv[1:]

def tell():
    Path(told).touch()

async def here(*_, **__):
    tell()
    await asyncio.sleep(3600)

def here_on_a_thread(*_, **__):
    tell()
    time.sleep(3600)

async def half(path):
    yield path.read_bytes()[:1000]
    await here()

async def rendered(self, options, output, *_, **__):
    Path(output).write_bytes(Path(video).read_bytes())
    return {"duration": 1.0, "frames": 25, "engines": {}}

if stage in ("signing", "thumbnail", "storing", "finishing"):
    RenderProcess.render = rendered  # a video that is there already: only what comes after it is killed
if stage == "fetching":
    async def fetch(self, key, to):
        to.write_bytes(b"half of it")
        await here()
    FileStore.fetch = fetch
elif stage == "rendering":
    async def publish(self, job_id, event):
        if event.get("frames_done"):
            await here()
    StreaqQueue.publish = publish
elif stage == "signing":
    Provenance.sign = here_on_a_thread
elif stage == "thumbnail":
    runner.write_thumbnail = here_on_a_thread
elif stage == "storing":
    put = FileStore.put
    async def half_put(self, key, content):
        await put(self, key, half(content) if key.endswith("video.mp4") else content)
    FileStore.put = half_put
elif stage == "finishing":
    JobStore.succeed = here
elif stage == "webhook":
    deliverer.post = here
sys.argv = ["paksatalker", "worker", "--queue", queue]
from paksatalker.cli.app import main
main()
"""
STAGES = ("fetching", "rendering", "signing", "thumbnail", "storing", "finishing")


class Receiver(ThreadingHTTPServer):
    """Takes webhooks."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((told["data"]["id"], told["type"], self.headers["webhook-id"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Workers:
    """Processes, by the stage that they stop at; killed at the end."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.stack, self.video = home, ExitStack(), home / "ready.mp4"
        self.environment = os.environ | {
            "PAKSATALKER_SERVICE_HOME": str(home), "REDIS_URL": url, "PAKSATALKER_ALLOW_PRIVATE_CALLBACKS": "true",
        }  # fmt: skip

    def make_video(self) -> None:
        """For workers that are killed after the rendering."""
        with Encoder(self.video, (64, 64), 25.0, 24000) as encoder:
            for k in range(25):
                frame = np.full((64, 64, 3), 10 * k, np.uint8)
                encoder.write(VideoFrame(k, frame, np.zeros(960, np.float32), 24000))

    def start(self, stage: str, queue: str = "portrait") -> subprocess.Popen:
        log = self.stack.enter_context((self.home / f"{stage}.log").open("ab"))
        command = [sys.executable, "-c", WORKER, stage, self.home / f"{stage}.told", queue, self.video]
        process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        self.stack.callback(kill, process)
        return process

    async def told(self, *stages: str) -> None:
        """Waits until workers are where they stop."""
        try:
            async with asyncio.timeout(120):
                while not all((self.home / f"{stage}.told").exists() for stage in stages):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(self.words())

    def words(self) -> str:
        """What they have said, for whoever looks at a failure."""
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')[-800:]}" for path in self.home.glob("*.log"))


def kill(process: subprocess.Popen) -> list[psutil.Process]:
    """-9; returns its renderers, which nobody has told."""
    if process.poll() is not None:
        return []
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    return children


def test_killed_in_each_stage(play, tmp_path):
    receiver = Receiver()
    url = f"http://127.0.0.1:{receiver.server_port}/"

    async def act(bench):
        workers = Workers(tmp_path, bench.backend.queue._url)
        workers.make_video()
        with workers.stack:
            unwanted = await bench.submit(callback_url=url)
            await bench.backend.jobs.cancel(unwanted.id, bench.tenant_id)
            hurt = [workers.start("webhook", "avatar")]
            await workers.told("webhook")
            jobs = [await bench.submit(text="Hello.", seed=n, fps=10, size=64, callback_url=url) for n in range(6)]
            hurt += [workers.start(stage) for stage in STAGES]
            await workers.told(*STAGES)
            assert all(process.poll() is None for process in hurt), workers.words()
            killed = datetime.now(UTC)
            orphans = [child for process in hurt for child in kill(process)]
            for number in (1, 2):
                workers.start(f"well {number}")
            try:
                done = [await bench.ended(job, 90) for job in jobs]
                await _all_told(receiver, {job.id for job in [*jobs, unwanted]})
            except TimeoutError:
                pytest.fail(workers.words())
            assert psutil.wait_procs(orphans, 10)[1] == [], "a renderer ends with its worker"
            _check_jobs(done, killed, workers.words())
            _check_what_is_left(tmp_path, bench.tenant_id, done)
        states = [row.state for row in (await WebhookStore(bench.backend.database).page(bench.tenant_id))[0]]
        assert states == ["delivered"] * 7

    try:
        play(act)
    finally:
        receiver.shutdown()
        receiver.server_close()
    assert len({message for _, _, message in receiver.got}) == 7, "no message is made twice"
    assert len(receiver.got) == 7, "nor is it sent twice, as long as nobody dies between sending and noting it"


def _check_jobs(done, killed: datetime, words: str) -> None:
    assert [(job.state, job.error, job.attempt) for job in done] == [(State.SUCCEEDED, None, 2)] * 6, words
    begun = sorted((job.started_at - killed).total_seconds() for job in done)
    assert begun[1] <= RECOVERY_SECONDS * patience(), (
        "both workers have work by then; the rest waits for them, not for the dead"
    )


def _check_what_is_left(home: Path, tenant_id: str, done) -> None:
    """No half files, no folders of the dead, no files of attempts that were not delivered."""
    for job in done:
        folder = home / "files" / tenant_id / job.id
        assert [path.name for path in folder.iterdir()] == ["2"]
    assert not list((home / "files").rglob("*#*"))
    assert len(list((home / "work").glob("wrk_*"))) == 2
    assert not list((home / "work").rglob("video.*"))


async def _all_told(receiver: Receiver, ids: set[str]) -> None:
    async with asyncio.timeout(60):
        while {job for job, _, _ in receiver.got} != ids:
            await asyncio.sleep(0.05)
    assert [kind for _, kind, _ in receiver.got].count("video.cancelled") == 1
