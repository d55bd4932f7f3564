"""What stays of a long video when it is done."""

import asyncio

import pytest

from paksatalker.service.files import FileStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.states import State
from paksatalker.service.tables import Job
from paksatalker.worker.long_videos import _PartReport, clear


class NoParts:
    """All parts are forgotten already."""

    async def of(self, _: Job) -> list[Job]:
        return []


@pytest.mark.parametrize(
    ("video", "kept"),
    [
        ("ten_a/vid_a/2/3/video.mp4", {"2/3/video.mp4"}),  # two that were joining it died
        ("ten_a/vid_a/2/video.mp4", {"2/video.mp4", "2/1/video.mp4", "2/2/video.mp4", "2/3/video.mp4"}),
    ],
)
def test_what_lost_joinings_have_stored_goes(tmp_path, video, kept):
    async def play() -> None:
        files = FileStore.of(ServiceSettings(_env_file=None, home=tmp_path))
        for name in ("2/video.mp4", "2/1/video.mp4", "2/2/video.mp4", "2/3/video.mp4", "2/speech/00000"):
            if name != "2/video.mp4" or video.endswith(f"vid_a/{name}"):
                await files.put(f"ten_a/vid_a/{name}", b"x")
        job = Job(
            id="vid_a", tenant_id="ten_a", attempt=2, state=State.SUCCEEDED, result={"files": {"video": video}}
        )  # fmt: skip
        await clear(files, NoParts(), job, ended=False)
        root = tmp_path / "files" / "ten_a" / "vid_a"
        assert {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} == kept

    asyncio.run(play())


@pytest.mark.parametrize("wanted", [True, False])
def test_a_database_that_is_away_for_a_moment_stops_no_part(wanted):
    told = []

    class Parts:
        async def progress(self, *_):
            if not told:
                told.append("away")
                raise OSError("the database is away")
            return {"progress": 0.5} if wanted else None

    class Events:
        async def publish(self, job_id: str, event: dict) -> None:
            told.append((job_id, event["progress"]))

    async def play() -> None:
        cancel = asyncio.Event()
        report = _PartReport(Parts(), Events(), Job(id="prt_a"), Job(id="vid_a"), cancel)
        await report.note()
        assert (told, cancel.is_set()) == (["away"], False)
        await report.note()
        assert (told[1:], cancel.is_set()) == ([("vid_a", 0.5)] if wanted else [], not wanted)

    asyncio.run(play())
