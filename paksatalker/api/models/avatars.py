"""Avatars, as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from paksatalker.service.tables import Avatar
from paksatalker.service.video import AssetId, Emotion, VoiceName, background_of

AvatarName = Annotated[str, StringConstraints(pattern=r"^\w(?:[\w .-]{0,62}\w)?$", max_length=64)]
Background = Annotated[str, Field(max_length=100), AfterValidator(background_of)]
_EXAMPLE: dict[str, Any] = {
    "id": "avt_3dSXQTLIH7cLKJ9G1xvbFQ", "name": "Anna", "portrait": "ast_3dSXQTLIH7cLKJ9G1xvbFQ", "voice": "af_heart",
    "language": None, "emotion": "happy", "emotion_intensity": 0.7, "expression_scale": None, "head_motion": None,
    "background": "#20304a", "aspect": None, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z",
}  # fmt: skip


class Defaults(BaseModel):
    """What is usual for an avatar; null leaves it to the request."""

    model_config = ConfigDict(extra="forbid")

    voice: VoiceName | None = Field(None, description="One of `GET /voices`, or a voice of your own by its name or id.")
    language: str | None = Field(None, max_length=35)
    emotion: Emotion | None = None
    emotion_intensity: float | None = Field(None, ge=0, le=1)
    expression_scale: float | None = Field(None, ge=0, le=2)
    head_motion: float | None = Field(None, ge=0, le=2)
    background: Background | None = Field(
        None, description="`keep`, `blur`, `transparent`, a colour, or an asset with an image."
    )
    aspect: Literal["source", "1:1", "9:16", "16:9"] | None = None

    def given(self) -> dict[str, Any]:
        """What is not left to the request."""
        values = {name: getattr(self, name) for name in Defaults.model_fields}
        return {name: value for name, value in values.items() if value is not None}


class AvatarBody(Defaults):
    """A portrait with a name, and what is usual for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Anna", "portrait": "ast_3dSXQTLIH7cLKJ9G1xvbFQ", "voice": "af_heart"}]
        },
    )

    name: AvatarName = Field(description="What `avatar` of a video names it by.")
    portrait: AssetId


class AvatarChange(Defaults):
    """What is to be changed; what is left out stays, null leaves it to the request from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"voice": "af_bella"}]})

    name: AvatarName | None = None
    portrait: AssetId | None = None


class AvatarOut(Defaults):
    """An avatar."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    portrait: str = Field(description="The asset.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, avatar: Avatar) -> AvatarOut:
        """What callers may know of it."""
        names = ("id", "name", "portrait", "created_at", "updated_at")
        return cls.model_validate({name: getattr(avatar, name) for name in names} | avatar.defaults)


class AvatarPage(BaseModel):
    """Some avatars, newest first."""

    items: list[AvatarOut]
    next_cursor: str = Field(description="Give it as `cursor` for the next page; empty at the end.")
