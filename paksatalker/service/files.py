"""Where uploaded and made files lie: a local folder or a bucket, by one interface."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from paksatalker.errors import DiskFull, OutputUnwritable, SettingsInvalid
from paksatalker.service.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from obstore.store import RetryConfig

_log = logging.getLogger(__name__)
_CHUNK = 1 << 20
_CHECK_SECONDS = 5.0
#: What a bucket says that will say nothing else later; codes of S3.
_REFUSED = ("NoSuchBucket", "InvalidBucketName", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403")
#: A bucket that is away is asked again for so long, not for minutes while a caller waits.
_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=15)}
_TYPES = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".gif": "image/gif", ".jpg": "image/jpeg", ".vtt": "text/vtt",
    ".srt": "application/x-subrip", ".m3u8": "application/vnd.apple.mpegurl", ".m4s": "video/iso.segment",
    ".c2pa": "application/c2pa", ".json": "application/json",
}  # fmt: skip


class FileStore:
    """Files by key, e.g. ``ten_…/vid_…/video.mp4``. A file appears when it is complete, and never before.

    Args:
        store: One of obstore's.
        presigns: Whether it can give out addresses that work by themselves for a while.
        folder: Of a local store.
    """

    def __init__(self, store: LocalStore | S3Store, presigns: bool, folder: Path | None = None) -> None:
        self._store = store
        self._presigns = presigns
        self._folder = folder

    @classmethod
    def of(cls, settings: ServiceSettings) -> FileStore:
        """The bucket of the settings, or their local folder."""
        if not settings.s3_bucket:
            folder = settings.home / "files"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return cls(LocalStore(str(folder)), presigns=False, folder=folder)
        options: dict[str, str] = {"region": settings.aws_region}
        if key := settings.aws_access_key_id.get_secret_value():
            options["access_key_id"] = key
            options["secret_access_key"] = settings.aws_secret_access_key.get_secret_value()
        if settings.aws_endpoint_url:
            options["endpoint"] = settings.aws_endpoint_url
        client = {"connect_timeout": "5s", "allow_http": settings.aws_endpoint_url.startswith("http://")}
        store = S3Store(settings.s3_bucket, client_options=client, retry_config=_RETRIES, **options)  # type: ignore[arg-type]  # TypedDict
        return cls(store, presigns=True)

    async def check(self, bucket: str) -> None:
        """Finds out, before anything is asked of it, whether a bucket takes us; one that is away may come back.

        Args:
            bucket: Its name, for the error.

        Raises:
            SettingsInvalid: There is none of this name, or its keys are wrong.
        """
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                # Not the library's own coroutine: its thread may abort a process that ends right after it.
                await asyncio.to_thread(obstore.list_with_delimiter, self._store, "no-such-folder")
        except (OSError, TimeoutError, BaseError) as error:
            told = str(error)
            if not (reason := next((why for why in _REFUSED if why in told), "")):
                _log.warning("the bucket %s does not answer now: %s", bucket, told.splitlines()[0] if told else "")
                return
            fix = "Check S3_BUCKET, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL"
            raise SettingsInvalid(f"the bucket '{bucket}' cannot be used", f"it answers {reason}", fix) from error

    async def put(self, key: str, content: Path | bytes | AsyncIterable[bytes]) -> None:
        """Stores a file, in parts if it is big.

        Raises:
            DiskFull: There is no room.
            OutputUnwritable: It cannot be stored for another reason.
        """
        kind = _TYPES.get(PurePosixPath(key).suffix) if self._presigns else None  # whoever has a link is told the type
        try:
            await obstore.put_async(self._store, key, content, attributes={"Content-Type": kind} if kind else None)
        except (OSError, BaseError) as error:
            text = str(error)
            if "No space left" in text or "os error 28" in text:
                raise DiskFull(f"cannot store {key}", "the disk is full", "Free some space") from error
            raise OutputUnwritable(f"cannot store {key}", text.splitlines()[0], "Look at the storage") from error

    def free(self) -> int | None:
        """Bytes that are free; None where there is no such limit."""
        return None if self._folder is None else shutil.disk_usage(self._folder).free

    async def size(self, key: str) -> int | None:
        """Bytes of a file; None if there is none."""
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to ``end`` (exclusive), piece by piece.

        Raises:
            FileNotFoundError: There is no such file.
        """
        size = await self.size(key)
        if size is None:
            raise FileNotFoundError(key)
        end = size if end is None else min(end, size)
        while start < end:
            length = min(_CHUNK, end - start)
            yield bytes(await obstore.get_range_async(self._store, key, start=start, length=length))
            start += length

    async def fetch(self, key: str, to: Path) -> None:
        """Writes a file to a local path.

        Raises:
            FileNotFoundError: There is no such file.
        """
        with to.open("xb") as file:
            async for piece in self.read(key):
                file.write(piece)

    async def copy(self, key: str, to: str) -> None:
        """Copies a file; where the storage can, nothing is sent around.

        Raises:
            FileNotFoundError: There is none.
        """
        await obstore.copy_async(self._store, key, to)

    async def folders(self, prefix: str) -> list[str]:
        """Names of the folders that lie in ``prefix`` as in a folder."""
        found = await obstore.list_with_delimiter_async(self._store, prefix)
        return [PurePosixPath(name).name for name in found["common_prefixes"]]

    async def link(self, key: str, seconds: int = 3600) -> str | None:
        """An address of the file that works for a while without a key; None where the API itself must serve it."""
        if not self._presigns or not isinstance(self._store, S3Store):
            return None
        return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))

    async def delete(self, prefix: str) -> int:
        """Deletes every file whose key is ``prefix`` or lies in it as in a folder. Returns how many there were."""
        keys = [entry["path"] async for batch in obstore.list(self._store, prefix) for entry in batch]
        if await self.size(prefix) is not None:
            keys.append(prefix)
        for key in keys:
            with suppress(FileNotFoundError):  # somebody else was faster
                await obstore.delete_async(self._store, key)
        if self._folder is not None and prefix and ".." not in prefix:  # what was half stored is in no list
            await asyncio.to_thread(shutil.rmtree, self._folder / prefix, ignore_errors=True)
        return len(keys)
