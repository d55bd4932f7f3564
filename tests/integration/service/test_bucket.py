"""Files in a bucket: the same service, but its files lie elsewhere, and are fetched from there without it."""

import asyncio
import io
import os
import re
import subprocess
import sys
from datetime import timedelta

import av
import boto3
import httpx
import pytest
from fastapi.testclient import TestClient
from moto.server import ThreadedMotoServer
from sqlalchemy import update

from paksatalker.api.main import create_app
from paksatalker.errors import SettingsInvalid
from paksatalker.service.backend import opened
from paksatalker.service.broker import Broker
from paksatalker.service.files import FileStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.tables import Asset, Job, now
from paksatalker.worker.main import work
from paksatalker.worker.sweeper import Sweeper
from tests.integration.api.tenants import new_key
from tests.integration.api.test_assets import png

BUCKET = "videos"


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint):
    """An empty bucket, seen by another client."""
    httpx.post(f"{endpoint}/moto-api/reset")
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def settings(endpoint, s3, tmp_path):
    return ServiceSettings(
        _env_file=None, home=tmp_path, s3_bucket=BUCKET, aws_endpoint_url=endpoint, aws_access_key_id="key",
        aws_secret_access_key="secret",
    )  # fmt: skip


def keys(s3) -> dict[str, int]:
    return {found["Key"]: found["Size"] for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


async def whole(files: FileStore, key: str, *span: int) -> bytes:
    return b"".join([piece async for piece in files.read(key, *span)])


def test_files_of_all_sizes_come_back_and_neighbours_stay(settings, s3, tmp_path):
    big = os.urandom(11 << 20)
    (tmp_path / "big.mp4").write_bytes(big)

    async def stream():
        for start in range(0, len(big), 1 << 20):
            yield big[start : start + (1 << 20)]

    async def play() -> None:
        files = FileStore.of(settings)
        await files.put("t/a/video.mp4", tmp_path / "big.mp4")
        await files.put("t/a/stream.bin", stream())
        await files.put("t/ab/small.txt", b"small")
        assert keys(s3) == {"t/a/video.mp4": len(big), "t/a/stream.bin": len(big), "t/ab/small.txt": 5}
        assert s3.head_object(Bucket=BUCKET, Key="t/a/video.mp4")["ContentType"] == "video/mp4"
        assert await files.size("t/a/video.mp4") == len(big)
        assert await files.size("t/a/nothing") is None
        assert await whole(files, "t/a/stream.bin") == big
        assert await whole(files, "t/a/video.mp4", 5 << 20, (5 << 20) + 3) == big[5 << 20 : (5 << 20) + 3]
        with pytest.raises(FileNotFoundError):
            await whole(files, "t/a/nothing")
        await files.fetch("t/a/video.mp4", tmp_path / "copy.mp4")
        assert (tmp_path / "copy.mp4").read_bytes() == big
        await files.copy("t/a/video.mp4", "t/b/video.mp4")
        assert keys(s3)["t/b/video.mp4"] == len(big)
        with pytest.raises(FileNotFoundError):
            await files.copy("t/a/nothing", "t/b/nothing")
        assert await files.delete("t/a") == 2
        assert set(keys(s3)) == {"t/ab/small.txt", "t/b/video.mp4"}

    asyncio.run(play())


def test_a_link_works_without_a_key_and_says_for_how_long(settings):
    async def play() -> str | None:
        files = FileStore.of(settings)
        await files.put("t/v/video.mp4", b"video")
        return await files.link("t/v/video.mp4", 3600)

    link = asyncio.run(play())
    assert "X-Amz-Expires=3600" in link
    assert "secret" not in link
    answer = httpx.get(link)
    assert (answer.content, answer.headers["content-type"]) == (b"video", "video/mp4")


def rendered(settings: ServiceSettings, client: TestClient) -> dict:
    """A video that is asked for by the API and made by a worker that has nothing but the bucket."""
    asset = client.post("/api/v1/assets", files={"file": ("anna.png", png())}).json()
    body = {"portrait": asset["id"], "text": "Hello there.", "size": 128, "subtitles": "vtt"}
    job = client.post("/api/v1/videos", json=body).json()

    async def play() -> None:
        elsewhere = settings.model_copy(update={"work_folder": settings.home / "elsewhere"})
        async with opened(elsewhere, settings.redis_url) as backend:
            task = asyncio.ensure_future(work(backend, ["portrait"]))
            try:
                async with asyncio.timeout(90):
                    while (await backend.jobs.get(job["id"])).finished_at is None:
                        await asyncio.sleep(0.1)
            finally:
                task.cancel()
                await asyncio.wait({task})

    asyncio.run(play())
    return client.get(f"/api/v1/videos/{job['id']}").json()


def sweep(settings: ServiceSettings) -> None:
    """What a worker does when everything has expired."""

    async def play() -> None:
        async with opened(settings, settings.redis_url) as backend:
            async with backend.database.session() as session:
                for table in (Job, Asset):
                    await session.execute(update(table).values(expires_at=now() - timedelta(seconds=1)))
            await Sweeper(settings, backend.database, backend.files).sweep()

    asyncio.run(play())


def test_a_video_is_made_from_and_into_the_bucket_and_downloaded_from_there(settings, s3, tmp_path):
    with Broker(tmp_path / "queue") as broker:
        settings = settings.model_copy(update={"redis_url": broker.url})
        key = {"Authorization": f"Bearer {new_key(settings)}"}
        with TestClient(create_app(settings), headers=key, follow_redirects=False) as client:
            video = rendered(settings, client)
            assert (video["state"], video["error"]) == ("succeeded", None)
            assert not (tmp_path / "files").exists(), "nothing is kept here"
            assert any(name.endswith("/video.mp4") for name in keys(s3))
            answer = client.get(video["links"]["file"])
            assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
            file = httpx.get(answer.headers["location"])
            assert file.headers["content-type"] == "video/mp4"
            with av.open(io.BytesIO(file.content)) as container:
                assert container.streams.video[0].width == 128
            part = httpx.get(answer.headers["location"], headers={"Range": "bytes=4-7"})
            assert (part.status_code, part.content) == (206, b"ftyp")
            saved = client.get(video["links"]["file"], params={"download": True})
            assert (saved.status_code, saved.content) == (200, file.content)
            assert saved.headers["content-disposition"].startswith("attachment")
            for name, kind in (("subtitles", "text/vtt"), ("thumbnail", "image/jpeg")):
                told = client.get(video["links"][name]).headers["location"]
                assert httpx.get(told).headers["content-type"] == kind
            for of in ("video", "stream"):
                told = client.get(video["links"]["provenance"], params={"of": of}).headers["location"]
                assert httpx.get(told).headers["content-type"] == "application/c2pa"
            playlist = client.get(video["links"]["stream"]).text
            piece = re.findall(r"^segments/\S+$", playlist, re.M)[0]
            assert client.get(f"/api/v1/videos/{video['id']}/{piece}").content
            stranger = {"Authorization": f"Bearer {new_key(settings)}"}
            assert client.get(video["links"]["file"], headers=stranger).status_code == 404
        sweep(settings)
        assert keys(s3) == {}


def test_a_bucket_that_is_away_is_told(settings, tmp_path, endpoint):
    with Broker(tmp_path / "queue") as broker:
        away = settings.model_copy(update={"redis_url": broker.url, "aws_endpoint_url": "http://127.0.0.1:9"})
        key = {"Authorization": f"Bearer {new_key(away)}"}
        with TestClient(create_app(away), headers=key, raise_server_exceptions=False) as client:
            answer = client.post("/api/v1/assets", files={"file": ("anna.png", png())})
            assert answer.status_code == 503, answer.text
            assert answer.json()["error"]["fix"]
            assert "127.0.0.1" not in answer.text
            assert client.get("/api/v1/assets").json()["items"] == []


def test_a_bucket_that_refuses_us_is_told_at_the_start(settings, tmp_path):
    wrong = {
        "PAKSATALKER_SERVICE_HOME": str(tmp_path),
        "S3_BUCKET": "nobodys",
        "AWS_ENDPOINT_URL": settings.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    command = [sys.executable, "-m", "paksatalker", "serve", "--port", "0"]
    run = subprocess.run(
        command, env=os.environ | wrong, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == SettingsInvalid.exit_code, run.stderr
    assert run.stderr.startswith("error: the bucket 'nobodys' cannot be used: it answers NoSuchBucket. Check S3_BUCKET")

    async def act() -> None:
        with pytest.raises(SettingsInvalid, match="NoSuchBucket"):
            await FileStore.of(settings.model_copy(update={"s3_bucket": "nobodys"})).check("nobodys")
        away = settings.model_copy(update={"aws_endpoint_url": "http://127.0.0.1:9"})
        await FileStore.of(away).check(BUCKET)  # it may come back
        await FileStore.of(settings).check(BUCKET)

    asyncio.run(act())
