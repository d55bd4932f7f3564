"""What a language model writes: scripts from briefs, other styles, translations, direction."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from paksatalker.api.deps import allowed
from paksatalker.api.errors import ApiError, answers
from paksatalker.api.models.scripts import DirectBody, RewriteBody, Script, TranslateBody, WriteBody
from paksatalker.api.services.streaming import Busy, CallerGone, PouredResponse, Stream
from paksatalker.api.services.writing import Body, written
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.keys import Caller

_log = logging.getLogger(__name__)
_GONE = 499  # nobody reads it
_STREAMS = ("application/x-ndjson", "text/event-stream")
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"model": Script, "content": {form: {} for form in _STREAMS}},
    **answers(401, 403, 422, 429, 503),
}
router = APIRouter(prefix="/api/v1/scripts", tags=["scripts"], responses=_FORMS)
_Author = Annotated[Caller, Depends(allowed("scripts"))]


@router.post("/write", summary="Write a text from a brief", response_model=Script)
async def write(body: WriteBody, caller: _Author, request: Request) -> Response:
    """Of the length that is asked for, within 15%."""
    return await _answer(body, caller, request)


@router.post("/rewrite", summary="Write a text anew in another style", response_model=Script)
async def rewrite(body: RewriteBody, caller: _Author, request: Request) -> Response:
    """Sentence by sentence: nothing is left out."""
    return await _answer(body, caller, request)


@router.post("/translate", summary="Translate a text", response_model=Script)
async def translate(body: TranslateBody, caller: _Author, request: Request) -> Response:
    """Sentence by sentence."""
    return await _answer(body, caller, request)


@router.post("/direct", summary="Direct a text", response_model=Script)
async def direct(body: DirectBody, caller: _Author, request: Request) -> Response:
    """Adds emotions, stress, pauses and gestures as script markup, for ``script`` of a video."""
    return await _answer(body, caller, request)


async def _answer(body: Body, caller: Caller, request: Request) -> Response:
    """In the form that the client accepts: all at the end, or sentence by sentence.

    Raises:
        ApiError: 429, too much is being written.
    """
    try:
        stream = request.app.state.writers.start(
            caller.tenant_id, lambda writers, cancel: written(writers, body, cancel)
        )
    except Busy:
        fix = "Try again later"
        raise ApiError(429, "TooBusy", "too much is being written", fix=fix, headers={"Retry-After": "10"}) from None
    form = next((form for form in _STREAMS if form in request.headers.get("accept", "")), None)
    try:
        await stream.begin(request.is_disconnected)
        if form is not None:
            return PouredResponse(stream, _lines(stream, events=form == "text/event-stream"), form)
        return Response(await _last(stream, request), media_type="application/json")
    except CallerGone:
        return Response(status_code=_GONE)


async def _last(stream: Stream[str | Script], request: Request) -> str:
    last = ""
    while (piece := await stream.next(request.is_disconnected)) is not None:
        last = piece if isinstance(piece, str) else piece.model_dump_json()
    return last


async def _lines(stream: Stream[str | Script], *, events: bool) -> AsyncIterator[bytes]:
    try:
        async for piece in stream:
            values = {"sentence": piece} if isinstance(piece, str) else piece.model_dump()
            yield _line(values, "sentence" if isinstance(piece, str) else "done", events=events)
    except PaksaTalkerError as error:
        yield _line({"error": error.to_dict()}, "error", events=events)
    except Exception:  # noqa: BLE001  (whatever it is, the client is told)
        _log.exception("writing failed")
        what = {"code": "Internal", "message": "the request failed", "what": "", "why": "", "fix": "Try again"}
        yield _line({"error": what}, "error", events=events)


def _line(values: dict[str, Any], name: str, *, events: bool) -> bytes:
    data = json.dumps(values, ensure_ascii=False)
    return (f"event: {name}\ndata: {data}\n\n" if events else f"{data}\n").encode()
