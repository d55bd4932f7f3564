"""Speech as OpenAI's API has it: for every client that speaks its protocol."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import ApiError, status_of
from paksatalker.api.models.openai import Model, ModelList, OpenAIError, SpeechBody
from paksatalker.api.services.own_voices import speakable
from paksatalker.api.services.speaking import speech_models, speech_request, voice_of
from paksatalker.api.services.storing import upload_folder
from paksatalker.api.services.streaming import Busy, CallerGone, FileOnce, PouredResponse, Stream
from paksatalker.api.services.vouching import kept, sealed, vouched
from paksatalker.core.provenance.manifests import Provenance
from paksatalker.core.request import SpeechRequest
from paksatalker.errors import PaksaTalkerError
from paksatalker.service.backend import Backend
from paksatalker.service.keys import Caller
from paksatalker.service.sound_manifests import SoundManifests

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_GONE = 499  # nobody reads it


class OpenAIRoute(APIRoute):
    """Answers every refusal as OpenAI does, whoever raised it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, with its errors translated."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except ApiError as error:
                return _refusal(error.status, str(error), error.code, headers=error.headers)
            except RequestValidationError as error:
                first = error.errors()[0]
                param = ".".join(str(part) for part in first["loc"][1:2])
                return _refusal(400, f"{param or 'the body'}: {first['msg']}", "invalid_value", param or None)
            except PaksaTalkerError as error:
                status = status_of(error)
                return _refusal(400 if status == 422 else status, error.message, error.code)
            except HTTPException as error:
                return _refusal(error.status_code, str(error.detail), "http")

        return translated


def _refusal(
    status: int, message: str, code: str, param: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", code).lower()
    body = {"error": {"message": message, "type": kind, "param": param, "code": snake}}
    return JSONResponse(body, status, headers)


_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIError} for status in (400, 401, 403, 404, 422, 429, 503)
}
router = APIRouter(prefix="/v1", tags=["openai"], route_class=OpenAIRoute, responses=_REFUSALS)
_Speaker = Annotated[Caller, Depends(allowed("speech"))]
_SOUNDS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound, as it is spoken.",
        "content": {"audio/mpeg": {}, "text/event-stream": {}},
        "headers": {
            "Link": {
                "description": "Where its manifest (C2PA) will be when it has ended.",
                "schema": {"type": "string"},
            },
            "X-Voice": {"description": "Whose voice it is.", "schema": {"type": "string"}},
        },
    }
}


@router.post("/audio/speech", summary="Speak a text", responses=_SOUNDS, response_class=Response)
async def speech(body: SpeechBody, caller: _Speaker, backend: BackendOf, request: Request) -> Response:
    """Streams the sound of a text: it begins before the last sentence is spoken.

    Raises:
        ApiError: 404, no such model; 429, too much is being spoken.
    """
    if len(body.input) > (most := backend.settings.speech_max_characters):
        why = f"it has {len(body.input)} characters, {most} are taken"
        raise ApiError(400, "TextTooLong", f"the input is too long: {why}", fix="Send it in several parts")
    _known(body.model)
    wanted = speech_request(body)
    wanted = replace(wanted, voice=await speakable(backend, caller.tenant_id, wanted.voice))
    asked = _Asked(body, caller.tenant_id, wanted, await request.app.state.vouching.signer())
    try:
        return await (_whole if body.provenance == "embedded" else _streamed)(asked, backend, request)
    except Busy:
        raise ApiError(429, "TooBusy", "too much is being spoken, try again", headers={"Retry-After": "2"}) from None
    except CallerGone:
        return Response(status_code=_GONE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text that is to be spoken, for whom, and what signs the sound."""

    body: SpeechBody
    tenant_id: str
    wanted: SpeechRequest
    signer: Provenance


async def _streamed(asked: _Asked, backend: Backend, request: Request) -> Response:
    """The sound as it is spoken; its manifest can be had when it has ended.

    Raises:
        Busy: Too much is being spoken.
        CallerGone: Nobody waits for it.
    """
    manifests = SoundManifests(backend.files)
    sound = manifests.new_id()
    stream: Stream[Any] = request.app.state.speech.start(
        asked.tenant_id,
        lambda pipeline, cancel: vouched(
            pipeline, asked.wanted, asked.signer, f"{sound}.{asked.body.response_format}", cancel
        ),
    )
    await stream.begin(request.is_disconnected)
    link = f'<speech/{sound}/provenance>; rel="c2pa-manifest"; type="application/c2pa"'
    headers = {"X-Voice": _told(asked.body), "Link": link}
    pieces = kept(stream, manifests, asked.tenant_id, sound)
    if asked.body.stream_format == "sse":
        return PouredResponse(stream, _events(pieces), "text/event-stream", headers)
    return PouredResponse(stream, pieces, asked.body.media_type, headers)


async def _whole(asked: _Asked, backend: Backend, request: Request) -> Response:
    """The sound with its manifest in it, when all is spoken.

    Raises:
        Busy: Too much is being spoken.
        CallerGone: Nobody waits for it.
    """
    async with AsyncExitStack() as stack:
        path = await stack.enter_async_context(upload_folder(backend)) / f"speech.{asked.body.response_format}"
        stream: Stream[Any] = request.app.state.speech.start(
            asked.tenant_id, lambda pipeline, cancel: sealed(pipeline, asked.wanted, asked.signer, path, cancel)
        )
        stack.callback(stream.stop)
        while await stream.next(request.is_disconnected) is not None:
            pass
        return FileOnce(path, stack.pop_all(), asked.body.media_type, {"X-Voice": _told(asked.body)})


def _told(body: SpeechBody) -> str:
    return voice_of(body).encode("ascii", "replace").decode()


@router.get(
    "/audio/speech/{sound}/provenance", summary="Who made a sound, signed", response_class=Response,
    responses={200: {"description": "A C2PA manifest.", "content": {"application/c2pa": {}}}},
)  # fmt: skip
async def provenance(sound: Annotated[str, Path(max_length=64)], caller: _Speaker, backend: BackendOf) -> Response:
    """The manifest that lies beside a sound that was sent as it was spoken; for a day.

    Raises:
        ApiError: 404, there is none, or it is another tenant's.
    """
    manifest = await SoundManifests(backend.files).get(caller.tenant_id, sound)
    if manifest is None:
        raise ApiError(404, "NotFound", "there is no such manifest: it comes when the sound has ended, for a day")
    return Response(manifest, media_type="application/c2pa")


async def _events(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}  # nobody pays by them here
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(values: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(values).encode() + b"\n\n"


@router.get("/models", summary="What can speak")
async def models(_: _Speaker) -> ModelList:
    """OpenAI's names, which take the best engine, and our engines."""
    return ModelList(data=[Model(id=name) for name in speech_models()])


@router.get("/models/{model}", summary="One of them")
async def model(model: str, _: _Speaker) -> Model:
    """A model by name.

    Raises:
        ApiError: 404, there is none.
    """
    _known(model)
    return Model(id=model)


def _known(name: str) -> None:
    names = speech_models()
    if name not in names:
        raise ApiError(404, "model_not_found", f"there is no model '{name}' here; choose of: {', '.join(names)}")
