"""The files of a finished video."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.endpoints.videos import VideoId, job_of
from paksatalker.api.errors import ApiError, answers
from paksatalker.api.services.serving import Served, serve
from paksatalker.service.keys import Caller
from paksatalker.service.states import State
from paksatalker.service.tables import Job

router = APIRouter(prefix="/videos/{video_id}", tags=["videos"])
User = Annotated[Caller, Depends(allowed("videos"))]
Download = Annotated[bool, Query(description="Save it rather than show it.")]
_TYPES = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".gif": "image/gif", ".srt": "application/x-subrip",
    ".vtt": "text/vtt", ".jpg": "image/jpeg", ".c2pa": "application/c2pa",
}  # fmt: skip


def _answers(*types: str) -> dict[int | str, dict[str, Any]]:
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}
    return {
        200: {"description": "The file.", "content": content},
        206: {"description": "The range that was asked for.", "content": content},
        304: {"description": "It is the one you have (`If-None-Match`)."},
        307: {"description": "It is in a bucket, at this address, for an hour."},
        **answers(403, 404, 409, 416),
    }


@router.head("/file", include_in_schema=False)
@router.get(
    "/file", summary="The video", response_class=Response, responses=_answers("video/mp4", "video/webm", "image/gif")
)
async def file(
    video_id: VideoId, request: Request, caller: User, backend: BackendOf, download: Download = False
) -> Response:
    """Whole, or a range of it (`Range`)."""
    served = _served(await job_of(backend, caller, video_id), "video", download)
    return await serve(backend.files, request, served)


@router.head("/subtitles", include_in_schema=False)
@router.get(
    "/subtitles", summary="Its subtitles", response_class=Response,
    responses=_answers("application/x-subrip", "text/vtt"),
)  # fmt: skip
async def subtitles(
    video_id: VideoId, request: Request, caller: User, backend: BackendOf, download: Download = False
) -> Response:
    """If `subtitles` was `srt` or `vtt`."""
    served = _served(await job_of(backend, caller, video_id), "subtitles", download)
    return await serve(backend.files, request, served)


@router.head("/thumbnail", include_in_schema=False)
@router.get("/thumbnail", summary="A picture of it", response_class=Response, responses=_answers("image/jpeg"))
async def thumbnail(
    video_id: VideoId, request: Request, caller: User, backend: BackendOf, download: Download = False
) -> Response:
    """Its middle frame as a JPEG."""
    served = _served(await job_of(backend, caller, video_id), "thumbnail", download)
    return await serve(backend.files, request, served)


@router.head("/provenance", include_in_schema=False)
@router.get(
    "/provenance", summary="Who made it, signed", response_class=Response, responses=_answers("application/c2pa")
)
async def provenance(
    *,
    video_id: VideoId,
    request: Request,
    caller: User,
    backend: BackendOf,
    of: Annotated[Literal["video", "stream"], Query(description="Of the file, or of the stream's playlist.")] = "video",
    download: Download = False,
) -> Response:
    """A C2PA manifest that lies beside the file (MP4, GIF and thumbnail have theirs inside, too).

    That of a stream is signed over its playlist and names the SHA-256 of every piece.
    """
    name = "provenance" if of == "video" else "stream_provenance"
    served = _served(await job_of(backend, caller, video_id), name, download)
    return await serve(backend.files, request, served)


def _served(job: Job, name: str, download: bool) -> Served:
    """Raises: ApiError: 409, it is not made yet. 404, there is none."""
    if not State(job.state).ended:
        raise ApiError(
            409, "NotReady", "the video is not there yet", why=f"it is {job.state}", fix="Follow its events",
            headers={"Retry-After": "2"},
        )  # fmt: skip
    key = (job.result or {}).get("files", {}).get(name)
    if key is None:
        why = f"the video has {job.state}" if job.state != State.SUCCEEDED else "none was asked for"
        raise ApiError(404, "NoFile", f"there is no {name}", why=why, fix="See the links of the video")
    suffix = PurePosixPath(key).suffix
    kind = _TYPES.get(suffix, "application/octet-stream")
    return Served(key, kind, f"{job.id}{suffix}", f"{job.id}-{job.attempt}-{name}", download)
