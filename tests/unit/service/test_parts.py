"""The parts of long videos in the database: who may change what, and what becomes of the video."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from paksatalker.service.admission import NewJob
from paksatalker.service.database import Database
from paksatalker.service.jobs import JobStore
from paksatalker.service.keys import KeyStore
from paksatalker.service.parts import PartStore, Span
from paksatalker.service.states import State
from paksatalker.service.tables import Job


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[JobStore, PartStore, str, str]]:
    """Both stores, and two tenants."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'x.sqlite3'}")
    await database.migrate()
    keys = KeyStore(database)
    tenants = []
    for name in "ab":
        caller = await keys.check(await keys.create(name))
        assert caller is not None
        tenants.append(caller.tenant_id)
    try:
        yield JobStore(database, keep_days=1, held_seconds=0), PartStore(database), *tenants
    finally:
        await database.close()


def new(tenant: str, **changes) -> NewJob:
    return NewJob(
        **{"tenant_id": tenant, "key_id": "k", "queue": "portrait", "request": {"a": 1}, "request_hash": "h"} | changes
    )


def run(folder, play) -> None:
    async def inner():
        async with opened(folder) as (jobs, parts, one, other):
            await play(jobs, parts, one, other)

    asyncio.run(inner())


async def cut(jobs: JobStore, parts: PartStore, tenant: str, count: int = 3, **fields) -> Job:
    """A video that is spoken, in parts of 100 frames."""
    job, _ = await jobs.create(new(tenant, **fields))
    video = await jobs.begin(f"t-{job.id}", "portrait", tries=3)
    assert video.id == job.id
    for k in range(count):
        span = Span(k, 100 * k, 100 * k + 100, last=k == count - 1, expected=250)
        assert await parts.add(video, span) is not None
    return video


def test_the_last_part_is_followed_by_the_joining(tmp_path):
    async def play(jobs, parts, one, other):
        video = await cut(jobs, parts, one)
        held = await jobs.get(video.id)
        assert (held.state, held.ticket, held.frames_total, held.stage) == (State.RUNNING, None, 300, "render")
        assert not await jobs.fail(video, {"code": "X"}), "who has spoken it has let go of it"
        assert not await jobs.requeue(video)
        first, second, third = [await jobs.begin(f"t{k}", "portrait", tries=3) for k in range(3)]
        assert [one.request["part"] for one in (first, second, third)] == [0, 1, 2]
        assert await jobs.begin("t4", "portrait", tries=3) is None

        told = await parts.progress(second, 50, [("seg", 2.0)])
        assert (told["frames_done"], told["frames_total"], told["progress"]) == (50, 300, 50 / 300)
        assert await parts.finish(third, {"file": "c"}) == (True, None)
        assert (await parts.progress(first, 10, []))["frames_done"] == 160
        assert await parts.finish(first, {"file": "a"}) == (True, None)
        counts, join = await parts.finish(second, {"file": "b"})
        assert counts
        assert (join.kind, join.ticket, join.attempt, join.state) == ("join", "t1", 1, State.RUNNING)
        assert [part.result["file"] for part in await parts.of(video)] == ["a", "b", "c"]
        latest = await jobs.get(video.id)
        assert (latest.state, latest.stage, latest.frames_done, latest.progress) == (State.RUNNING, "join", 300, 0.999)

        again = await jobs.begin("t1", "portrait", tries=3)  # its worker died
        assert (again.id, again.attempt) == (join.id, 2)
        assert not await parts.deliver(join, lambda: jobs.done({"frames": 1}))
        assert await parts.deliver(again, lambda: jobs.done({"frames": 300}))
        done = await jobs.get(video.id, one)
        assert (done.state, done.result, done.progress) == (State.SUCCEEDED, {"frames": 300}, 1.0)
        assert [(v.id, ended) for v, ended in await parts.over()] == [(video.id, True)]
        await parts.forget(video.id)
        assert await parts.over() == []
        assert await jobs.unfinished() == []

    run(tmp_path, play)


def test_only_workers_see_parts(tmp_path):
    async def play(jobs, parts, one, other):
        video = await cut(jobs, parts, one, seconds_expected=50.0)
        page, _ = await jobs.page(one)
        assert [job.id for job in page] == [video.id]
        assert (await jobs.page(one, state="queued"))[0] == []
        again, fresh = await jobs.create(new(one, seconds_expected=9.0), minutes=1.0)
        assert fresh, "they use no minutes"
        assert again.id != video.id
        for part in await parts.of(video):
            assert await jobs.get(part.id, other) is None
            assert part.tenant_id == one

    run(tmp_path, play)


def test_a_part_that_fails_ends_the_video(tmp_path):
    async def play(jobs, parts, one, other):
        video = await cut(jobs, parts, one)
        first, second = [await jobs.begin(f"t{k}", "portrait", tries=3) for k in range(2)]
        assert await jobs.fail(first, {"code": "NoFace", "message": "…"})
        failed = await jobs.get(video.id)
        assert (failed.state, failed.error["code"]) == (State.FAILED, "NoFace")
        assert failed.expires_at is not None
        assert await parts.progress(second, 1, []) is None
        assert not await jobs.progress(second), "it is to stop"
        assert await parts.finish(second, {}) == (False, None)
        assert await jobs.begin("t3", "portrait", tries=3) is None, "nor does the third one begin"
        assert [(v.id, ended) for v, ended in await parts.over()] == [(video.id, False)]
        assert await jobs.cancelled(second)
        assert [ended for _, ended in await parts.over()] == [True]

    run(tmp_path, play)


def test_a_part_that_kills_its_workers_ends_the_video(tmp_path):
    async def play(jobs, parts, one, other):
        video = await cut(jobs, parts, one, count=2)
        for attempt in (1, 2, 3):
            assert (await jobs.begin("t1", "portrait", tries=3)).attempt == attempt
        assert await jobs.begin("t1", "portrait", tries=3) is None
        failed = await jobs.get(video.id)
        assert (failed.state, failed.error["code"]) == (State.FAILED, "WorkerLost")
        assert {part.state for part in await parts.of(video)} == {State.FAILED, State.CANCELLED}

    run(tmp_path, play)


def test_a_video_that_is_cancelled_stops_its_parts(tmp_path):
    async def play(jobs, parts, one, other):
        video = await cut(jobs, parts, one)
        first = await jobs.begin("t0", "portrait", tries=3)
        assert await jobs.cancel(video.id, other) is None
        assert (await jobs.cancel(video.id, one)).state == State.CANCELLED
        assert not await jobs.progress(first)
        assert await jobs.begin("t1", "portrait", tries=3) is None
        assert await jobs.cancelled(first)
        assert {part.state for part in await parts.of(video)} == {State.CANCELLED}

    run(tmp_path, play)


def test_what_is_spoken_anew_has_new_parts(tmp_path):
    async def play(jobs, parts, one, other):
        job, _ = await jobs.create(new(one))
        video = await jobs.begin("t", "portrait", tries=3)
        await parts.add(video, Span(0, 0, 100, last=False, expected=900))
        await parts.add(video, Span(1, 100, 200, last=False, expected=900))
        old = await jobs.begin("t0", "portrait", tries=3)
        again = await jobs.begin("t", "portrait", tries=3)  # its worker was lost
        assert (again.id, again.attempt) == (job.id, 2)
        assert await parts.add(video, Span(2, 200, 300, last=True, expected=900)) is None, "the first has no say"
        assert await parts.finish(old, {}) == (False, None)
        await parts.add(again, Span(0, 0, 90, last=False, expected=900))
        assert [part.frames_total for part in await parts.of(again)] == [90]
        fresh = await jobs.begin("t1", "portrait", tries=3)
        assert fresh.request == {"part": 0, "first": 0, "end": 90, "attempt": 2, "notes": []}

        assert await jobs.requeue(again)  # its worker stops: the next must not take these parts for its own
        back = await jobs.begin("t", "portrait", tries=3)
        assert (back.id, back.attempt) == (job.id, 3)
        assert await parts.of(back) == []

    run(tmp_path, play)


def test_parts_of_what_is_written_are_rendered_where_all_others_are(tmp_path):
    async def play(jobs, parts, one, other):
        await jobs.create(new(one, queue="script"))
        assert await jobs.begin("t", "portrait", tries=3) is None
        video = await jobs.begin("t", "script", tries=3)
        await parts.add(video, Span(0, 0, 100, last=True, expected=100))
        for queue in ("script", "neural-gpu", "avatar"):
            assert await jobs.begin("t0", queue, tries=3) is None
        part = await jobs.begin("t0", "portrait", tries=3)
        _, join = await parts.finish(part, {})
        assert (part.queue, join.queue) == ("portrait", "portrait")

    run(tmp_path, play)


def test_a_part_whose_video_is_spoken_anew_fails_alone(tmp_path):
    async def play(jobs, parts, one, other):
        await jobs.create(new(one))
        video = await jobs.begin("t", "portrait", tries=3)
        for k in range(2):
            await parts.add(video, Span(k, 100 * k, 100 * k + 100, last=False, expected=900))
        part = await jobs.begin("t0", "portrait", tries=3)
        await parts.stop(video)  # the renderer of its worker has died, and its files go
        assert await jobs.begin("t1", "portrait", tries=3) is None
        assert await jobs.fail(part, {"code": "PartGone", "message": "…"})
        again = await jobs.begin("t", "portrait", tries=3)
        assert (again.state, again.attempt) == (State.RUNNING, 2)
        await parts.add(again, Span(0, 0, 100, last=True, expected=100))
        await parts.stop(video)
        assert (await jobs.begin("t2", "portrait", tries=3)).request["attempt"] == 2, "these are not the first one's"

    run(tmp_path, play)


def test_progress_never_goes_back(tmp_path):
    async def play(jobs, parts, one, other):
        video = await cut(jobs, parts, one, count=2)
        first, second = [await jobs.begin(f"t{k}", "portrait", tries=3) for k in range(2)]
        await parts.progress(first, 80, [])
        assert (await parts.progress(second, 40, []))["frames_done"] == 120
        again = await jobs.begin("t0", "portrait", tries=3)
        assert await parts.progress(first, 90, []) is None
        assert (await parts.progress(again, 5, []))["frames_done"] == 120
        assert (await parts.progress(again, 81, []))["frames_done"] == 121
        assert (await jobs.get(video.id)).seconds_left is not None

    run(tmp_path, play)


def test_parts_take_no_more_than_their_tenant_s_share(tmp_path):
    async def play(jobs, parts, one, other):
        await cut(jobs, parts, one, count=6)
        short = [(await jobs.create(new(other, request_hash=f"h{k}")))[0] for k in range(2)]
        turns = [await jobs.begin(f"x{k}", "portrait", tries=3) for k in range(4)]
        assert [job.tenant_id for job in turns] == [one, other, one, other]
        assert [job.id for job in turns[1::2]] == [job.id for job in short]
        assert [job.request["part"] for job in turns[::2]] == [0, 1]

    run(tmp_path, play)
