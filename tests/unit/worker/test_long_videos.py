"""What stays of a long video when it is done."""

import asyncio

import pytest

from paksatalker.service.files import FileStore
from paksatalker.service.settings import ServiceSettings
from paksatalker.service.states import State
from paksatalker.service.tables import Job
from paksatalker.worker.long_videos import clear


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
