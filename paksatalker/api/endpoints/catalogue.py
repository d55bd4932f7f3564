"""What there is to choose from: engines and voices."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from paksatalker.api.deps import Anybody, BackendOf
from paksatalker.api.models.openai import STOCK_VOICES
from paksatalker.core.audio.tts.kokoro_voices import KOKORO_VOICES
from paksatalker.core.engines import OPTIONAL_STAGES, STAGES, EngineInfo, SpeechEngine, Voice, installed
from paksatalker.service.backend import Backend
from paksatalker.service.voices import VoiceStore

router = APIRouter(tags=["catalogue"])


class EngineOut(BaseModel):
    """An engine of a stage."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stage": "speech",
                    "name": "hibari",
                    "ready": True,
                    "missing": [],
                    "install": "",
                    "takes": "text",
                    "gives": "Speech",
                    "languages": ["en-US"],
                    "needs_gpu": False,
                    "licence": "MIT",
                    "summary": "English, light and fast",
                }
            ]
        }
    )

    stage: str
    name: str
    ready: bool = Field(description="Whether it runs here.")
    missing: list[str] = Field(description="What it lacks.")
    install: str = Field(description="The command that installs it.")
    takes: str
    gives: str
    languages: list[str]
    needs_gpu: bool
    licence: str
    summary: str


class Engines(BaseModel):
    """All engines."""

    items: list[EngineOut]


class VoiceOut(BaseModel):
    """A voice that can speak now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "heart", "engine": "hibari", "language": "en-US", "gender": "female", "description": "warm"}
            ]
        }
    )

    name: str
    engine: str
    language: str = Field(description="BCP 47.")
    gender: str
    description: str


class Voices(BaseModel):
    """Some voices."""

    items: list[VoiceOut]


@router.get("/engines", summary="List engines")
async def engines(_: Anybody) -> Engines:
    """Of every stage, whether they run here or not."""
    return Engines(items=await asyncio.to_thread(_engines))


@router.get("/voices", summary="List voices")
async def voices(
    caller: Anybody,
    backend: BackendOf,
    language: Annotated[str, Query(max_length=35, description="Only of this language: en, en-US.")] = "",
) -> Voices:
    """Those that can speak right now; voices of your own come last."""
    wanted = language.lower().replace("_", "-")
    found = await asyncio.to_thread(_voices)
    told = [
        VoiceOut(
            name=voice.name, engine=voice.engine, language=voice.language, gender=voice.gender,
            description=voice.description,
        )
        for voice in found
    ]  # fmt: skip
    items = [voice for voice in told if _speaks(voice, wanted)]
    return Voices(items=items + [voice for voice in await _own(backend, caller.tenant_id) if _speaks(voice, wanted)])


async def _own(backend: Backend, tenant_id: str) -> list[VoiceOut]:
    found = []
    for voice, _ in await VoiceStore(backend.database).all(tenant_id):
        if voice.digest is not None and (base := KOKORO_VOICES.get(str(voice.facts.get("made_from")))):
            told = f"resembles {voice.consent['speaker']}, from {base.name}; {voice.id}"
            found.append(
                VoiceOut(name=voice.name, engine="kokoro", language=base.language, gender="", description=told)
            )  # fmt: skip
    return found


def _speaks(voice: VoiceOut, wanted: str) -> bool:
    return not wanted or f"{voice.language.lower()}-".startswith(f"{wanted}-")


def stock_names() -> set[str]:
    """Names of voices that are everybody's."""
    own = {voice.name.lower() for voice in _voices()}
    return own | {name.lower() for name in (*KOKORO_VOICES, *STOCK_VOICES)} | {"auto"}


def _engines() -> list[EngineOut]:
    return [_described(info) for stage in (*STAGES, *OPTIONAL_STAGES) for info in installed(stage)]


def _described(info: EngineInfo) -> EngineOut:
    missing, can = list(info.lacking()), info.capabilities
    return EngineOut(
        stage=info.stage, name=info.name, ready=not missing, missing=missing, install=info.install, takes=can.takes,
        gives=can.gives, languages=list(can.languages), needs_gpu=can.needs_gpu, licence=can.licence,
        summary=can.summary,
    )  # fmt: skip


def _voices() -> list[Voice]:
    found: list[Voice] = []
    for info in installed("speech"):
        if not info.missing():
            engine: SpeechEngine = info.create()
            found.extend(engine.voices())
    return found
