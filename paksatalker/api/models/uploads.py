"""Resumable uploads, as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paksatalker.api.errors import ErrorDetail
from paksatalker.service.tables import Upload

_EXAMPLE: dict[str, Any] = {
    "id": "upl_3dSXQTLIH7cLKJ9G1xvbFQ", "name": "anna.wav", "length": 183422, "offset": 183422, "state": "done",
    "asset_id": "ast_3dSXQTLIH7cLKJ9G1xvbFQ", "error": None, "created_at": "2026-01-31T12:00:00Z",
    "expires_at": "2026-02-01T12:00:00Z",
}  # fmt: skip


class UploadOut(BaseModel):
    """How far an upload is, and what has become of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str = Field(description="`filename` of its metadata.")
    length: int
    offset: int = Field(description="So many bytes are there.")
    state: Literal["open", "done", "failed"] = Field(description="`failed`: it is whole, but cannot be used.")
    asset_id: str | None = Field(description="When it is done.")
    error: ErrorDetail | None = Field(description="When it has failed.")
    created_at: datetime
    expires_at: datetime = Field(description="It is forgotten then; an asset that it has become stays.")

    @classmethod
    def of(cls, upload: Upload) -> UploadOut:
        """What callers may know of it."""
        return cls.model_validate({name: getattr(upload, name) for name in cls.model_fields})
