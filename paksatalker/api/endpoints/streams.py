"""Videos that play while they are being rendered: HTTP Live Streaming."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response, StreamingResponse

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.endpoints.videos import VideoId, job_of
from paksatalker.api.errors import ApiError, answers, not_found
from paksatalker.service.backend import Backend
from paksatalker.service.hls import PLAYLIST, PLAYLIST_TYPE, is_piece, joined, piece_path, piece_type, stream_place
from paksatalker.service.keys import Caller
from paksatalker.service.parts import PartStore
from paksatalker.service.states import State
from paksatalker.service.tables import Job

router = APIRouter(prefix="/videos/{video_id}", tags=["videos"])
_WAIT_SECONDS = 10.0  # for the first segment: a player that asks too early need not ask again
_LOOK_SECONDS = 0.25
Reader = Annotated[Caller, Depends(allowed("videos"))]


@router.get(
    "/stream.m3u8",
    summary="Play a video while it is made",
    response_class=Response,
    responses={
        200: {
            "description": "A playlist that grows until the video is complete (RFC 8216, fragmented MP4).",
            "content": {PLAYLIST_TYPE: {"example": "#EXTM3U\n#EXT-X-VERSION:7\n…"}},
        },
        **answers(404, 409),
    },
)
async def playlist(video_id: VideoId, backend: BackendOf, caller: Reader) -> Response:
    """For players such as Safari and hls.js. Before the first segment is there, it waits for some seconds.

    Raises:
        ApiError: 404, there is no such video, or it has no stream: it is no MP4, or it has failed. 409, nothing of it
            is there yet: ask again.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        job = await job_of(backend, caller, video_id)
        content = await _read(backend, f"{stream_place(job)}/{PLAYLIST}") or await _joined(backend, job)
        if content is not None:
            lasting = "private, max-age=3600" if job.state == State.SUCCEEDED else "no-store"
            return Response(content, media_type=PLAYLIST_TYPE, headers={"Cache-Control": lasting})
        if State(job.state).ended or job.request.get("format", "mp4") != "mp4":
            why = "only mp4 is streamed" if job.request.get("format", "mp4") != "mp4" else f"the video has {job.state}"
            raise ApiError(404, "NoStream", "there is nothing to play", why=why, fix="Take the file of a video")
        if time.monotonic() > deadline:
            raise ApiError(
                409, "NotReady", "there is nothing to play yet", why=f"the video is {job.state}",
                fix="Ask again in a moment", headers={"Retry-After": "2"},
            )  # fmt: skip
        await asyncio.sleep(_LOOK_SECONDS)


@router.get(
    "/segments/{name}",
    summary="A piece of the stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Fragmented MP4.",
            "content": {"video/iso.segment": {"schema": {"type": "string", "format": "binary"}}},
        },
        **answers(404),
    },
)
async def segment(
    video_id: VideoId, name: Annotated[str, Path(examples=["seg_00000.m4s"])], backend: BackendOf, caller: Reader
) -> StreamingResponse:
    """As the playlist names it.

    Raises:
        ApiError: 404, there is no such video or piece.
    """
    job = await job_of(backend, caller, video_id)
    if not is_piece(name):
        raise not_found("segment")
    key = f"{stream_place(job)}/{piece_path(name)}"
    size = await backend.files.size(key)
    if size is None:
        raise not_found("segment")
    headers = {"Content-Length": str(size), "Cache-Control": "private, max-age=3600"}
    return StreamingResponse(_pieces(backend, key), media_type=piece_type(name), headers=headers)


async def _pieces(backend: Backend, key: str) -> AsyncIterator[bytes]:
    async for piece in backend.files.read(key):
        yield piece


async def _joined(backend: Backend, job: Job) -> str | None:
    """The playlist of a video that is made in parts, while it is."""
    if not State(job.state).ended and (made := await PartStore(backend.database).of(job)):
        playlist = joined(made)
        return str(playlist) if playlist.segments else None
    return None


async def _read(backend: Backend, key: str) -> bytes | None:
    try:
        return b"".join([piece async for piece in backend.files.read(key)])
    except FileNotFoundError:
        return None
