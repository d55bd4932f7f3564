"""What a caller asks for: a video, described in JSON."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from PIL import ImageColor
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

from paksatalker.service.ids import is_id

_FILE = re.compile(r"[/\\]|\.[A-Za-z]|\.\.")


def no_file(name: str) -> str:
    """Refuses names that an engine could take for a file on this machine.

    Raises:
        ValueError: It could.
    """
    if _FILE.search(name):
        raise ValueError("it is no name of a voice")
    return name


def one_line(text: str) -> str:
    """Refuses what is no line of text; nothing at all is fine.

    Raises:
        ValueError: It has letters that are not printed, or is blank.
    """
    if text and (not text.isprintable() or not text.strip()):
        raise ValueError("it is no line of text")
    return text


VoiceName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(no_file)]
AssetId = Annotated[str, Field(pattern=r"^ast_[0-9A-Za-z]{22}$", examples=["ast_3dSXQTLIH7cLKJ9G1xvbFQ"])]
Label = Annotated[
    str,
    Field(max_length=60, description="Words in a corner of every frame, e.g. `AI-generated`."),
    AfterValidator(one_line),
]
Emotion = Literal[
    "auto", "neutral", "happy", "sad", "angry", "surprised", "fearful", "disgusted", "calm", "excited"
]  # fmt: skip
#: Fields that do not change what comes out.
_BESIDE = frozenset({"priority", "callback_url", "avatar"})
#: Fields of the pipeline's request that are files here.
_FILES = ("portrait", "audio", "background")
#: Fields that only SadTalker knows.
_SADTALKERS = ("preprocess", "network_size", "enhance", "blinks")


def background_of(value: str) -> str:
    """A background as callers may name it: never the path of an image, which the pipeline takes, too.

    Raises:
        ValueError: It is none.
    """
    word = value.strip()
    if is_id(word, "ast") or word.lower() in ("keep", "blur", "transparent"):
        return word
    try:
        ImageColor.getrgb(word)
    except ValueError:
        fix = "give keep, blur, transparent, a colour such as #20304a or navy, or an asset"
        raise ValueError(f"there is no such background: {fix}") from None
    return word


class VideoRequest(BaseModel):
    """A talking video. What is said comes from exactly one of ``text``, ``script``, ``brief`` and ``audio``."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"portrait": "ast_3dSXQTLIH7cLKJ9G1xvbFQ", "text": "Hello! Nice to meet you."}]
        },
    )

    portrait: AssetId | None = Field(None, description="The portrait photo, an asset. Or name an avatar.")
    avatar: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Name or id of an avatar: its portrait, and what is usual for it.",
    )
    text: str | None = Field(None, min_length=1, max_length=1_000_000, description="What is said, as plain prose.")
    script: str | None = Field(None, min_length=1, max_length=1_000_000, description="The same with tags, or SSML.")
    brief: str | None = Field(None, min_length=1, max_length=20_000, description="What a language model writes about.")
    audio: AssetId | None = Field(None, description="A recording to speak along with, an asset.")
    transcript: str | None = Field(None, max_length=1_000_000, description="What is said in `audio`.")
    loudness: float | None = Field(
        None,
        ge=-36,
        le=-9,
        description="What `audio` is brought to, LUFS, e.g. -16 as voices have; left out: as it is.",
    )
    tone: str = Field("", max_length=200, description="How what is written sounds.")
    length: str = Field("30s", max_length=20, description="How long what is written takes to say.")
    voice: VoiceName = Field("auto", description="One of `GET /voices`, or a voice of your own by its name or id.")
    language: str = Field("auto", max_length=35)
    speed: float = Field(1.0, ge=0.5, le=2)
    pitch: float = Field(0.0, ge=-6, le=6, description="Semitones.")
    volume: float = Field(0.0, ge=-24, le=6, description="Decibels.")
    emoji: Literal["feel", "read", "skip"] = Field(
        "feel", description="Faces give their sentence an emotion; or emoji are read by their names; or neither."
    )
    emotion: Emotion = "neutral"
    emotion_intensity: float = Field(1.0, ge=0, le=1)
    expression_scale: float = Field(1.0, ge=0, le=2)
    head_motion: float = Field(1.0, ge=0, le=2)
    pose_style: int = Field(0, ge=0, le=45)
    still: bool = False
    size: int | None = Field(None, ge=64, le=2160, description="Short side, pixels.")
    aspect: Literal["source", "1:1", "9:16", "16:9"] = "1:1"
    fps: float = Field(25.0, ge=10, le=60)
    background: str = Field(
        "keep", max_length=100, description="`keep`, `blur`, `transparent`, a colour, or an asset with an image."
    )
    face: int | None = Field(None, ge=1, le=1000, description="Which face of a group photo, 1 = largest.")
    format: Literal["mp4", "webm", "gif"] = "mp4"
    subtitles: Literal["srt", "vtt", "burn"] | None = None
    label: Label = ""
    engine: Literal["auto", "sadtalker"] = Field(
        "auto", description="What draws face and motion: `auto`, or `sadtalker` (by workers with a graphics card)."
    )
    preprocess: Literal["crop", "extcrop", "resize", "full", "extfull"] = Field(
        "crop", description="What SadTalker animates."
    )
    network_size: Literal[256, 512] = Field(256, description="What SadTalker's networks draw, pixels.")
    enhance: Literal["gfpgan"] | None = Field(None, description="`gfpgan` sharpens the face that SadTalker draws.")
    blinks: Literal["auto", "none"] = Field("auto", description="Whether SadTalker's eyes blink.")
    preset: Literal["draft", "standard", "high"] = "standard"
    seed: int = Field(0, ge=0, le=2**31 - 1)
    priority: Literal["high", "normal", "low"] = "normal"
    callback_url: HttpUrl | None = Field(None, description="Told when the video is done or has failed.")

    @field_validator("background")
    @classmethod
    def _no_path(cls, value: str) -> str:
        return background_of(value)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("text", "script", "brief", "audio") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of text, script, brief and audio, not {' and '.join(given) or 'none'}")
        if self.portrait is None and self.avatar is None:
            raise ValueError("give a portrait or an avatar")
        if self.transcript is not None and self.audio is None:
            raise ValueError("transcript needs audio")
        plain = type(self).model_fields
        odd = [name for name in _SADTALKERS if getattr(self, name) != plain[name].default]
        if odd and self.engine != "sadtalker":
            raise ValueError(f"{odd[0]} is for the engine sadtalker")
        if self.loudness is not None and self.audio is None:
            raise ValueError("loudness needs audio")
        return self

    @property
    def lanes(self) -> tuple[str, ...]:
        """Queues whose workers can make it, the best first; the last one is where it waits if none has workers."""
        if self.engine == "sadtalker":
            return ("neural-gpu",)
        return ("script", "portrait") if self.brief is not None else ("portrait",)

    def assets(self) -> dict[str, str]:
        """The files it needs: asset by field."""
        found = {name: getattr(self, name) for name in _FILES}
        return {name: asset for name, asset in found.items() if asset is not None and is_id(asset, "ast")}

    def digest(self, contents: dict[str, str]) -> str:
        """SHA-256 of everything that decides the result.

        Args:
            contents: SHA-256 of each file of :meth:`assets`, by field.
        """
        decides = self.model_dump(mode="json", exclude=set(_BESIDE)) | contents
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    def options(self, files: dict[str, Path]) -> dict[str, Any]:
        """The fields of :class:`paksatalker.core.request.Request`, as JSON data.

        Args:
            files: Where the files of :meth:`assets` lie, by field.
        """
        left_out = {*_BESIDE, "portrait", "script", "audio", "background", "text", "engine"}
        values = self.model_dump(mode="json", exclude=left_out)
        values["image"] = str(files["portrait"])
        values["audio"] = str(files["audio"]) if "audio" in files else None
        values["background"] = str(files["background"]) if "background" in files else self.background
        values["text"] = self.text if self.script is None else self.script
        values["face_engine"] = values["renderer"] = self.engine
        values["markup"] = self.script is not None
        return values
