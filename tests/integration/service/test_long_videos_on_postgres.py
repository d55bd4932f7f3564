"""Long videos in parts where workers change their rows at the same time: Postgres locks rows, SQLite the whole file."""

import io

import av
import pytest

from paksatalker.service.states import State
from paksatalker.worker.process import RenderDied, RenderProcess
from tests import databases
from tests.integration.service.test_long_videos import LONG, TEXT, children, content, cut, submit, swept, workers
from tests.integration.service.test_signed import check_stream

pytestmark = pytest.mark.skipif(not databases.has_postgres(), reason="there is no Postgres: the extra 'dev' brings one")
SMALL = {"size": 64, "fps": 10}


def frames(video: bytes) -> list[float]:
    with av.open(io.BytesIO(video)) as file:
        return [frame.time for frame in file.decode(video=0)]


def test_two_videos_by_three_workers_one_of_which_dies_and_one_that_nobody_wants(play, server, tmp_path, monkeypatch):
    died, run = [], RenderProcess.run

    async def dies_once(self, order, on_message, cancel):
        if order.get("act") == "part" and not died:
            died.append(order)
            await self.kill()
            raise RenderDied("it was killed")
        return await run(self, order, on_message, cancel)

    monkeypatch.setattr(RenderProcess, "run", dies_once)

    async def act(bench):
        assert bench.backend.settings.database.startswith("postgresql")
        async with workers(bench, 3):
            portrait = await bench.portrait()
            both = [await submit(bench, text, portrait=portrait, **SMALL) for text in (TEXT, f"Well. {TEXT}")]
            for job in both:
                done = await bench.ended(job, 180)
                assert (done.state, done.error, done.attempt, done.progress) == (State.SUCCEEDED, None, 1, 1.0)
                assert done.result["parts"] >= 3
                shown = frames(await content(bench, done.result["files"]["video"]))
                assert shown == pytest.approx([k / 10 for k in range(done.result["frames"])])
                assert done.frames_done == done.result["frames"]
                (tmp_path / job.id).mkdir()
                await check_stream(bench, done.result["files"], tmp_path / job.id)
            assert died
            unwanted = await submit(bench, LONG, portrait=portrait, **SMALL)
            await cut(bench, unwanted)
            assert (await bench.backend.jobs.cancel(unwanted.id, bench.tenant_id)).cancel_requested
            assert (await bench.ended(unwanted, 20)).state == State.CANCELLED
            for job in (*both, unwanted):
                await swept(bench, job)
                assert await children(bench, job) == []
            assert await bench.backend.jobs.unfinished() == []

    play(act, part_seconds=1.0, database_url=server.new())
