"""Bodies of what a language model writes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Text = Annotated[str, Field(min_length=1, max_length=1_000_000)]
_Language = Annotated[str, Field(min_length=2, max_length=35, pattern=r"^[A-Za-z0-9_-]+$", examples=["en"])]
_Manner = Annotated[str, Field(max_length=60)]
_Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="Same seed, same text.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seed: _Seed = 0


class WriteBody(_Body):
    """A text to be written."""

    brief: str = Field("", max_length=2000, description="What it is about.", examples=["Why bees matter"])
    document: str = Field("", max_length=1_000_000, description="What it is made from, e.g. to be summarised.")
    tone: _Manner = Field("", description="How it sounds: friendly, formal, …", examples=["friendly"])
    length: str = Field("30s", max_length=20, description="How long it takes to say: 60s, 2m, 1:30.")
    language: _Language = "en"


class RewriteBody(_Body):
    """A text to be written anew in another style."""

    text: _Text = Field(examples=["Hey guys, great you're here!"])
    style: _Manner = Field("formal", description="formal, casual, simple, concise, …: any few words.")
    language: _Language = Field("en", description="What it is written in.")


class TranslateBody(_Body):
    """A text to be translated."""

    text: _Text = Field(examples=["I have great news! We open on Saturday."])
    to: _Language = Field(description="What to translate into.", examples=["es"])


class DirectBody(_Body):
    """A text to be directed: emotions, stress, pauses and gestures, with no word changed."""

    text: _Text = Field(examples=["I have great news! We open on Saturday."])
    engine: Literal["auto", "lexicon"] = Field("auto", description="`lexicon` directs by words, without a model.")


class Script(BaseModel):
    """What was written.

    With ``Accept: application/x-ndjson`` or ``text/event-stream`` every sentence comes as ``{"sentence": …}`` when it
    is written, and this at the end.
    """

    text: str
    words: int
    language: str | None = None
    seconds: float | None = Field(None, description="How long it takes to say, about.")
    engine: str
    model: str = Field(description="Which model wrote; empty for the lexicon.")
