"""What is said over ``/api/v1/live``, from both sides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from paksatalker.api.models.openai import VoiceName
from paksatalker.service.video import AssetId, Emotion, Label, background_of


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Start(_Message):
    """How everything from now on is spoken."""

    type: Literal["start"]
    avatar: str | None = Field(None, min_length=1, max_length=64, description="Its voice and emotion, by name or id.")
    voice: VoiceName = "auto"
    language: str = Field("auto", max_length=35)
    speed: float = Field(1.0, ge=0.5, le=2)
    emotion: Emotion = "neutral"
    fps: float = Field(25.0, ge=10, le=60)
    mode: Literal["echo", "chat"] = "echo"
    audio: Literal["binary", "base64", "opus", "webm"] = Field(
        "binary", description="The sound of chunks: PCM, as bytes or base64; or Opus, as packets of 20 ms or in WebM."
    )
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


class Listen(_Message):
    """Begins to listen to a microphone: to binary messages with PCM, or to the track of the WebRTC connection."""

    type: Literal["listen"]
    source: Literal["socket", "webrtc"] = "socket"
    use: Literal["turns", "voice"] = Field(
        "turns", description="`turns` are understood and answered; a `voice` is what the face speaks with, at once."
    )
    sample_rate: int = Field(16_000, ge=8000, le=48_000, description="Of the PCM: 16 bits, little-endian, mono.")
    silence: float = Field(0.6, ge=0.2, le=3, description="Seconds of silence after which somebody has finished.")
    language: str = Field("auto", pattern="^(auto|[a-z]{2,3})$", description="What is spoken, ISO 639-1.")
    partials: bool = Field(False, description="Whether what was understood is told at every pause, too.")
    barge_in: bool = Field(True, description="Whether who begins to speak stops what is being said.")
    answer: bool = Field(True, description="Whether what was said is spoken or answered, as a text would be.")


class Mute(_Message):
    """Ends listening."""

    type: Literal["mute"]


class Offer(_Message):
    """Asks for the rendered video of a portrait by WebRTC."""

    type: Literal["webrtc.offer"]
    sdp: str = Field(min_length=1, max_length=65_536)
    portrait: AssetId | None = None
    avatar: str | None = Field(None, min_length=1, max_length=64, description="In place of a portrait: name or id.")
    size: int = Field(512, ge=64, le=720, description="Short side, pixels.")
    aspect: Literal["source", "1:1", "9:16", "16:9"] = "1:1"
    background: str = Field("keep", max_length=100, description="`keep`, `blur` or a colour.")
    face: int | None = Field(None, ge=1, le=1000, description="Which face of a group photo, 1 = largest.")
    expression_scale: float = Field(1.0, ge=0, le=2)
    head_motion: float = Field(1.0, ge=0, le=2)
    label: Label = ""
    fps: float = Field(25.0, ge=10, le=30)

    @field_validator("background")
    @classmethod
    def _opaque(cls, value: str) -> str:
        background = background_of(value)
        if background.startswith("ast_") or background.lower() == "transparent":
            raise ValueError("live video has none such: give keep, blur or a colour")
        return background


class IceCandidate(BaseModel):
    """A way to reach the client, as browsers write it."""

    model_config = ConfigDict(extra="ignore")

    candidate: str = Field("", max_length=1024)
    sdpMid: str | None = Field(None, max_length=32)  # noqa: N815  (the standard's name)
    sdpMLineIndex: int | None = Field(None, ge=0, le=16)  # noqa: N815  (the standard's name)


class Candidate(_Message):
    """One more way to reach the client; null after the last."""

    type: Literal["webrtc.candidate"]
    candidate: IceCandidate | None


class HangUp(_Message):
    """Ends the video; the session goes on."""

    type: Literal["webrtc.close"]


Message = Start | Say | Interrupt | Listen | Mute | Offer | Candidate | HangUp
Incoming = Annotated[Message, Field(discriminator="type")]
incoming: TypeAdapter[Message] = TypeAdapter(Incoming)
