"""Videos, as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paksatalker.service.states import PRIORITIES, State
from paksatalker.service.tables import Job

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
_ROOT = "/api/v1/videos"
_BASE = f"{_ROOT}/vid_5uXo2Qm8rT1kHc7VbNzL4e"
_EXAMPLE: dict[str, Any] = {
    "id": "vid_5uXo2Qm8rT1kHc7VbNzL4e", "state": "running", "stage": "frames", "progress": 0.42, "frames_done": 126,
    "frames_total": 300, "seconds_left": 7.5, "error": None, "priority": "normal", "attempt": 1,
    "created_at": "2026-01-31T12:00:00Z", "started_at": "2026-01-31T12:00:01Z", "finished_at": None,
    "expires_at": None, "batch_id": None, "result": None, "note": "",
    "request": {"portrait": "ast_3dSXQTLIH7cLKJ9G1xvbFQ", "text": "Hello! Nice to meet you."},
    "links": {"self": _BASE, "events": f"{_BASE}/events", "stream": f"{_BASE}/stream.m3u8"},
}  # fmt: skip


class Failure(BaseModel):
    """Why a video was not made."""

    code: str = Field(description="Stable, for programs.", examples=["NoFace"])
    message: str
    what: str = ""
    why: str = ""
    fix: str = ""


class Result(BaseModel):
    """What was made."""

    duration: float | None = Field(None, description="Seconds.")
    frames: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bytes: int | None = None
    stored_bytes: int | None = Field(None, description="Of all its files, the stream, too: they take up your room.")
    seconds: float | None = Field(None, description="How long it took.")
    engines: dict[str, str] = Field({}, description="What made it, by stage.")
    notes: list[str] = Field([], description="What is worth knowing about it.")


class VideoState(BaseModel):
    """How far a video is: an event."""

    id: str
    state: JobState
    stage: str = ""
    progress: float = Field(description="0 to 1.")
    frames_done: int = 0
    frames_total: int | None = None
    seconds_left: float | None = None
    error: Failure | None = None

    @classmethod
    def of(cls, job: Job) -> VideoState:
        """As the database has it."""
        return cls.model_validate({name: getattr(job, name) for name in VideoState.model_fields})


class VideoOut(VideoState):
    """A video: what was asked for, how far it is, what came out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    priority: Literal["high", "normal", "low"]
    attempt: int = Field(description="More than 1 if a worker was lost over it.")
    batch_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    request: dict[str, Any] = Field(description="As it was asked for, with what was left out filled in.")
    result: Result | None
    note: str = Field("", description="Why it waits, if there is a reason that waiting does not mend.")
    links: dict[str, str] = Field(description="Addresses of what there is: self, events, stream, file, …")

    @classmethod
    def of(cls, job: Job, note: str = "") -> VideoOut:
        """What callers may know of it."""
        beside = ("priority", "result", "links", "note")
        values = {name: getattr(job, name) for name in cls.model_fields if name not in beside}
        priority = next((name for name, value in PRIORITIES.items() if value == job.priority), "normal")
        result = None if job.result is None else Result.model_validate(job.result)
        told = {"priority": priority, "result": result, "links": _links(job), "note": note}
        return cls.model_validate(values | told)


def _links(job: Job) -> dict[str, str]:
    base = f"{_ROOT}/{job.id}"
    links = {"self": base, "events": f"{base}/events"}
    files = (job.result or {}).get("files", {})
    running = job.state == State.RUNNING and job.request.get("format") == "mp4"
    if running or "stream" in files:
        links["stream"] = f"{base}/stream.m3u8"
    names = {"video": "file"} | {name: name for name in ("subtitles", "thumbnail", "provenance")}
    return links | {link: f"{base}/{link}" for name, link in names.items() if name in files}


class VideoPage(BaseModel):
    """Some videos, newest first."""

    items: list[VideoOut]
    next_cursor: str = Field(description="Give it as `cursor` for the next page; empty at the end.")
