"""Uploads that go on where their connection broke off: the tus protocol 1.0 (https://tus.io/protocols)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.requests import ClientDisconnect

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.api.models.uploads import UploadOut
from paksatalker.api.services.resumable import (
    ALGORITHMS,
    EXTENSIONS,
    PIECE_TYPE,
    VERSION,
    Receiver,
    check_version,
    checksum_of,
    folder_of,
    metadata_of,
    number_of,
    refusal_of,
)
from paksatalker.api.services.storing import storage_full
from paksatalker.api.services.uploads import harmless_name, too_large
from paksatalker.service.assets import StorageFull
from paksatalker.service.backend import Backend
from paksatalker.service.ids import is_id
from paksatalker.service.keys import Caller
from paksatalker.service.tables import Upload
from paksatalker.service.uploads import MOST_OPEN, TooManyUploads, UploadHeld, UploadLost, UploadState, UploadStore

router = APIRouter(prefix="/assets/uploads", tags=["assets"])
User = Annotated[Caller, Depends(allowed("assets"))]
UploadId = Annotated[str, Path(max_length=64, examples=["upl_3dSXQTLIH7cLKJ9G1xvbFQ"])]
_GONE = 499  # nobody reads it


def _header(name: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string", **schema}}


_COUNT = {"pattern": "^[0-9]{1,18}$", "examples": ["183422"]}
_VERSION = _header("Tus-Resumable", required=True, enum=[VERSION])
_CHECKSUM = _header("Upload-Checksum", examples=["sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])
_METADATA = _header("Upload-Metadata", examples=["filename YW5uYS53YXY="])
_BODY = {"content": {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


def get_uploads(backend: BackendOf) -> UploadStore:
    """The store of uploads."""
    return UploadStore(backend.database, backend.settings.storage_bytes, backend.settings.upload_hours)


Uploads = Annotated[UploadStore, Depends(get_uploads)]


@router.options("", status_code=204, summary="What of tus is spoken here", responses=answers(403))
async def options(_: User, backend: BackendOf, response: Response) -> None:
    """Version, extensions, largest file and algorithms of checksums, all in headers."""
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(backend.settings.upload_max_bytes)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)


@router.post(
    "",
    status_code=201,
    summary="Begin a resumable upload",
    response_class=Response,
    responses={
        201: {"description": "It is begun; `Location` is its address."},
        **answers(400, 403, 408, 409, 412, 413, 423, 460, 507),
    },
    openapi_extra={
        "parameters": [
            _VERSION, _header("Upload-Length", required=True, **_COUNT), _METADATA, _CHECKSUM,
        ],
        "requestBody": _BODY,
    },
)  # fmt: skip
async def begin(request: Request, caller: User, backend: BackendOf, uploads: Uploads) -> Response:
    """`filename` of the metadata becomes the name of the asset. A body is its first piece."""
    headers = request.headers
    check_version(headers)
    if "upload-defer-length" in headers:
        fix = "Give Upload-Length"
        raise ApiError(400, "InvalidHeader", "Upload-Defer-Length cannot be used", why="it is not supported", fix=fix)
    length = number_of(headers.get("upload-length"), "Upload-Length")
    if length > (most := backend.settings.upload_max_bytes):
        raise too_large(most)
    checksum = checksum_of(headers.get("upload-checksum", ""))
    told = headers.get("upload-metadata", "")
    name = harmless_name(metadata_of(told).get("filename", ""))
    try:
        upload = await uploads.create(caller.tenant_id, caller.key_id, name, length, told)
    except StorageFull as error:
        raise storage_full(error.quota - error.used) from None
    except TooManyUploads:
        why, fix = f"{MOST_OPEN} are not finished", "Finish or delete some"
        raise ApiError(429, "TooManyUploads", "no upload is begun", why=why, fix=fix) from None
    body = None
    if headers.get("content-type", "").lower() == PIECE_TYPE:
        body = request.stream()
    answer = await _add(backend, uploads, upload, body=body, checksum=checksum)
    if answer.status_code == 204:
        answer.status_code = 201
    answer.headers["Location"] = f"{request.url.path}/{upload.id}"
    return answer


@router.head(
    "/{upload_id}",
    summary="How far an upload is",
    response_class=Response,
    responses={200: {"description": "`Upload-Offset`: go on there."}, **answers(403, 404, 412)},
    openapi_extra={"parameters": [_VERSION]},
)
async def offset(upload_id: UploadId, request: Request, caller: User, uploads: Uploads) -> Response:
    """No byte before the offset is lost any more."""
    upload = await _upload(uploads, caller, upload_id)
    check_version(request.headers)
    return _told(upload, 200)


@router.get("/{upload_id}", summary="What has become of an upload", responses=answers(403, 404, 409, 423, 507))
async def get_upload(upload_id: UploadId, caller: User, backend: BackendOf, uploads: Uploads) -> UploadOut:
    """The id of the asset, or why the file cannot be used. Not of tus: for people, and for answers that got lost."""
    upload = await _upload(uploads, caller, upload_id)
    if upload.state == UploadState.OPEN and upload.offset == upload.length:  # its process died over it
        await _add(backend, uploads, upload)
        upload = await _upload(uploads, caller, upload_id)
    return UploadOut.of(upload)


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Add a piece to an upload",
    response_class=Response,
    responses={
        204: {"description": "It is stored; after the last one `Upload-Asset` names the asset."},
        **answers(400, 403, 404, 408, 409, 412, 413, 415, 423, 460, 507),
    },
    openapi_extra={
        "parameters": [_VERSION, _header("Upload-Offset", required=True, **_COUNT), _CHECKSUM], "requestBody": _BODY,
    },
)  # fmt: skip
async def add(upload_id: UploadId, request: Request, caller: User, backend: BackendOf, uploads: Uploads) -> Response:
    """From `Upload-Offset` on, as long as you like. What has come before a connection breaks off is kept."""
    headers, upload = request.headers, await _upload(uploads, caller, upload_id)
    check_version(headers)
    if headers.get("content-type", "").lower() != PIECE_TYPE:
        raise ApiError(415, "UnsupportedMediaType", "the body is no piece", fix=f"Send: Content-Type: {PIECE_TYPE}")
    start = number_of(headers.get("upload-offset"), "Upload-Offset")
    checksum = checksum_of(headers.get("upload-checksum", ""))
    return await _add(backend, uploads, upload, body=request.stream(), checksum=checksum, start=start)


@router.delete(
    "/{upload_id}",
    status_code=204,
    summary="Give up an upload",
    responses=answers(403, 404, 412),
    openapi_extra={"parameters": [_VERSION]},
)
async def delete(upload_id: UploadId, request: Request, caller: User, backend: BackendOf, uploads: Uploads) -> None:
    """What has come is deleted; an asset that it has become stays."""
    upload = await _upload(uploads, caller, upload_id)
    check_version(request.headers)
    await uploads.delete(upload, caller.key_id)
    await backend.files.delete(folder_of(upload))


async def _upload(uploads: UploadStore, caller: Caller, upload_id: str) -> Upload:
    found = await uploads.get(upload_id, caller.tenant_id) if is_id(upload_id, "upl") else None
    if found is None:
        raise not_found("upload")
    return found


async def _add(
    backend: Backend,
    uploads: UploadStore,
    upload: Upload,
    *,
    body: AsyncIterator[bytes] | None = None,
    checksum: tuple[str, bytes] | None = None,
    start: int | None = None,
) -> Response:
    """Adds a body, and makes an asset of the upload if it is whole then."""
    if upload.state != UploadState.OPEN:
        if (refusal := refusal_of(upload)) is not None:
            raise refusal
        _check_offset(upload, start)
        return _told(upload, 204)
    try:
        async with uploads.hold(upload) as held:
            _check_offset(held, start)
            receiver = Receiver(backend, uploads, held)
            if body is not None:
                await receiver.receive(body, checksum)
            if held.offset == held.length:
                await receiver.finish()
            return _told(held, 204)
    except UploadHeld:
        why, fix = "another request is adding to it", "Ask for the offset (HEAD) in a moment and go on there"
        raise ApiError(423, "Locked", "the upload is busy", why=why, fix=fix, headers={"Retry-After": "2"}) from None
    except UploadLost:
        raise not_found("upload") from None
    except ClientDisconnect:
        return Response(status_code=_GONE)


def _check_offset(upload: Upload, start: int | None) -> None:
    if start is not None and start != upload.offset:
        why, fix = f"{upload.offset} bytes are there, the piece begins at {start}", "Go on at the end of what is there"
        told = {"Upload-Offset": str(upload.offset)}
        raise ApiError(409, "WrongOffset", "the piece does not fit", why=why, fix=fix, headers=told)


def _told(upload: Upload, status: int) -> Response:
    headers = {
        "Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True), "Cache-Control": "no-store",
    }  # fmt: skip
    if upload.told:
        headers["Upload-Metadata"] = upload.told
    if upload.asset_id is not None:
        headers["Upload-Asset"] = upload.asset_id
    return Response(status_code=status, headers=headers)
