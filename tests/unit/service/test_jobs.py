import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from paksatalker.errors import InvalidOption
from paksatalker.service.admission import NewJob
from paksatalker.service.database import Database
from paksatalker.service.jobs import IdempotencyConflict, JobHeld, JobStore
from paksatalker.service.keys import KeyStore
from paksatalker.service.states import State
from paksatalker.service.tables import Job, now
from tests import databases


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[JobStore, str, str]]:
    """A store and two tenants."""
    database = Database(databases.url(folder))
    await database.migrate()
    keys = KeyStore(database)
    tenants = []
    for name in "ab":
        caller = await keys.check(await keys.create(name))
        assert caller is not None
        tenants.append(caller.tenant_id)
    try:
        yield JobStore(database, keep_days=1, held_seconds=0), *tenants
    finally:
        await database.close()


def new(tenant: str, **changes) -> NewJob:
    return NewJob(
        **{"tenant_id": tenant, "key_id": "k", "queue": "portrait", "request": {"a": 1}, "request_hash": "h"} | changes
    )


def run(folder, play) -> None:
    async def inner():
        async with opened(folder) as (jobs, one, other):
            await play(jobs, one, other)

    asyncio.run(inner())


def test_a_job_is_done_once_by_the_latest_attempt(tmp_path):
    async def play(jobs, one, other):
        job, fresh = await jobs.create(new(one))
        assert fresh
        first = await jobs.begin("t1", "portrait", tries=3)
        second = await jobs.begin("t1", "portrait", tries=3)  # the first worker was thought dead
        assert (first.attempt, second.attempt) == (1, 2)
        assert not await jobs.succeed(first, {"video": "old"})
        assert not await jobs.progress(first, progress=0.9)
        assert await jobs.progress(second, progress=0.5)
        assert await jobs.succeed(second, {"video": "new", "frames": 42})
        assert not await jobs.fail(second, {"code": "X"})
        done = await jobs.get(job.id, one)
        assert (done.state, done.result, done.progress) == (State.SUCCEEDED, {"video": "new", "frames": 42}, 1.0)
        assert (done.frames_done, done.frames_total) == (42, 42)
        assert done.expires_at > done.finished_at
        assert await jobs.begin("t1", "portrait", tries=3) is None

    run(tmp_path, play)


def test_a_job_that_somebody_is_at_is_left_to_them(tmp_path):
    """Its ticket comes to another worker when the queue was away for a while."""

    async def play(jobs, one, other):
        await jobs.create(new(one))
        waiting, _ = await jobs.create(new(one))
        patient = JobStore(jobs._database, held_seconds=60)
        long_ago = update(Job).values(heard_at=now() - timedelta(seconds=61))
        job = await patient.begin("t1", "portrait", tries=3)
        with pytest.raises(JobHeld):
            await patient.begin("t1", "portrait", tries=3)
        assert (await patient.begin("t2", "portrait", tries=3)).id == waiting.id
        await jobs._database.write(lambda session: session.execute(long_ago))
        assert await patient.progress(job)
        with pytest.raises(JobHeld):
            await patient.begin("t1", "portrait", tries=3)
        await jobs._database.write(lambda session: session.execute(long_ago))
        assert (await patient.begin("t1", "portrait", tries=3)).attempt == 2
        assert not await patient.progress(job)
        assert not await patient.let_go(job)
        second = await patient.get(job.id)
        assert await patient.let_go(second)
        assert (await patient.begin("t1", "portrait", tries=3)).attempt == 3

    run(tmp_path, play)


def test_a_job_that_kills_its_workers_fails_after_its_tries(tmp_path):
    async def play(jobs, one, other):
        job, _ = await jobs.create(new(one))
        for _ in range(3):
            assert await jobs.begin("t1", "portrait", tries=3)
        assert await jobs.begin("t1", "portrait", tries=3) is None
        failed = await jobs.get(job.id)
        assert failed.state == State.FAILED
        assert "died 3 times" in failed.error["message"]

    run(tmp_path, play)


def test_a_job_put_back_loses_no_try(tmp_path):
    async def play(jobs, one, other):
        job, _ = await jobs.create(new(one))
        for _ in range(5):
            assert await jobs.requeue(await jobs.begin("t1", "portrait", tries=1))
        assert [j.id for j in await jobs.unfinished()] == [job.id]

    run(tmp_path, play)


def test_cancelling(tmp_path):
    async def play(jobs, one, other):
        waiting, _ = await jobs.create(new(one))
        assert await jobs.cancel(waiting.id, other) is None
        assert (await jobs.cancel(waiting.id, one)).state == State.CANCELLED
        job, _ = await jobs.create(new(one))
        taken = await jobs.begin("t1", "portrait", tries=3)
        assert (await jobs.cancel(job.id, one)).state == State.RUNNING
        assert not await jobs.progress(taken, progress=0.2)
        assert await jobs.cancelled(taken)
        assert (await jobs.cancel(job.id, one)).state == State.CANCELLED

    run(tmp_path, play)


def test_the_same_idempotency_key_makes_one_job(tmp_path):
    async def play(jobs, one, other):
        made = await asyncio.gather(*(jobs.create(new(one, idempotency_key="x")) for _ in range(8)))
        assert len({job.id for job, _ in made}) == 1
        assert sum(fresh for _, fresh in made) == 1
        theirs, fresh = await jobs.create(new(other, idempotency_key="x"))
        assert fresh
        assert theirs.id != made[0][0].id
        with pytest.raises(IdempotencyConflict):
            await jobs.create(new(one, idempotency_key="x", request_hash="other"))

    run(tmp_path, play)


def test_pages_hold_every_job_once_and_only_ones_own(tmp_path):
    async def play(jobs, one, other):
        mine = [(await jobs.create(new(one)))[0].id for _ in range(7)]
        await jobs.create(new(other))
        seen, cursor = [], ""
        while True:
            page, cursor = await jobs.page(one, limit=3, cursor=cursor)
            seen += [job.id for job in page]
            if not cursor:
                break
        assert seen == mine[::-1] or sorted(seen) == sorted(mine)
        assert len(seen) == 7
        assert await jobs.get(mine[0], other) is None
        with pytest.raises(InvalidOption):
            await jobs.page(one, cursor="nonsense")

    run(tmp_path, play)


def test_tenants_take_turns_and_urgent_jobs_go_first(tmp_path):
    async def play(jobs, one, other):
        mine = [(await jobs.create(new(one)))[0].id for _ in range(4)]
        theirs = [(await jobs.create(new(other)))[0].id for _ in range(2)]
        urgent = (await jobs.create(new(one, priority="high")))[0].id
        elsewhere = (await jobs.create(new(other, queue="avatar")))[0].id
        begun = [(await jobs.begin(f"t{n}", "portrait", tries=3)).id for n in range(7)]
        assert begun == [urgent, theirs[0], mine[0], theirs[1], mine[1], mine[2], mine[3]]
        assert await jobs.begin("t9", "portrait", tries=3) is None
        assert (await jobs.begin("t9", "avatar", tries=3)).id == elsewhere

    run(tmp_path, play)


def test_many_workers_never_begin_the_same_job(tmp_path):
    async def play(jobs, one, other):
        for _ in range(20):
            await jobs.create(new(one))
        begun = await asyncio.gather(*(jobs.begin(f"t{n}", "portrait", tries=3) for n in range(30)))
        names = [job.id for job in begun if job is not None]
        assert len(names) == len(set(names)) == 20

    run(tmp_path, play)


def test_turns_are_as_told(tmp_path):
    """Against the rule in plain words: most urgent, then fewest running, then oldest."""

    async def play(jobs, one, other):
        keys = KeyStore(jobs._database)
        tenants = [one, other, *[(await keys.check(await keys.create(f"c{n}"))).tenant_id for n in range(3)]]
        dice = random.Random(4)
        waiting = []
        for _ in range(40):
            job, _ = await jobs.create(new(dice.choice(tenants), priority=dice.choice(["high", "normal", "low"])))
            waiting.append(job)
        running = []
        for n in range(40):
            if running and dice.random() < 0.4:
                assert await jobs.succeed(running.pop(dice.randrange(len(running))), {})
            owners = [job.tenant_id for job in running]
            expected = min(waiting, key=lambda j: (j.priority, owners.count(j.tenant_id), j.created_at))
            taken = await jobs.begin(f"t{n}", "portrait", 3)
            assert (taken.tenant_id, taken.id) == (expected.tenant_id, expected.id)
            waiting.remove(expected)
            running.append(taken)
        assert await jobs.begin("t40", "portrait", 3) is None

    run(tmp_path, play)
