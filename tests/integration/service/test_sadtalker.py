"""SadTalker through the service: from POST /videos to the file, with random weights and small networks."""

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image
from skimage import data

pytest.importorskip("torch", reason="needs paksatalker[neural]")
pytest.importorskip("safetensors", reason="needs paksatalker[neural]")

from paksatalker.api.main import create_app
from paksatalker.core.provenance.manifests import check
from paksatalker.errors import EngineUnavailable, WeightsMissing
from paksatalker.service.keys import KeyStore
from paksatalker.worker import abilities, process
from paksatalker.worker.main import work

FILES = Path(__file__).parents[1] / "core" / "sadtalker_files.py"
VIDEOS = "/api/v1/videos"
#: The renderer as it is, but that it draws with networks as small as those whose weights there are.
CHILD = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("sadtalker_files", {str(FILES)!r})
files = importlib.util.module_from_spec(spec)
spec.loader.exec_module(files)
from paksatalker.core.rendering.sadtalker import build
build.Generator, build.KPDetector, build.MappingNet = files.generator, files.detector, files.mapping
from paksatalker.worker.child import main
main()
"""


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Weights where the operator's variable says, and a renderer that fits them."""
    folder = tmp_path / "sadtalker"
    folder.mkdir()
    command = "import importlib.util as u, sys; s = u.spec_from_file_location('f', sys.argv[1]); "
    command += (
        "m = u.module_from_spec(s); s.loader.exec_module(m); from pathlib import Path; m.write(Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", command, str(FILES), str(folder)], check=True, timeout=120)
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(folder))
    monkeypatch.setenv("PAKSATALKER_THREADS", "1")
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, str(tmp_path / "child.py")))
    return folder


async def caller(bench) -> httpx.AsyncClient:
    app = create_app(bench.backend.settings)
    app.state.backend = bench.backend
    key = await KeyStore(bench.backend.database).create("ours", tenant_id=bench.tenant_id)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://x", timeout=60, headers={"Authorization": f"Bearer {key}"}
    )


async def photo(ask: httpx.AsyncClient) -> str:
    buffer = io.BytesIO()
    Image.fromarray(data.astronaut()).save(buffer, "PNG")
    sent = await ask.post("/api/v1/assets", files={"file": ("a.png", buffer.getvalue(), "image/png")})
    return sent.json()["id"]


def test_a_video_by_sadtalker(play, weights, tmp_path):
    async def act(bench):
        queues, lacks = abilities.chosen(None)
        assert (queues, lacks) == (["portrait", "voices", "neural-gpu"], {})
        task = asyncio.ensure_future(work(bench.backend, ["neural-gpu"], lacks))
        try:
            async with await caller(bench) as ask:
                body = {"portrait": await photo(ask), "text": "Hi.", "size": 256, "engine": "sadtalker"}
                made = await ask.post(VIDEOS, json=body | {"preprocess": "full", "fps": 10})
                assert made.status_code == 202, made.text
                done = await bench.ended(await bench.backend.jobs.get(made.json()["id"]), 120)
                assert (done.queue, done.state, done.error) == ("neural-gpu", "succeeded", None)
                assert done.result["engines"] == {"face": "sadtalker", "renderer": "sadtalker", "speech": "hibari"}
                video = (await ask.get(f"{VIDEOS}/{done.id}/file")).content
        finally:
            task.cancel()
            await asyncio.wait({task})
        with av.open(io.BytesIO(video)) as file:
            frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
        assert {frame.shape for frame in frames} == {(256, 256, 3)}
        assert len(frames) == done.result["frames"] >= 3
        assert (frames[0] != frames[-1]).any()
        (tmp_path / "a.mp4").write_bytes(video)
        found = check(tmp_path / "a.mp4")
        assert found is not None
        assert (found.valid, found.origin.engines) == (True, done.result["engines"])

    play(act)


def test_without_weights_nobody_waits_for_it(play, tmp_path, monkeypatch):
    monkeypatch.setenv("SADTALKER_MODEL_PATH", str(tmp_path / "none"))
    queues, lacks = abilities.chosen(None)
    assert queues == ["portrait", "voices"]
    assert isinstance(lacks["neural-gpu"], WeightsMissing)

    async def act(bench):
        task = asyncio.ensure_future(work(bench.backend, ["voices"], lacks))
        try:
            async with await caller(bench) as ask:
                body = {"portrait": await photo(ask), "text": "Hi.", "engine": "sadtalker"}
                async with asyncio.timeout(30):
                    while await bench.backend.queue.lacks("neural-gpu") is None:
                        await asyncio.sleep(0.05)
                refused = await ask.post(VIDEOS, json=body)
                assert refused.status_code == 503
                error = refused.json()["error"]
                assert error["code"] == "WeightsMissing"
                assert "SadTalker_V0.0.2_256.safetensors is not there" in error["why"]
                assert "paksatalker models download sadtalker-256" in error["fix"]
                assert (await ask.get(VIDEOS)).json()["items"] == []
                await bench.backend.queue.announce("another", ["neural-gpu"], 60)  # a machine that can
                assert (await ask.post(VIDEOS, json=body)).status_code == 202
        finally:
            task.cancel()
            await asyncio.wait({task})

    play(act)


def test_a_worker_that_could_only_fail_does_not_start_and_says_why(play, tmp_path):
    async def act(bench):
        environment = os.environ | {
            "PAKSATALKER_SERVICE_HOME": str(tmp_path / "home"), "REDIS_URL": bench.backend.queue._url,
            "PAKSATALKER_HOME": str(tmp_path / "empty"),
        }  # fmt: skip
        command = [sys.executable, "-m", "paksatalker", "worker", "--queue", "neural-gpu"]
        run = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert run.returncode == EngineUnavailable.exit_code, run.stderr
        assert "Run: paksatalker models download" in run.stderr
        assert (await bench.backend.queue.lacks("neural-gpu"))["code"] == "EngineUnavailable"

    play(act)


def test_without_pytorch(monkeypatch, tmp_path):
    from paksatalker.core.rendering.registry import SADTALKER

    monkeypatch.setattr(type(SADTALKER), "missing", lambda self: ("torch",) if self.name == "sadtalker" else ())
    assert isinstance(error := abilities.lacking("neural-gpu"), EngineUnavailable)
    assert "pip install 'paksatalker[neural]'" in error.fix
    assert abilities.lacking("portrait") is None
