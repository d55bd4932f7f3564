"""Many videos at once: a list, or a CSV with a row for each."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi import Path as InPath

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.api.models.batches import BatchOut, BatchState
from paksatalker.api.services.batching import Rows, cancel_all, read_csv, read_json, state_of, submit_all
from paksatalker.api.services.uploads import receive, too_large
from paksatalker.service.backend import Backend
from paksatalker.service.ids import is_id
from paksatalker.service.keys import Caller
from paksatalker.service.video import AssetId, VideoRequest

router = APIRouter(prefix="/api/v1/batches", tags=["batches"], responses=answers(401, 403, 422, 429))
_User = Annotated[Caller, Depends(allowed("videos"))]
_BatchId = Annotated[str, InPath(max_length=64, examples=["bat_5uXo2Qm8rT1kHc7VbNzL4e"])]
_ROW = {"type": "object", "description": "Fields of a video; what is missing is taken from the defaults."}
_LIST = {"type": "array", "items": _ROW, "minItems": 1}
_EXAMPLE = {
    "defaults": {"portrait": "ast_3dSXQTLIH7cLKJ9G1xvbFQ", "size": 512},
    "videos": [{"text": "Hello, Ada!"}, {"text": "Hello, Bob!", "voice": "heart"}],
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        _LIST,
                        {"type": "object", "required": ["videos"], "properties": {"videos": _LIST, "defaults": _ROW}},
                    ]
                },
                "example": _EXAMPLE,
            },
            "text/csv": {"schema": {"type": "string"}, "example": 'text,voice\n"Hello, Ada!",heart\n'},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.post("", status_code=202, summary="Ask for many videos", responses=answers(409, 413, 415), openapi_extra=_BODY)
async def create(
    *,
    request: Request,
    caller: _User,
    backend: BackendOf,
    portrait: Annotated[AssetId | None, Query(description="For rows without one.")] = None,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="Your own name for this batch: none is made twice."),
    ] = None,
) -> BatchOut:
    """Every row is a job of its own. Rows that cannot be used are told of, and the others go on without them.

    Of a CSV, the first line names the fields; other query parameters are defaults for all rows.
    """  # fmt: skip
    rows, defaults = await _read(request, backend)
    given = {name: value for name, value in request.query_params.items() if name in VideoRequest.model_fields}
    if portrait is not None:
        given["portrait"] = portrait
    if unknown := [name for name in request.query_params if name not in given]:
        raise ApiError(422, "InvalidRequest", f"{unknown[0][:50]} is no field of a video", fix="See /docs")
    return await submit_all(backend, caller, rows, given | defaults, idempotency_key)


@router.get("/{batch_id}", summary="One batch", responses=answers(404))
async def get_batch(batch_id: _BatchId, caller: _User, backend: BackendOf) -> BatchState:
    """How many of its videos are in which state; the videos themselves: `links.videos`."""
    return await _state(batch_id, caller, backend)


@router.delete("/{batch_id}", status_code=202, summary="Cancel a batch", responses=answers(404))
async def cancel(batch_id: _BatchId, caller: _User, backend: BackendOf) -> BatchState:
    """Those that wait or are made stop; those that have ended stay."""
    await _state(batch_id, caller, backend)
    await cancel_all(backend, caller.tenant_id, batch_id)
    return await _state(batch_id, caller, backend)


async def _state(batch_id: str, caller: Caller, backend: Backend) -> BatchState:
    state = await state_of(backend.database, caller.tenant_id, batch_id) if is_id(batch_id, "bat") else None
    if state is None:
        raise not_found("batch")
    return state


async def _read(request: Request, backend: Backend) -> tuple[Rows, dict[str, Any]]:
    """Rows and defaults of a body in one of the three forms.

    Raises:
        ApiError: 413, too large. 415, in another form. 422, it cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    most = backend.settings.batch_max_bytes
    if kind == "multipart/form-data":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "batch.csv"
            await receive(request.headers, request.stream(), path, most)
            return read_csv(path.read_bytes()), {}
    if kind == "text/csv":
        return read_csv(await _bounded(request.stream(), most)), {}
    if kind == "application/json":
        return read_json(await _bounded(request.stream(), most))
    fix = "Send application/json, text/csv, or a form with the part 'file'"
    raise ApiError(415, "UnsupportedMediaType", "the batch cannot be read", why=f"it is {kind[:50]}", fix=fix)


async def _bounded(body: AsyncIterator[bytes], most: int) -> bytes:
    data = bytearray()
    async for piece in body:
        data += piece
        if len(data) > most:
            raise too_large(most)
    return bytes(data)
