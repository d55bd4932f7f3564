"""The stream of a video in parts: names of its pieces, and what of it can be played."""

import asyncio

from paksatalker.service.hls import PartPublisher, is_piece, joined, part_piece, piece_path
from paksatalker.service.states import State
from paksatalker.service.tables import Job


def part(state: State, *pieces: str) -> Job:
    return Job(state=state, result={"pieces": [[name, 2.0] for name in pieces]} if pieces else None)


def test_pieces_of_an_attempt_have_names_and_a_folder_of_their_own():
    names = {part_piece(number, attempt, 0) for number in (0, 1, 63) for attempt in (1, 2, 9)}
    assert len(names) == 9
    assert all(is_piece(name) for name in names)
    assert piece_path(part_piece(12, 3, 4)) == "00123/seg_001230004.m4s"
    assert [piece_path(name) for name in ("init.mp4", "seg_00000.m4s")] == ["init.mp4", "seg_00000.m4s"]


def test_what_can_be_played_ends_with_the_first_part_that_is_not_done():
    done, running, waiting = part(State.SUCCEEDED, "a", "b"), part(State.RUNNING, "c"), part(State.QUEUED)
    later = part(State.SUCCEEDED, "x")
    assert [name for name, _ in joined([done, running, later]).segments] == ["a", "b", "c"]
    assert [name for name, _ in joined([done, waiting, later]).segments] == ["a", "b"]
    assert [name for name, _ in joined([done, later]).segments] == ["a", "b", "x"]
    assert joined([waiting, later]).segments == []
    assert not joined([done]).ended


def test_pieces_of_a_part_are_told_when_they_are_stored(tmp_path):
    stored: dict[str, bytes] = {}
    told: list[list[str]] = []

    class Files:
        async def put(self, key, content):
            stored[key] = content.read_bytes()

    async def play():
        async def tell():
            told.append([name for name, _ in publisher.segments])

        publisher = PartPublisher(Files(), "t/v/1/stream", 2, 1, tell)
        for name, seconds in (("init.mp4", 0.0), ("seg_00000.m4s", 4.0), ("seg_00001.m4s", 2.5)):
            (tmp_path / name).write_bytes(name.encode())
            publisher.add(tmp_path / name, seconds)
        assert await publisher.finish() == "seg_000210001.m4s"
        return publisher

    publisher = asyncio.run(play())
    assert told == [["seg_000210000.m4s"], ["seg_000210000.m4s", "seg_000210001.m4s"]]
    assert stored == {
        "t/v/1/stream/init.mp4": b"init.mp4",
        "t/v/1/stream/00021/seg_000210000.m4s": b"seg_00000.m4s",
        "t/v/1/stream/00021/seg_000210001.m4s": b"seg_00001.m4s",
    }
    assert [seconds for _, seconds in publisher.segments] == [4.0, 2.5]
    assert publisher.bytes == sum(map(len, stored.values()))
    assert list(tmp_path.iterdir()) == []
