"""What was made before is given again: all that a video needs, and nothing else."""

import asyncio

from obstore.store import LocalStore

from paksatalker.service.files import FileStore
from paksatalker.service.hls import Playlist
from paksatalker.service.reuse import reuse
from tests.unit.service.test_jobs import new, opened

PIECES = [("seg_00000.m4s", 4.0), ("seg_000100000.m4s", 2.0)]  # the second one is a part's


def play(tmp_path, act) -> None:
    async def inner() -> None:
        (tmp_path / "files").mkdir()
        files = FileStore(LocalStore(str(tmp_path / "files")), presigns=False, folder=tmp_path / "files")
        async with opened(tmp_path) as (jobs, tenant, _):
            await jobs.create(new(tenant))
            first = await jobs.begin("t", "portrait", tries=3)
            place = f"{tenant}/{first.id}/1"
            kept = {"video": f"{place}/video.mp4", "stream": f"{place}/stream/stream.m3u8"}
            await files.put(kept["video"], b"video")
            await files.put(kept["stream"], str(Playlist(PIECES, ended=True)).encode())
            for name in ("init.mp4", "seg_00000.m4s", "00010/seg_000100000.m4s"):
                await files.put(f"{place}/stream/{name}", name.encode())
            for left in ("speech/00000", "parts/00000.1.mp4", "stream/00000/seg_000000000.m4s", "1/video.mp4"):
                await files.put(f"{place}/{left}", b"left behind")
            assert await jobs.succeed(first, {"files": kept, "bytes": 5})
            again, _ = await jobs.create(new(tenant))
            await act(jobs, files, first, again)

    asyncio.run(inner())


def stored(tmp_path, job) -> set[str]:
    folder = tmp_path / "files" / job.tenant_id / job.id
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_only_what_the_result_names_is_copied(tmp_path):
    async def act(_jobs, files, first, again):
        result = await reuse(_jobs, files, again)
        assert result is not None
        assert (result["copied_from"], result["bytes"]) == (first.id, 5)
        assert stored(tmp_path, again) == {
            "0/video.mp4", "0/stream/stream.m3u8", "0/stream/init.mp4", "0/stream/seg_00000.m4s",
            "0/stream/00010/seg_000100000.m4s",
        }  # fmt: skip
        await files.delete(f"{first.tenant_id}/{first.id}")
        for key in result["files"].values():
            assert await files.size(key), "each may be deleted on its own"

    play(tmp_path, act)


def test_what_is_no_longer_whole_is_made_again_and_leaves_nothing(tmp_path):
    async def act(jobs, files, first, again):
        await files.delete(f"{first.tenant_id}/{first.id}/1/stream/00010")  # the sweep has begun
        assert await reuse(jobs, files, again) is None
        assert stored(tmp_path, again) == set()

    play(tmp_path, act)
