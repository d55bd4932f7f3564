"""Assets, as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paksatalker.service.tables import Asset

_EXAMPLE: dict[str, Any] = {
    "id": "ast_3dSXQTLIH7cLKJ9G1xvbFQ",
    "kind": "image",
    "name": "anna.jpg",
    "media_type": "image/jpeg",
    "bytes": 183422,
    "sha256": "9f2c1b0e5d3a4c6b8e7f0a1d2c3b4a5968778695a4b3c2d1e0f1a2b3c4d5e6f7",
    "analysis": {
        "width": 1200, "height": 1600, "transparent": False, "faces": 1,
        "face": {"left": 402.5, "top": 300.1, "width": 391.0, "height": 480.2, "pixels_high": 498.7, "yaw": 2.1,
                 "roll": -0.4},
        "notes": [], "problems": [],
    },
    "created_at": "2026-01-31T12:00:00Z",
    "expires_at": "2026-03-02T12:00:00Z",
}  # fmt: skip


class AssetOut(BaseModel):
    """An uploaded file, and what was found in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    kind: Literal["image", "audio"] = Field(description="What it can be used for: portrait or background; recording.")
    name: str = Field(description="What its sender calls it.")
    media_type: str = Field(description="Told from its content.")
    bytes: int
    sha256: str
    analysis: dict[str, Any] = Field(
        description="Of an image: `width`, `height`, `faces` (how many), `face` (box in pixels; the largest one), of a "
        "recording: `duration` (seconds), `level_db`; of both: `notes`, and `problems` that hinder its use."
    )
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, asset: Asset) -> AssetOut:
        """What callers may know of it."""
        return cls.model_validate({name: getattr(asset, name) for name in cls.model_fields})


class AssetPage(BaseModel):
    """Some assets, newest first."""

    items: list[AssetOut]
    next_cursor: str = Field(description="Give it as `cursor` for the next page; empty at the end.")
