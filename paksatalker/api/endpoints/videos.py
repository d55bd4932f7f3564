"""Videos: asked for, listed, cancelled and deleted."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi import Path as InPath

from paksatalker.api.deps import BackendOf, allowed
from paksatalker.api.errors import answers, not_found
from paksatalker.api.models.videos import VideoOut, VideoPage
from paksatalker.api.services.following import ended
from paksatalker.api.services.lanes import note_of
from paksatalker.api.services.submitting import submit
from paksatalker.service.backend import Backend
from paksatalker.service.ids import is_id
from paksatalker.service.keys import Caller
from paksatalker.service.states import State
from paksatalker.service.tables import Job
from paksatalker.service.video import VideoRequest

router = APIRouter(prefix="/videos", tags=["videos"])
User = Annotated[Caller, Depends(allowed("videos"))]
VideoId = Annotated[str, InPath(max_length=64, examples=["vid_5uXo2Qm8rT1kHc7VbNzL4e"])]
_LONGEST_WAIT = 60.0
_WAIT = re.compile(r"\bwait=(\d{1,4})\b")


async def job_of(backend: Backend, caller: Caller, video_id: str) -> Job:
    """A video of this caller.

    Raises:
        ApiError: 404, there is none.
    """
    job = await backend.jobs.get(video_id, caller.tenant_id) if is_id(video_id, "vid") else None
    if job is None:
        raise not_found("video")
    return job


@router.post(
    "",
    status_code=202,
    summary="Ask for a video",
    responses={200: {"model": VideoOut, "description": "It is made already."}, **answers(403, 409, 413)},
)
async def create(
    *,
    body: VideoRequest,
    request: Request,
    response: Response,
    caller: User,
    backend: BackendOf,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="Your own name for this request: sent again, it makes none."),
    ] = None,
    prefer: Annotated[
        str, Header(max_length=200, description="`wait=N`: answer when the video has ended, or after N ≤ 60 seconds.")
    ] = "",
) -> VideoOut:
    """It is made in the background; follow `links.events` or ask again at `links.self`.

    What was made for you before with the very same request is there at once.
    """  # fmt: skip
    job, is_new = await submit(backend, caller, body, idempotency_key=idempotency_key)
    if wait := _WAIT.search(prefer):
        job = await ended(backend, job, min(float(wait[1]), _LONGEST_WAIT))
        response.headers["Preference-Applied"] = f"wait={wait[1]}"
    if not is_new:
        response.headers["Idempotency-Replayed"] = "true"
    response.headers["Location"] = f"{request.url.path}/{job.id}"
    response.status_code = 200 if State(job.state).ended else 202
    return VideoOut.of(job, await note_of(backend, job))


@router.get("", summary="List videos", responses=answers(403))
async def list_videos(
    *,
    caller: User,
    backend: BackendOf,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str, Query(max_length=500)] = "",
    state: Annotated[Literal["", "queued", "running", "succeeded", "failed", "cancelled"], Query()] = "",
    batch: Annotated[str, Query(max_length=64, description="Only those of a batch.")] = "",
) -> VideoPage:
    """Newest first."""
    rows, more = await backend.jobs.page(caller.tenant_id, limit=limit, cursor=cursor, state=state, batch_id=batch)
    return VideoPage(items=[VideoOut.of(row) for row in rows], next_cursor=more)


@router.get("/{video_id}", summary="One video", responses=answers(403, 404))
async def get_video(video_id: VideoId, caller: User, backend: BackendOf) -> VideoOut:
    """How far it is, and what came out."""
    job = await job_of(backend, caller, video_id)
    return VideoOut.of(job, await note_of(backend, job))


@router.delete(
    "/{video_id}",
    status_code=202,
    summary="Cancel or delete a video",
    responses={204: {"description": "It had ended, and is deleted."}, **answers(403, 404)},
    response_model=VideoOut,
)
async def cancel(video_id: VideoId, caller: User, backend: BackendOf, response: Response) -> VideoOut | Response:
    """One that waits or is made stops within a second; one that has ended is deleted with its files."""
    job = await job_of(backend, caller, video_id)
    if State(job.state).ended:
        if await backend.jobs.expire(job.id, caller.tenant_id, caller.key_id):
            await backend.files.delete(f"{job.tenant_id}/{job.id}")
        return Response(status_code=204)
    job = await backend.jobs.cancel(job.id, caller.tenant_id) or job
    if job.state == State.CANCELLED:
        await backend.files.delete(f"{job.tenant_id}/{job.id}")  # what was made of it in parts
        event = {"state": job.state, "progress": job.progress, "error": None}
        await backend.queue.publish(job.id, event)
        response.status_code = 200
    return VideoOut.of(job)
