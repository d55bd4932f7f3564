"""Videos of the service carry a manifest that holds; a service that is ended gives back what it was doing."""

import asyncio
import hashlib
import os
import re
import subprocess
import sys

from paksatalker.core.provenance.manifests import check
from paksatalker.service.hls import piece_path
from paksatalker.service.states import State
from paksatalker.worker.main import work

LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 40


def test_a_video_of_the_service_tells_where_it_comes_from(play, tmp_path):
    async def act(bench):
        (bench.folder / "work" / "wrk_dead").mkdir(parents=True)  # of a worker that was killed
        job = await bench.submit()
        task = asyncio.ensure_future(work(bench.backend, ["portrait"]))
        try:
            done = await bench.ended(job)
        finally:
            task.cancel()
            await asyncio.wait({task})
        assert done.state == State.SUCCEEDED, done.error
        assert done.result["signed"] is True
        video = tmp_path / "delivered.mp4"
        await bench.backend.files.fetch(done.result["files"]["video"], video)
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
        await bench.backend.files.fetch(done.result["files"]["thumbnail"], picture)
        thumbnail = check(picture)
        assert thumbnail is not None
        assert thumbnail.valid
        assert [path.name for path in (bench.folder / "work").glob("wrk_*")] == []

    play(act)


async def check_stream(bench, files, folder) -> None:
    """The manifest of a stream holds for its playlist, and names the hash of every piece that is in the store."""
    place = files["stream"].removesuffix("/stream.m3u8")
    await bench.backend.files.fetch(files["stream"], folder / "stream.m3u8")
    await bench.backend.files.fetch(files["stream_provenance"], folder / "stream.c2pa")
    found = check(folder / "stream.m3u8", sidecar=(folder / "stream.c2pa").read_bytes())
    assert found is not None
    assert found.valid, found.problems
    named = re.findall(r"segments/([\w.]+)", (folder / "stream.m3u8").read_text())
    assert found.origin.pieces.keys() == set(named)
    for name, digest in found.origin.pieces.items():
        piece = b"".join([some async for some in bench.backend.files.read(f"{place}/{piece_path(name)}")])
        assert hashlib.sha256(piece).hexdigest() == digest, name


def test_a_webm_has_its_manifest_beside_it(play, tmp_path):
    async def act(bench):
        job = await bench.submit(format="webm", text="Hi.")
        task = asyncio.ensure_future(work(bench.backend, ["portrait"]))
        try:
            done = await bench.ended(job, 90)
        finally:
            task.cancel()
            await asyncio.wait({task})
        assert (done.state, done.result["signed"]) == (State.SUCCEEDED, False)
        await bench.backend.files.fetch(done.result["files"]["video"], tmp_path / "a.webm")
        await bench.backend.files.fetch(done.result["files"]["provenance"], tmp_path / "a.c2pa")
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
