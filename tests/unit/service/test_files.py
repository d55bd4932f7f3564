import asyncio

import pytest

from paksatalker.service.files import FileStore
from paksatalker.service.settings import ServiceSettings


def store(folder):
    return FileStore.of(ServiceSettings(_env_file=None, home=folder))


def test_files_come_back_whole_and_in_parts(tmp_path):
    async def play():
        files = store(tmp_path)
        await files.put("ten_a/vid_b/video.mp4", bytes(range(256)) * 8192)
        assert await files.size("ten_a/vid_b/video.mp4") == 256 * 8192
        whole = b"".join([piece async for piece in files.read("ten_a/vid_b/video.mp4")])
        assert whole == bytes(range(256)) * 8192
        assert b"".join([p async for p in files.read("ten_a/vid_b/video.mp4", 3, 6)]) == b"\x03\x04\x05"
        await files.fetch("ten_a/vid_b/video.mp4", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == whole
        assert await files.link("ten_a/vid_b/video.mp4") is None

    asyncio.run(play())


def test_deleting_one_folder_leaves_its_neighbours(tmp_path):
    async def play():
        files = store(tmp_path)
        for key in ("t/a/1", "t/a/2", "t/ab/1"):
            await files.put(key, b"x")
        assert await files.delete("t/a") == 2
        assert await files.size("t/a/1") is None
        assert await files.size("t/ab/1") == 1

    asyncio.run(play())


def test_no_key_leads_out_of_the_store(tmp_path):
    async def play():
        files = store(tmp_path / "home")
        for key in ("../x", "a/../../x", "/../x"):
            with pytest.raises(Exception, match=r"path|Path|cannot store"):
                await files.put(key, b"x")
        assert not (tmp_path / "x").exists()
        with pytest.raises(FileNotFoundError):
            _ = [p async for p in files.read("nothing")]

    asyncio.run(play())
