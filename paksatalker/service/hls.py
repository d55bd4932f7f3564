"""The stream of a video in the file store: pieces, and a playlist that grows with them (RFC 8216).

The playlist is stored anew after every piece, so that whoever reads it finds all that it names. It only ever grows, and
its last line tells when nothing more comes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from paksatalker.models.hashing import hash_file
from paksatalker.service.files import FileStore
from paksatalker.service.states import State
from paksatalker.service.tables import Job

PLAYLIST = "stream.m3u8"
#: Beside it, when the video is done: who made the stream, signed, with the hash of every piece.
STREAM_MANIFEST = "stream.c2pa"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_INIT = "init.mp4"
_NAME = re.compile(r"init\.mp4|seg_[0-9]{5,9}\.m4s")
#: No segment is longer, seconds (:mod:`paksatalker.core.rendering.hls`); a playlist that grows must not change it.
_TARGET_SECONDS = 6
_NAMED = re.compile(r'^(?:#EXT-X-MAP:URI=")?[^#\n"]*/([\w.]+)"?$', re.MULTILINE)


#: Of a part of a video: its number, its attempt, and the piece.
_OF_PART = re.compile(r"seg_([0-9]{5})[0-9]{4}\.m4s")


def part_piece(number: int, attempt: int, index: int) -> str:
    """The name of a piece of a part: attempts that were lost have others, so that none is taken for another."""
    return f"seg_{number:04d}{attempt % 10}{index:04d}.m4s"


def piece_path(name: str) -> str:
    """Where a piece lies in the place of its stream; those of a part's attempt have a folder of their own."""
    found = _OF_PART.fullmatch(name)
    return name if found is None else f"{found[1]}/{name}"


def is_piece(name: str) -> bool:
    """Whether a text has the form of a piece's name."""
    return _NAME.fullmatch(name) is not None


def piece_type(name: str) -> str:
    """The media type of a piece."""
    return "video/mp4" if name == _INIT else "video/iso.segment"


def pieces_in(playlist: str) -> list[str]:
    """The names of the pieces that a playlist of ours names."""
    return [name for name in _NAMED.findall(playlist) if is_piece(name)]


def stream_place(job: Job) -> str:
    """Where the stream of a job lies: that of its result, else that of the attempt that runs."""
    files = (job.result or {}).get("files", {})
    if "stream" in files:
        return str(files["stream"]).removesuffix("/" + PLAYLIST)
    return f"{job.tenant_id}/{job.id}/{job.attempt}/stream"


@dataclass(slots=True)
class Playlist:
    """What there is to play so far.

    Attributes:
        segments: Name and seconds of each, in order.
        ended: Whether nothing more comes.
        folder: Where the pieces are, seen from the playlist's address.
    """

    segments: list[tuple[str, float]] = field(default_factory=list)
    ended: bool = False
    folder: str = "segments"

    def __str__(self) -> str:
        lines = [
            "#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{_TARGET_SECONDS}", "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-PLAYLIST-TYPE:EVENT", "#EXT-X-INDEPENDENT-SEGMENTS",
            "#EXT-X-START:TIME-OFFSET=0",  # it is no broadcast: whoever comes late starts at the beginning
            f'#EXT-X-MAP:URI="{self.folder}/{_INIT}"',
        ]  # fmt: skip
        for name, seconds in self.segments:
            lines += [f"#EXTINF:{seconds:.5f},", f"{self.folder}/{name}"]
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""] if self.ended else [*lines, ""])


class StreamPublisher:
    """Stores the pieces of one attempt as they come, in order, beside the rendering. Finish or abort it.

    Args:
        files: The store.
        place: Prefix of the keys.

    Attributes:
        bytes: Of all pieces so far.
        digests: SHA-256 of each by its name.
    """

    def __init__(self, files: FileStore, place: str) -> None:
        self._files, self._place = files, place
        self._playlist = Playlist()
        self._queue: asyncio.Queue[tuple[Path, float] | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._store())
        self.bytes = 0
        self.digests: dict[str, str] = {}

    def add(self, path: Path, seconds: float) -> None:
        """Hands over a piece; its file is deleted when it is stored."""
        self._queue.put_nowait((path, seconds))

    async def finish(self) -> str:
        """Ends the playlist and returns its key.

        Raises:
            DiskFull: A piece could not be stored.
            OutputUnwritable: The same for another reason.
        """
        self._queue.put_nowait(None)
        await self._task
        self._playlist.ended = True
        return await self._store_playlist()

    async def abort(self) -> None:
        """Stops; what is stored stays for its owner to delete."""
        self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task

    async def _store(self) -> None:
        while (item := await self._queue.get()) is not None:
            path, seconds = item
            self.bytes += path.stat().st_size
            name = self._name(path.name)
            self.digests[name] = await asyncio.to_thread(hash_file, path)
            await self._files.put(f"{self._place}/{piece_path(name)}", path)
            path.unlink()
            if seconds:
                self._playlist.segments.append((name, seconds))
                await self._store_playlist()

    def _name(self, name: str) -> str:
        return name

    async def _store_playlist(self) -> str:
        key = f"{self._place}/{PLAYLIST}"
        await self._files.put(key, str(self._playlist).encode())
        return key


class PartPublisher(StreamPublisher):
    """The same for a part of a video: it stores no playlist but tells what there is, for the parts before come first.

    Args:
        files: The store.
        place: Prefix of the keys.
        number: Of the part, from 0.
        attempt: At it.
        tell: Called whenever there is another piece.
    """

    def __init__(
        self, files: FileStore, place: str, number: int, attempt: int, tell: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(files, place)
        self._number, self._attempt, self._tell = number, attempt, tell

    @property
    def segments(self) -> list[tuple[str, float]]:
        """Name and seconds of what is stored."""
        return list(self._playlist.segments)

    def _name(self, name: str) -> str:
        if name == _INIT:
            return name
        return part_piece(self._number, self._attempt, len(self._playlist.segments))

    async def finish(self) -> str:
        """Waits until everything is stored; returns the name of the last piece.

        Raises:
            DiskFull: A piece could not be stored.
            OutputUnwritable: The same for another reason.
        """
        self._queue.put_nowait(None)
        await self._task
        return self._playlist.segments[-1][0]

    async def _store_playlist(self) -> str:
        await self._tell()
        return ""


def joined(parts: Sequence[Job]) -> Playlist:
    """What there is to play of a video that is made in parts: up to the first part that is not done.

    Args:
        parts: In order.
    """
    playlist = Playlist()
    for part in parts:
        playlist.segments += [(str(name), float(seconds)) for name, seconds in (part.result or {}).get("pieces", ())]
        if part.state != State.SUCCEEDED:
            break
    return playlist
