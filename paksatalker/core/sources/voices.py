"""Which engine has a voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from paksatalker.core.engines import EngineInfo, SpeechEngine, Voice, find, installed
from paksatalker.errors import UnknownVoice

_SHOWN = 40  # names in an error message

EngineGetter = Callable[[EngineInfo], Any]


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice and the engine that has it."""

    info: EngineInfo
    engine: SpeechEngine
    voice: Voice


def find_speaker(voice: str, engine: str, make: EngineGetter) -> Speaker:
    """Finds the engine that has a voice.

    Args:
        voice: A name as the user writes it, perhaps with its engine (``espeak:de``); ``auto`` is the engine's
            own choice.
        engine: Name of an engine; ``auto`` asks all that are installed, the best first.
        make: Makes an engine, or gives one that is still warm.

    Raises:
        UnknownVoice: None has it; the message names those there are.
        InvalidOption: There is no engine of this name.
        PaksaTalkerError: An engine has it but cannot speak with it here; the message says what is missing.
    """
    if engine != "auto" or voice == "auto":
        info = find("speech", engine)
        speaker: SpeechEngine = make(info)
        return Speaker(info, speaker, speaker.voice(voice))
    if owner := next((info for info in installed("speech") if voice.startswith(f"{info.name}:")), None):
        if hindrance := owner.hindrance():
            raise hindrance
        speaker = make(owner)
        return Speaker(owner, speaker, speaker.voice(voice))
    infos = [info for info in installed("speech") if not info.missing()]
    for info in infos:
        speaker = make(info)
        try:
            return Speaker(info, speaker, speaker.voice(voice))
        except UnknownVoice:
            continue
    names = [found.name for info in infos for found in make(info).voices()]
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    lacking = [entry for info in infos for entry in info.weights if not make(info).voices()]
    more = f"; more voices come with: paksatalker models download {' '.join(lacking)}" if lacking else ""
    near = get_close_matches(voice.lower(), names, n=3, cutoff=0.6)
    choice = f"Did you mean {' or '.join(near)}? All: paksatalker voices" if near else f"Choose one of: {shown}"
    raise UnknownVoice(f"there is no voice '{voice}'", "no installed engine knows it", f"{choice}{more}")
