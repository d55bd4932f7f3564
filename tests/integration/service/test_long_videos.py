"""A long video is made in parts by several workers: it comes out as by core's own hands, whatever befalls a worker."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import av
import boto3
import httpx
import obstore
import pytest
from moto.server import ThreadedMotoServer
from skimage import data

from paksatalker import Pipeline, Request
from paksatalker.api.main import create_app
from paksatalker.core.parallel import join, record, render_part
from paksatalker.service.admission import NewJob
from paksatalker.service.backend import opened
from paksatalker.service.broker import Broker
from paksatalker.service.keys import KeyStore
from paksatalker.service.parts import PartStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.states import State
from paksatalker.service.video import VideoRequest
from paksatalker.worker.main import work
from tests.integration.service.test_signed import check_stream

SECONDS = 1.0  # of a part
TEXT = "Hello there, my name is Bob. How do you do on such a day? It is a fine day for a walk! See you soon, then."
LONG = "This is a sentence that goes on for quite a while, and then for a while more. " * 12


async def submit(bench, text: str = TEXT, **fields):
    portrait = fields.pop("portrait", None) or await bench.portrait()
    request = VideoRequest(portrait=portrait, **{"size": 128, "text": text, "subtitles": "vtt"} | fields)
    new = NewJob(
        bench.tenant_id, "key_x", "portrait", request.model_dump(mode="json"), request.digest({}), seconds_expected=60.0
    )
    job, _ = await bench.backend.jobs.create(new)
    await bench.backend.queue.enqueue(job.id, "portrait")
    return job


@asynccontextmanager
async def workers(bench, count: int = 2):
    tasks = [asyncio.ensure_future(work(bench.backend, ["portrait"])) for _ in range(count)]
    try:
        async with asyncio.timeout(30):
            while await bench.backend.queue.workers("portrait") < count:
                await asyncio.sleep(0.05)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def children(bench, job):
    return await PartStore(bench.backend.database).of(await bench.backend.jobs.get(job.id))


async def cut(bench, job, count: int = 2, stage: str = "render") -> None:
    """Waits until parts of a video are being rendered."""
    async with asyncio.timeout(120):
        while True:
            running = [part for part in await children(bench, job) if part.frames_done]
            if len(running) >= count and (await bench.backend.jobs.get(job.id)).stage == stage:
                return
            await asyncio.sleep(0.05)


async def swept(bench, job) -> None:
    """Waits until a video that has ended has no parts any more: that is the last that is done for it."""
    async with asyncio.timeout(20):
        while await children(bench, job):
            await asyncio.sleep(0.05)


async def stored(bench, job) -> set[str]:
    """The files of a video, without tenant and video."""
    prefix = f"{bench.tenant_id}/{job.id}"
    found = [entry["path"] async for batch in obstore.list(bench.backend.files._store, prefix) for entry in batch]
    return {name.removeprefix(prefix + "/") for name in found}


async def content(bench, key: str) -> bytes:
    return b"".join([piece async for piece in bench.backend.files.read(key)])


def pictures(content: bytes) -> list[tuple[float, bytes]]:
    with av.open(io.BytesIO(content)) as file:
        return [(f.time, f.to_ndarray(format="rgb24").tobytes()) for f in file.decode(video=0)]


def sound(content: bytes) -> list[tuple[float, bytes]]:
    with av.open(io.BytesIO(content)) as file:
        return [(f.time, f.to_ndarray().tobytes()) for f in file.decode(audio=0)]


def by_core(folder: Path, text: str) -> tuple[bytes, bytes, str]:
    """The same video in parts by core alone, and in one go; and its subtitles."""
    request = Request(image=data.astronaut(), text=text, size=128, subtitles="vtt", format="mp4", markup=False)
    with Pipeline() as pipeline:
        speech = [take.path for take in record(pipeline, request, folder, SECONDS)]
        parts = [folder / f"{k}.mp4" for k in range(len(speech))]
        for k, part in enumerate(parts):
            render_part(pipeline, request, speech[: k + 1], part)
        join(request, speech, parts, folder / "joined.mp4")
        once = pipeline.generate(request, folder / "once.mp4")
    return (folder / "joined.mp4").read_bytes(), once.path.read_bytes(), once.subtitles.read_text()


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> tuple[bytes, bytes, str]:
    return by_core(tmp_path_factory.mktemp("core"), TEXT)


def test_two_workers_make_what_one_makes(play, expected, tmp_path):
    joined, once, subtitles = expected

    async def act(bench):
        job = await submit(bench)
        told = []

        async def listen():
            async with bench.backend.queue.listen(job.id) as events:
                async for event in events:
                    told.append(event)

        ear = asyncio.ensure_future(listen())
        async with workers(bench):
            done = await bench.ended(job, 180)
            await swept(bench, job)
            await asyncio.sleep(0.2)
        ear.cancel()
        assert (done.state, done.error, done.attempt, done.progress) == (State.SUCCEEDED, None, 1, 1.0)
        video = await content(bench, done.result["files"]["video"])
        assert pictures(video) == pictures(joined)
        assert [at for at, _ in pictures(video)] == [at for at, _ in pictures(once)]
        assert sound(video) == sound(once)
        assert (await content(bench, done.result["files"]["subtitles"])).decode() == subtitles
        assert done.result["parts"] >= 3
        assert (done.result["frames"], done.frames_done) == (len(pictures(once)),) * 2
        assert done.result["signed"]
        await check_stream(bench, done.result["files"], tmp_path)
        assert done.result["engines"] == {"face": "rules", "renderer": "portrait", "speech": "hibari"}

        names = await stored(bench, job)
        assert not {name for name in names if "/speech" in name or "/parts" in name}, "what was in between is gone"
        assert await bench.backend.jobs.unfinished() == []
        assert await children(bench, job) == []
        assert not any(path.is_file() for path in (bench.folder / "work").rglob("*") if path.name != ".lock")
        shares = [event["progress"] for event in told]
        assert shares == sorted(shares)
        assert told[-1]["state"] == "succeeded"
        assert {event.get("frames_total") for event in told if event["stage"] == "join"} <= {done.frames_total}

        twin = await submit(bench, portrait=job.request["portrait"])
        async with workers(bench, 1):
            copy = await bench.ended(twin, 30)
        assert (copy.result["copied_from"], copy.result["bytes"]) == (job.id, done.result["bytes"])

    play(act, part_seconds=SECONDS)


def test_it_plays_while_it_is_made_and_nobody_else_sees_it(play):
    async def act(bench):
        app = create_app(bench.backend.settings)
        app.state.backend = bench.backend
        keys = KeyStore(bench.backend.database)
        ours = {"Authorization": f"Bearer {await keys.create('ours', tenant_id=bench.tenant_id)}"}
        theirs = {"Authorization": f"Bearer {await keys.create('theirs')}"}
        async with AsyncExitStack() as stack:
            ask = await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x", timeout=60)
            )
            job = await submit(bench, LONG)
            await stack.enter_async_context(workers(bench))
            address = f"/api/v1/videos/{job.id}"
            await cut(bench, job)
            part = (await children(bench, job))[0]
            for headers in (ours, theirs):
                assert (await ask.get(f"/api/v1/videos/{part.id}", headers=headers)).status_code == 404
                assert (await ask.delete(f"/api/v1/videos/{part.id}", headers=headers)).status_code == 404
            listed = (await ask.get("/api/v1/videos", headers=ours)).json()["items"]
            assert [video["id"] for video in listed] == [job.id]
            assert (await ask.get("/api/v1/videos", headers=theirs)).json()["items"] == []

            lists, shares = [""], [0.0]
            while (state := (await ask.get(address, headers=ours)).json())["state"] == "running":
                answer = await ask.get(f"{address}/stream.m3u8", headers=ours)
                assert answer.text.startswith(lists[-1].removesuffix("#EXT-X-ENDLIST\n")), "it only grows"
                lists.append(answer.text)
                shares.append(state["progress"])
                assert (await ask.get(f"{address}/stream.m3u8", headers=theirs)).status_code == 404
                await asyncio.sleep(0.2)
            assert state["state"] == "succeeded", state["error"]
            assert shares == sorted(shares)
            assert len({text for text in lists if "#EXTINF" in text and "ENDLIST" not in text}) > 2

            whole = (await ask.get(f"{address}/stream.m3u8", headers=ours)).text
            assert whole.startswith(lists[-1].removesuffix("#EXT-X-ENDLIST\n"))
            assert whole.endswith("#EXT-X-ENDLIST\n")
            names = [re.search('URI="(.+?)"', whole)[1], *re.findall("^segments/.+$", whole, re.MULTILINE)]
            pieces = [(await ask.get(f"{address}/{name}", headers=ours)).content for name in names]
            video = (await ask.get(f"{address}/file", headers=ours)).content
            assert pictures(b"".join(pieces)) == pictures(video)
            assert sound(b"".join(pieces)) == sound(video)
            assert (await ask.get(f"{address}/{names[1]}", headers=theirs)).status_code == 404

    play(act, part_seconds=SECONDS)


def test_parts_go_through_a_bucket(play, expected):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **keys)
    client.create_bucket(Bucket="videos")

    async def act(bench):
        job = await submit(bench)
        async with workers(bench):
            done = await bench.ended(job, 180)
            await swept(bench, job)
        assert (done.state, done.error) == (State.SUCCEEDED, None)
        assert done.result["parts"] >= 3
        assert pictures(await content(bench, done.result["files"]["video"])) == pictures(expected[0])
        assert not (bench.folder / "files").exists()
        names = {found["Key"] for found in client.list_objects_v2(Bucket="videos")["Contents"]}
        assert any("/stream/" in name for name in names)
        assert not [name for name in names if "/speech/" in name or "/parts/" in name]

    try:
        play(act, part_seconds=SECONDS, s3_bucket="videos", aws_endpoint_url=f"http://{host}:{port}", **keys)
    finally:
        server.stop()


def test_one_worker_alone_makes_it_in_one_go(play, expected):
    async def act(bench):
        job = await submit(bench)
        async with workers(bench, 1):
            done = await bench.ended(job, 180)
        assert "parts" not in done.result
        assert pictures(await content(bench, done.result["files"]["video"])) == pictures(expected[1])

    play(act, part_seconds=SECONDS)


def test_a_part_that_cannot_be_made_ends_the_video(play):
    async def act(bench):
        job = await submit(bench, face=7)
        async with workers(bench):
            failed = await bench.ended(job, 180)
            await swept(bench, job)
            assert await stored(bench, job) == set()
        assert (failed.state, failed.error["code"]) == (State.FAILED, "NoSuchFace")
        assert await bench.backend.jobs.unfinished() == []

    play(act, part_seconds=SECONDS)


def test_a_cancelled_one_stops_everywhere_within_a_second(play):
    async def act(bench):
        job = await submit(bench, LONG)
        async with workers(bench):
            await cut(bench, job)
            began = time.monotonic()
            assert (await bench.backend.jobs.cancel(job.id, bench.tenant_id)).cancel_requested
            async with asyncio.timeout(20):
                while await bench.backend.jobs.unfinished():
                    await asyncio.sleep(0.02)
            assert time.monotonic() - began < 2.0  # one, and what a busy machine adds
            assert (await bench.backend.jobs.get(job.id)).state == State.CANCELLED
            await swept(bench, job)
            assert await stored(bench, job) == set()
            other = await submit(bench)
            assert (await bench.ended(other, 180)).state == State.SUCCEEDED

    play(act, part_seconds=SECONDS)


@contextmanager
def worker_process(home: Path, url: str):
    """A worker as an operator starts it."""
    environment = os.environ | {
        "PAKSATALKER_SERVICE_HOME": str(home), "REDIS_URL": url, "PAKSATALKER_PART_SECONDS": str(SECONDS),
    }  # fmt: skip
    command = [sys.executable, "-m", "paksatalker", "worker", "--queue", "portrait"]
    with (home / "worker.log").open("ab") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_worker_that_is_killed_in_any_stage_costs_only_that_stage(tmp_path, bench_of, expected):
    settings = ServiceSettings(_env_file=None, home=tmp_path)
    waits: dict[str, float] = {}

    async def until(bench, job, stage: str, reached) -> None:
        """Has a worker go so far, and kills it."""
        with worker_process(tmp_path, bench.backend.queue._url) as process:
            async with asyncio.timeout(120):
                began = time.monotonic()
                await bench.backend.queue.announce("another", ["portrait"], 180)  # else it would make it in one go
                while True:
                    latest = await bench.backend.jobs.get(job.id)
                    assert latest.error is None
                    if await reached(latest):
                        break
                    await asyncio.sleep(0.03)
            waits[stage] = time.monotonic() - began
            process.kill()

    async def act(url: str) -> None:
        async with opened(settings, url) as backend:
            keys = KeyStore(backend.database)
            caller = await keys.check(await keys.create("test"))
            bench = bench_of(backend, caller.tenant_id, tmp_path)
            job = await submit(bench)

            async def of(latest, attempt: int):
                return await children(bench, job) if latest.attempt == attempt else []

            async def spoken(latest) -> bool:
                return latest.ticket is not None and bool(await of(latest, 1))

            async def rendered(latest) -> bool:
                return any(
                    p.frames_done and p.request["part"] == 1 and p.state == "running" for p in await of(latest, 2)
                )

            async def rendered_again(latest) -> bool:
                return any(p.attempt == 2 and p.frames_done for p in await of(latest, 2))

            async def joined(latest) -> bool:
                return latest.stage == "join"

            await until(bench, job, "speech", spoken)
            await until(bench, job, "part", rendered)
            await until(bench, job, "part again", rendered_again)
            await until(bench, job, "join", joined)
            with worker_process(tmp_path, url):
                done = await bench.ended(job, 180)
                await swept(bench, job)
            assert (done.state, done.error, done.attempt) == (State.SUCCEEDED, None, 2)
            assert pictures(await content(bench, done.result["files"]["video"])) == pictures(expected[0])
            text = (await content(bench, done.result["files"]["stream"])).decode()
            tries = dict(re.findall(r"seg_(\d{4})(\d)\d{4}\.m4s", text))
            assert tries == {f"{k:04d}": "3" if k == 1 else "1" for k in range(done.result["parts"])}
            assert {name.split("/")[0] for name in await stored(bench, job)} == {"2"}
            assert not {name for name in await stored(bench, job) if "/speech/" in name or "/parts/" in name}
            assert await backend.jobs.unfinished() == []

    with Broker(tmp_path / "queue") as broker:
        asyncio.run(act(broker.url))
    assert max(waits.values()) <= 60, "8 s of silence, and a worker that starts; on an idle machine it is below 30"
