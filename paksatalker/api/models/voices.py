"""Voices of a tenant's own, as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paksatalker.api.models.videos import Failure
from paksatalker.service.tables import Job, Voice
from paksatalker.service.video import AssetId

_STATEMENT = "I am Ada Lovelace and I agree that a voice like mine is made from these recordings."
_EXAMPLE: dict[str, Any] = {
    "id": "voi_3dSXQTLIH7cLKJ9G1xvbFQ", "name": "ada", "state": "ready", "progress": 1.0, "error": None,
    "consent": {"speaker": "Ada Lovelace", "statement": _STATEMENT, "given": "2026-01-31T12:00:00+00:00",
                "references": [{"file": "ada.wav", "sha256": "9f2c1b0e5d3a4c6b8e7f0a1d2c3b4a59"}]},
    "facts": {"made_from": "af_heart", "is_stock": False, "judged": {"voice": 0.64, "stock": 0.51, "speaker": 0.84},
              "fitted": {"voice": 0.85, "stock": 0.75, "speaker": 0.93}, "notes": []},
    "created_at": "2026-01-31T12:00:00Z",
}  # fmt: skip


class CloneBody(BaseModel):
    """Whose voice, and that they agree."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "ada", "references": ["ast_3dSXQTLIH7cLKJ9G1xvbFQ"], "consent": _STATEMENT}]
        },
    )

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="What `voice` names it by.")
    references: list[AssetId] = Field(
        min_length=1, max_length=10, description="Recordings of the speaker: 5 s of speech, better 20 s."
    )
    consent: str = Field(
        min_length=1, max_length=5000,
        description="What the speaker agrees to, in their words, with their name. It is kept beside the voice.",
    )  # fmt: skip
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same seed gives the same voice.")


class ConsentOut(BaseModel):
    """The record of consent."""

    speaker: str
    statement: str
    given: datetime
    references: list[dict[str, str]] = Field(description="Name and SHA-256 of each recording.")


class CloneOut(BaseModel):
    """A voice that resembles a speaker."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    state: Literal["queued", "running", "ready", "failed", "cancelled"]
    progress: float = Field(description="0 to 1.")
    error: Failure | None = None
    consent: ConsentOut
    facts: dict[str, Any] = Field(
        description="When it is ready: `made_from`, a stock voice; `judged` by a network that had no part in it: how "
        "alike the `voice`, the `stock` voice and the `speaker`'s own recordings are to the speaker, −1 to 1."
    )
    note: str = Field("", description="What whoever waits for it should know.")
    created_at: datetime

    @classmethod
    def of(cls, voice: Voice, job: Job | None, note: str = "") -> CloneOut:
        """What callers may know of it."""
        if voice.digest is not None:
            state, progress, error = "ready", 1.0, None
        elif job is None:
            what, fix = "the voice was not made", "Ask for it again"
            state, progress = "failed", 0.0
            error = Failure(code="VoiceLost", message=f"{what}. {fix}", what=what, fix=fix)
        else:
            state, progress = job.state, job.progress
            error = None if job.error is None else Failure.model_validate(job.error)
        values = {name: getattr(voice, name) for name in ("id", "name", "consent", "facts", "created_at")}
        return cls.model_validate(values | {"state": state, "progress": progress, "error": error, "note": note})


class ClonePage(BaseModel):
    """All voices of a tenant's own, newest first."""

    items: list[CloneOut]
