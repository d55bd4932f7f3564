"""What is said over ``/api/v1/live``, from both sides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from paksatalker.api.models.openai import VoiceName
from paksatalker.service.video import Emotion


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Start(_Message):
    """How everything from now on is spoken."""

    type: Literal["start"]
    voice: VoiceName = "auto"
    language: str = Field("auto", max_length=35)
    speed: float = Field(1.0, ge=0.5, le=2)
    emotion: Emotion = "neutral"
    fps: float = Field(25.0, ge=10, le=60)
    mode: Literal["echo", "chat"] = "echo"
    audio: Literal["binary", "base64"] = "binary"
    persona: str = Field("", max_length=2000, description="Who answers in a chat, and how.")
    seed: int = Field(0, ge=0, le=2**31 - 1)


class Say(_Message):
    """A text: spoken in ``echo`` mode, answered in ``chat`` mode."""

    type: Literal["say"]
    text: str = Field(min_length=1, max_length=100_000)
    id: str = Field("", max_length=64)
    markup: bool = Field(False, description="Whether it is a script with tags.")


class Interrupt(_Message):
    """Stops what is spoken, and forgets what waits."""

    type: Literal["interrupt"]


Incoming = Annotated[Start | Say | Interrupt, Field(discriminator="type")]
incoming: TypeAdapter[Start | Say | Interrupt] = TypeAdapter(Incoming)
