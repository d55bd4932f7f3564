"""What is told of a job never goes back, though the database is told later than those who listen."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from paksatalker.api.services import following
from paksatalker.api.services.following import follow
from paksatalker.service.tables import Job


def job(progress: float, state: str = "running", attempt: int = 1) -> Job:
    return Job(
        id="vid_x", tenant_id="ten_x", state=state, attempt=attempt, stage="render", progress=progress, frames_done=0
    )


def told(rows: list[Job], events: list[dict]) -> list[float]:
    """Progress as a listener sees it: of the rows, each look finds the next; events come after the first look."""

    class Jobs:
        async def get(self, *_):
            return rows.pop(0)

    class Queue:
        @asynccontextmanager
        async def listen(self, _):
            async def heard():
                for event in events:
                    yield event
                await asyncio.sleep(60)

            yield heard()

    async def play() -> list[float]:
        backend = SimpleNamespace(jobs=Jobs(), queue=Queue())
        return [state.progress async for state in follow(backend, "vid_x", "ten_x")]

    return asyncio.run(play())


def test_a_row_that_is_behind_is_not_told(monkeypatch):
    monkeypatch.setattr(following, "_LOOK_SECONDS", 0.05)
    events = [{"state": "running", "progress": share} for share in (0.1, 0.5)]
    rows = [job(0.0), job(0.1), job(0.6), job(1.0, "succeeded")]
    assert told(rows, events) == [0.0, 0.1, 0.5, 0.6, 1.0]


def test_another_attempt_begins_anew(monkeypatch):
    monkeypatch.setattr(following, "_LOOK_SECONDS", 0.05)
    rows = [job(0.0), job(0.2, attempt=2), job(1.0, "succeeded", 2)]
    assert told(rows, [{"state": "running", "progress": 0.5}]) == [0.0, 0.5, 0.2, 1.0]
