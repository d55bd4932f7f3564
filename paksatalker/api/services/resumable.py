"""The tus protocol, version 1.0: an upload goes on where its connection broke off.

What has come is stored in pieces of some megabytes while it comes, so that little is lost however a process ends, and
memory and local disk hold one piece at most. With a checksum they count when all of them are there, and it is right.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect

from paksatalker.api.errors import ApiError
from paksatalker.api.services import uploads
from paksatalker.api.services.storing import keep, upload_folder
from paksatalker.errors import DiskFull, PaksaTalkerError
from paksatalker.service.backend import Backend
from paksatalker.service.tables import Upload
from paksatalker.service.uploads import MOST_PIECES, UploadLost, UploadStore
from paksatalker.worker.inspection import MediaRefused

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
#: Algorithms by the names that the protocol gives them.
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
PIECE_TYPE = "application/offset+octet-stream"
_PIECE = 8 << 20
_METADATA = 4096
_SILENCE = 30.0  # seconds; a connection that brings nothing for so long is taken for cut


def metadata_of(header: str) -> dict[str, str]:
    """Reads ``Upload-Metadata``: names with values in Base64, separated by commas.

    Raises:
        ApiError: 400, it is malformed or too long.
    """
    if len(header) > _METADATA:
        raise _malformed("Upload-Metadata", f"it is longer than {_METADATA} letters")
    found = {}
    for pair in filter(None, (piece.strip() for piece in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace")
        except ValueError as error:
            raise _malformed("Upload-Metadata", f"'{name[:50]}' has no value in Base64: {error}") from None
    return found


def number_of(header: str | None, name: str) -> int:
    """Reads a header that is a count of bytes.

    Raises:
        ApiError: 400, there is none, or it is no count.
    """
    if header is None or not (header.isascii() and header.isdigit() and len(header) <= 18):
        raise _malformed(name, "it is missing" if header is None else "it is no count of bytes")
    return int(header)


def checksum_of(header: str) -> tuple[str, bytes] | None:
    """Reads ``Upload-Checksum``: an algorithm and the digest in Base64; None if there is none.

    Raises:
        ApiError: 400, it is malformed, or the algorithm is unknown.
    """
    if not header:
        return None
    name, _, value = header.strip().partition(" ")
    if name not in ALGORITHMS:
        raise _malformed("Upload-Checksum", f"there is no algorithm '{name[:50]}' here: {', '.join(ALGORITHMS)}")
    try:
        return name, base64.b64decode(value.strip(), validate=True)
    except ValueError as error:
        raise _malformed("Upload-Checksum", f"the digest is no Base64: {error}") from None


def check_version(headers: Mapping[str, str]) -> None:
    """Lets only those through who speak this version.

    Raises:
        ApiError: 412, another one or none.
    """
    spoken = headers.get("tus-resumable", "")
    if spoken != VERSION:
        why = f"the request says '{spoken[:20]}'" if spoken else "the header is missing"
        fix, told = f"Send: Tus-Resumable: {VERSION}", {"Tus-Version": VERSION}
        raise ApiError(412, "TusVersion", f"only version {VERSION} of tus is spoken", why=why, fix=fix, headers=told)


def _malformed(header: str, why: str) -> ApiError:
    return ApiError(400, "InvalidHeader", f"{header} cannot be used", why=why, fix="See https://tus.io/protocols")


class Receiver:
    """Adds what a request brings to an upload that is held.

    Args:
        backend: Of the service.
        store: Of uploads.
        upload: Held.
    """

    def __init__(self, backend: Backend, store: UploadStore, upload: Upload) -> None:
        self._files, self._backend, self._store, self._upload = backend.files, backend, store, upload
        self._staged: list[tuple[str, int]] = []  # pieces that are stored and do not count yet

    async def receive(self, body: AsyncIterator[bytes], checksum: tuple[str, bytes] | None) -> None:
        """Stores a body. If its connection breaks off, what has come counts, unless there is a checksum to hold.

        Args:
            body: Piece by piece.
            checksum: Algorithm and digest of the whole body.

        Raises:
            ApiError: 408, 413 or 460: it stalls, is longer than was said, or has another checksum.
            DiskFull: There is no room.
            UploadLost: The upload was deleted, or is another's.
            ClientDisconnect: Nobody hears the answer.
        """
        digest = None if checksum is None else ALGORITHMS[checksum[0]]()
        try:
            async with upload_folder(self._backend) as folder:
                path = Path(folder) / "piece.bin"
                try:
                    await self._take(body, path, digest)
                except (ClientDisconnect, TimeoutError) as error:
                    if digest is None:
                        await self._keep(path)
                    if isinstance(error, TimeoutError):
                        why, fix = f"nothing came for {_SILENCE:.0f} s", "Ask for the offset (HEAD) and go on there"
                        raise ApiError(408, "Stalled", "the upload stalls", why=why, fix=fix) from None
                    raise
                if checksum is not None and digest is not None and digest.digest() != checksum[1]:
                    why, fix = checksum[0], "Send the piece again from the same offset"
                    raise ApiError(460, "ChecksumMismatch", "the piece was damaged on its way", why=why, fix=fix)
                await self._keep(path)
        finally:
            for key, _ in self._staged:
                await asyncio.shield(self._files.delete(key))

    async def _take(self, body: AsyncIterator[bytes], path: Path, digest: Any) -> None:
        """Writes a body to a file; whenever that has grown enough, stores it, and begins anew.

        What is stored counts at once, unless there is a digest to wait for.
        """
        pieces, size = aiter(body), 0
        room = self._upload.length - self._upload.offset
        path.touch()
        while (piece := await asyncio.wait_for(anext(pieces, None), _SILENCE)) is not None:
            size += len(piece)
            if size > room:
                why = f"{room:,} bytes were missing"
                fix = "Begin an upload with the right Upload-Length"
                raise ApiError(413, "TooLarge", "the piece is longer than the file", why=why, fix=fix)
            _append(path, piece)
            if digest is not None:
                digest.update(piece)
            if path.stat().st_size >= _PIECE:
                await self._stage(path)
                if digest is None:
                    await self._count()

    async def _keep(self, path: Path) -> None:
        """Stores what is left in a file, and counts all that does not yet."""
        await self._stage(path)
        await self._count()

    async def _stage(self, path: Path) -> None:
        """Stores what is in a file, and empties the file."""
        size = path.stat().st_size if path.exists() else 0
        if not size:
            return
        upload = self._upload
        if upload.pieces + len(self._staged) >= MOST_PIECES:
            why, fix = f"it has {MOST_PIECES:,} pieces", "Begin it anew, with larger pieces"
            raise ApiError(413, "TooManyPieces", "the upload cannot go on", why=why, fix=fix)
        offset = upload.offset + sum(size for _, size in self._staged)
        key = f"{folder_of(upload)}/{offset:015d}-{str(upload.holder)[-8:]}"
        await self._files.put(key, path)
        self._staged.append((key, size))
        path.unlink()

    async def _count(self) -> None:
        """Counts what is stored."""
        staged, self._staged = (
            self._staged,
            [],
        )  # whatever happens, they may count now: then only the upload's end deletes
        if not staged:
            return
        try:
            await self._store.advance(self._upload, staged)
        except UploadLost:
            self._staged = staged
            raise

    async def finish(self) -> str:
        """Makes an asset of an upload that is whole. Returns its id.

        Raises:
            MediaRefused: It is neither picture nor recording; the upload has failed for good.
            ApiError: 409, there is no room.
            UploadLost: The upload was deleted meanwhile.
            DiskFull: There is no room to look at it.
        """
        upload = self._upload
        async with upload_folder(self._backend) as folder:
            path = Path(folder) / "upload.bin"
            got = uploads.Upload(upload.name, upload.length, await self._joined(path))
            try:
                asset = await keep(self._backend, upload.tenant_id, path, got, upload)
            except MediaRefused as error:
                told = {key: getattr(error, key) for key in ("code", "message", "what", "why", "fix")}
                await self._store.fail(upload, told)
                await self._files.delete(folder_of(upload))
                raise
        await self._files.delete(folder_of(upload))
        return asset.id

    async def _joined(self, path: Path) -> str:
        """Writes all pieces to one file. Returns its SHA-256."""
        digest = hashlib.sha256()
        path.touch()
        try:
            for key in await self._store.pieces(self._upload):
                async for piece in self._files.read(key):
                    digest.update(piece)
                    _append(path, piece)
        except FileNotFoundError as error:
            raise UploadLost(self._upload.id) from error
        return digest.hexdigest()


def folder_of(upload: Upload) -> str:
    """Where the pieces of an upload lie in the file store."""
    return f"{upload.tenant_id}/uploads/{upload.id}"


def refusal_of(upload: Upload) -> PaksaTalkerError | None:
    """Why a whole file was not taken, if it was not."""
    return None if upload.error is None else MediaRefused(upload.error)


def _append(path: Path, piece: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(piece)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("the file cannot be stored", "the disk is full", "Try again later") from error
        raise
