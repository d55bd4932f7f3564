"""Many videos that are asked for at once."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from paksatalker.api.models.videos import Failure


class BatchRow(BaseModel):
    """A row that became a video."""

    row: int = Field(description="Its number, from 1; of a CSV without the line of names.")
    id: str = Field(description="The video.")


class BatchError(BaseModel):
    """A row that became none."""

    row: int
    error: Failure


class BatchOut(BaseModel):
    """What became of the rows."""

    id: str = Field(examples=["bat_5uXo2Qm8rT1kHc7VbNzL4e"])
    accepted: int
    rejected: int
    videos: list[BatchRow]
    errors: list[BatchError] = Field(description="Rows that were refused; the others go on without them.")
    links: dict[str, str]


class Counts(BaseModel):
    """Videos by their state."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0


class BatchState(BaseModel):
    """How far a batch is."""

    id: str
    total: int
    counts: Counts
    done: bool = Field(description="Whether all of its videos have ended.")
    progress: float = Field(description="0 to 1.")
    created_at: datetime
    finished_at: datetime | None
    links: dict[str, str]
