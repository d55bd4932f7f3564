"""Bodies as OpenAI's API has them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from paksatalker.core.audio.sound_stream import STREAM_FORMATS
from paksatalker.service.video import VoiceName as VoiceName  # noqa: PLC0414  (others import it from here)

#: OpenAI's stock voices, and ours that speak for them.
STOCK_VOICES: dict[str, str] = {
    "alloy": "af_alloy", "ash": "am_michael", "ballad": "bm_george", "cedar": "am_puck", "coral": "af_sarah",
    "echo": "am_echo", "fable": "bm_fable", "marin": "af_heart", "nova": "af_nova", "onyx": "am_onyx",
    "sage": "af_kore", "shimmer": "af_bella", "verse": "am_fenrir",
}  # fmt: skip
#: OpenAI's models, all of which mean: the best engine that has the voice.
STOCK_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
#: Formats that can carry a manifest.
CARRIERS = ("mp3", "flac", "wav")


class VoiceById(BaseModel):
    """A voice as newer clients name it."""

    id: VoiceName


class SpeechBody(BaseModel):
    """What is to be spoken, and how."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"model": "tts-1", "voice": "alloy", "input": "Hello! Nice to meet you."}]},
    )

    model: str = Field(max_length=100, description="`tts-1` and its like take the best engine; or name one.")
    input: str = Field(min_length=1, max_length=100_000, description="What is said, as plain prose.")
    voice: VoiceName | VoiceById = Field(description="One of our voices, or one of OpenAI's names.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.5, le=2)
    instructions: str | None = Field(None, max_length=4096, description="The emotion that it names is spoken.")
    stream_format: Literal["audio", "sse"] = "audio"
    language: str = Field("auto", max_length=35, description="Ours: a BCP-47 tag.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Ours: same seed, same sound.")
    provenance: Literal["sidecar", "embedded"] = Field(
        "sidecar",
        description="Ours: the signed manifest (C2PA) lies at the address in `Link`; or in the sound, which is then "
        "sent when all is spoken (`mp3`, `flac`, `wav`).",
    )

    @property
    def voice_name(self) -> str:
        """The voice as the caller names it."""
        return self.voice if isinstance(self.voice, str) else self.voice.id

    @model_validator(mode="after")
    def _can_carry(self) -> Self:
        if self.provenance == "embedded" and (self.response_format not in CARRIERS or self.stream_format == "sse"):
            raise ValueError("only mp3, flac and wav that are not sent as events can carry a manifest: take sidecar")
        return self

    @property
    def media_type(self) -> str:
        """Of the sound."""
        return STREAM_FORMATS[self.response_format]


class Model(BaseModel):
    """A speech engine."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "paksatalker"


class ModelList(BaseModel):
    """What can speak here."""

    object: Literal["list"] = "list"
    data: list[Model]


class OpenAIErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIError(BaseModel):
    """The body of an answer that is no success."""

    error: OpenAIErrorDetail
