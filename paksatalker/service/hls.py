"""The stream of a video in the file store: pieces, and a playlist that grows with them (RFC 8216).

The playlist is stored anew after every piece, so that whoever reads it finds all that it names. It only ever grows, and
its last line tells when nothing more comes.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from paksatalker.service.files import FileStore
from paksatalker.service.tables import Job

PLAYLIST = "stream.m3u8"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_INIT = "init.mp4"
_NAME = re.compile(r"init\.mp4|seg_[0-9]{5,9}\.m4s")
#: No segment is longer, seconds (:mod:`paksatalker.core.rendering.hls`); a playlist that grows must not change it.
_TARGET_SECONDS = 6


def is_piece(name: str) -> bool:
    """Whether a text has the form of a piece's name."""
    return _NAME.fullmatch(name) is not None


def piece_type(name: str) -> str:
    """The media type of a piece."""
    return "video/mp4" if name == _INIT else "video/iso.segment"


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
    """

    def __init__(self, files: FileStore, place: str) -> None:
        self._files, self._place = files, place
        self._playlist = Playlist()
        self._queue: asyncio.Queue[tuple[Path, float] | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._store())
        self.bytes = 0

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
            await self._files.put(f"{self._place}/{path.name}", path)
            path.unlink()
            if seconds:
                self._playlist.segments.append((path.name, seconds))
                await self._store_playlist()

    async def _store_playlist(self) -> str:
        key = f"{self._place}/{PLAYLIST}"
        await self._files.put(key, str(self._playlist).encode())
        return key
