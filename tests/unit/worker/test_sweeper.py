from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.exceptions import BaseError
from sqlalchemy import select

from paksatalker.errors import OutputUnwritable
from paksatalker.service import audit
from paksatalker.service.admission import NewJob
from paksatalker.service.assets import AssetStore
from paksatalker.service.database import Database
from paksatalker.service.files import FileStore
from paksatalker.service.ids import new_id
from paksatalker.service.jobs import JobStore
from paksatalker.service.keys import KeyStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.states import State
from paksatalker.service.tables import Asset, Job, Webhook, now
from paksatalker.worker.sweeper import ABANDONED_SECONDS, Sweeper
from paksatalker.worker.work_folder import ALIVE, WorkFolder, sweep, uploads_of
from tests import databases

PAST = now() - timedelta(days=1)


class Place:
    def __init__(self, settings: ServiceSettings, database: Database, tenant_id: str) -> None:
        self.settings, self.database, self.tenant_id = settings, database, tenant_id
        self.files = FileStore.of(settings)
        self.sweeper = Sweeper(settings, database, self.files)

    async def job(self, state: State = State.SUCCEEDED, expires_at=PAST, request=None) -> Job:
        new = NewJob(self.tenant_id, "key_x", "portrait", request or {}, "0" * 64)
        job, _ = await JobStore(self.database).create(new)
        async with self.database.session() as session:
            row = await session.get(Job, job.id)
            row.state, row.expires_at = state, expires_at
        await self.files.put(f"{self.tenant_id}/{job.id}/1/video.mp4", b"video")
        return job

    async def asset(self, expires_at=PAST) -> Asset:
        asset = Asset(
            id=new_id("ast"), tenant_id=self.tenant_id, kind="image", name="a", media_type="image/png", bytes=1,
            sha256="", file="", analysis={}, expires_at=expires_at,
        )  # fmt: skip
        asset.file = f"{self.tenant_id}/assets/{asset.id}"
        await self.files.put(asset.file, b"photo")
        async with self.database.session() as session:
            session.add(asset)
        return asset

    async def there(self, kind: type, name: str) -> bool:
        async with self.database.reader() as session:
            return await session.get(kind, name) is not None


@pytest.fixture
def play(tmp_path):
    def run(act, **values):
        async def inner() -> None:
            settings = ServiceSettings(_env_file=None, home=tmp_path, database_url=databases.url(tmp_path), **values)
            database = Database(settings.database)
            try:
                await database.migrate()
                keys = KeyStore(database)
                caller = await keys.check(await keys.create("test"))
                await act(Place(settings, database, caller.tenant_id))
            finally:
                await database.close()

        asyncio.run(inner())

    return run


def test_what_has_expired_goes_and_the_rest_stays(play):
    async def act(place):
        old, kept = await place.job(), await place.job(expires_at=now() + timedelta(days=1))
        forever = await place.job(expires_at=None)
        runs = await place.job(State.RUNNING)
        photo, recent = await place.asset(), await place.asset(now() + timedelta(days=1))
        assert await place.sweeper.sweep() == 2
        assert not await place.there(Job, old.id)
        assert not await place.there(Asset, photo.id)
        assert await place.files.size(f"{place.tenant_id}/{old.id}/1/video.mp4") is None
        assert await place.files.size(photo.file) is None
        for job in (kept, forever, runs):
            assert await place.there(Job, job.id)
            assert await place.files.size(f"{place.tenant_id}/{job.id}/1/video.mp4") == 5
        assert await place.files.size(recent.file) == 5
        assert await place.sweeper.sweep() == 0
        noted = {entry.object_id: entry for entry in await audit.entries(place.database, place.tenant_id)}
        assert noted[old.id].action == "video.expired"
        assert noted[photo.id].key_id == audit.LIFECYCLE

    play(act)


def test_a_photo_that_a_job_waits_for_is_kept(play):
    async def act(place):
        photo = await place.asset()
        job = await place.job(State.QUEUED, None, {"portrait": photo.id})
        assert await place.sweeper.sweep() == 0
        async with place.database.session() as session:
            (await session.get(Job, job.id)).state = State.SUCCEEDED
        assert await place.sweeper.sweep() == 1

    play(act)


def test_killed_between_files_and_row_nothing_is_left_behind(play, monkeypatch):
    async def act(place):
        jobs = [await place.job() for _ in range(3)]
        delete = FileStore.delete

        async def dies(self, prefix):
            await delete(self, prefix)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(FileStore, "delete", dies)
            with pytest.raises(KeyboardInterrupt):
                await place.sweeper.sweep()
        assert [await place.there(Job, job.id) for job in jobs] == [True] * 3  # nothing lies there that nobody knows of
        await place.sweeper.sweep()
        assert [await place.there(Job, job.id) for job in jobs] == [False] * 3
        assert not list((place.settings.home / "files").rglob("video.mp4"))

    play(act)


def test_a_bucket_that_is_away_ends_no_worker(play, monkeypatch):
    async def act(place):
        job = await place.job()
        delete, away = FileStore.delete, asyncio.Event()

        async def fails(self, prefix):
            if not away.is_set():
                away.set()
                raise BaseError("the bucket is away")
            return await delete(self, prefix)

        monkeypatch.setattr(FileStore, "delete", fails)
        task = asyncio.ensure_future(place.sweeper.run(every=0.01))
        async with asyncio.timeout(30):
            while await place.there(Job, job.id):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    play(act)


def test_two_sweepers_do_not_mind_each_other(play):
    async def act(place):
        for _ in range(20):
            await place.job()
            await place.asset()
        other = Sweeper(place.settings, place.database, place.files)
        await asyncio.gather(place.sweeper.sweep(), other.sweep())
        assert await place.sweeper.sweep() == 0

    play(act)


def test_a_folder_may_go_while_it_is_looked_through(play, monkeypatch):
    async def act(place):
        going = place.settings.home / "files" / "a" / "going"
        staged = going.with_name("kept") / "video.mp4#1"
        for file in (going / "video.mp4", staged):
            file.parent.mkdir(parents=True)
            file.touch()
        os.utime(staged, (0, 0))
        scan = os.scandir

        def scandir(path):
            if Path(path) == going:
                (going / "video.mp4").unlink()
                going.rmdir()
            return scan(path)

        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", scandir)
            assert place.sweeper.sweep_disk() == 1
        assert not going.exists()
        assert not staged.exists()

    play(act)


def test_messages_go_with_their_job_but_not_before_they_are_delivered(play):
    async def act(place):
        for state in ("pending", "dead", "delivered"):
            job = await place.job()
            async with place.database.session() as session:
                session.add(Webhook(
                    id=new_id("msg"), tenant_id=place.tenant_id, job_id=job.id, url="https://x", payload={}, state=state
                ))  # fmt: skip
        await place.sweeper.sweep()
        async with place.database.reader() as session:
            assert (await session.scalars(select(Webhook.state))).all() == ["pending"]

    play(act)


def test_uploads_of_the_dead_and_half_stored_files_go(play):
    async def act(place):
        home: Path = place.settings.home
        old = time.time() - ABANDONED_SECONDS - 60
        with WorkFolder(uploads_of(place.settings)) as coming:
            growing, broken = coming.path / "upload.bin", home / "uploads" / "wrk_dead" / "upload.bin"
            files = home / "files" / "ten"
            staged, new, whole = files / "video.mp4#1", files / "video.mp4#2", files / "c# lesson.mp4"
            for path in (growing, broken, staged, new, whole):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
            for path in (growing, staged, whole):
                os.utime(path, (old, old))
            assert place.sweeper.sweep_disk() == 2
            assert [path.exists() for path in (growing, broken, staged, new, whole)] == [True, False, False, True, True]

    play(act)


def test_what_goes_takes_its_half_stored_files_along(play):
    async def act(place):
        job = await place.job()
        folder = place.settings.home / "files" / place.tenant_id / job.id
        (folder / "1" / "thumbnail.jpg#1").write_bytes(b"x")
        assert await place.files.delete(f"{place.tenant_id}/{job.id}") == 1
        assert not folder.exists()

    play(act)


def test_the_folder_of_a_living_worker_is_left_alone(tmp_path):
    with WorkFolder(tmp_path) as folder:
        assert not (folder.path / ALIVE).exists(), "a health check must not take it for ready yet"
        folder.touch()
        assert (folder.path / ALIVE).exists()
        (folder.path / "video.mp4").write_bytes(b"x")
        assert sweep(tmp_path) == 0
        assert (folder.path / "video.mp4").exists()
    assert not folder.path.exists()


def test_the_folder_of_a_killed_worker_goes_at_once(tmp_path):
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom paksatalker.worker.work_folder import WorkFolder\n"
        f"with WorkFolder(Path({str(tmp_path)!r})) as folder:\n"
        "    (folder.path / 'video.mp4').write_bytes(b'x')\n    print('there', flush=True)\n    time.sleep(600)"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert worker.stdout.readline() == b"there\n"
        assert sweep(tmp_path) == 0
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert sweep(tmp_path) == 1
        assert not list(tmp_path.glob("wrk_*"))
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match="PAKSATALKER_WORK_FOLDER"), WorkFolder(tmp_path / "file" / "work"):
        pass


def test_deletions_are_noted(play):
    async def act(place):
        job, photo = await place.job(expires_at=None), await place.asset(None)
        assert await JobStore(place.database).expire(job.id, place.tenant_id, "key_boss")
        assert await AssetStore(place.database, 0).delete(photo.id, place.tenant_id, "key_boss")
        assert await AssetStore(place.database, 0).delete(photo.id, place.tenant_id, "key_boss") is None
        found = await audit.entries(place.database, place.tenant_id, limit=2)
        assert [(entry.action, entry.object_id, entry.key_id) for entry in found] == [
            ("asset.deleted", photo.id, "key_boss"), ("video.deleted", job.id, "key_boss"),
        ]  # fmt: skip

    play(act)


def test_keys_are_noted(play):
    async def act(place):
        keys = KeyStore(place.database)
        key = (await keys.create("x", tenant_id=place.tenant_id, by="key_boss")).partition(".")
        assert await keys.revoke(key[0], place.tenant_id, by="key_boss")
        assert await keys.revoke(key[0], place.tenant_id, by="key_boss")
        found = await audit.entries(place.database, place.tenant_id)
        assert [(entry.action, entry.key_id) for entry in found if entry.object_id == key[0]] == [
            ("key.revoked", "key_boss"), ("key.created", "key_boss"),
        ]  # fmt: skip
        assert key[2] not in str([(entry.detail, entry.object_id) for entry in found])
        assert await audit.entries(place.database, "ten_other") == []

    play(act)
