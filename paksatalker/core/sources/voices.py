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
        return _speaker(find("speech", engine), voice, make)
    if owner := next((info for info in installed("speech") if voice.startswith(f"{info.name}:")), None):
        if hindrance := owner.hindrance():
            raise hindrance
        return _speaker(owner, voice, make)
    infos = [info for info in installed("speech") if not info.missing()]
    for info in infos:
        try:
            return _speaker(info, voice, make)
        except UnknownVoice:
            continue
    raise _unknown(voice, infos, make)


def _speaker(info: EngineInfo, voice: str, make: EngineGetter) -> Speaker:
    engine: SpeechEngine = make(info)
    return Speaker(info, engine, engine.voice(voice))


def _unknown(voice: str, infos: list[EngineInfo], make: EngineGetter) -> UnknownVoice:
    """That no engine has a voice: with names that look like it, and models that would bring more."""
    names = [found.name for info in infos for found in make(info).voices()]
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    near = get_close_matches(voice.lower(), names, n=3, cutoff=0.6)
    choice = f"Did you mean {' or '.join(near)}? All: paksatalker voices" if near else f"Choose one of: {shown}"
    lacking = [entry for info in infos for entry in info.weights if not make(info).voices()]
    more = f"; more voices come with: paksatalker models download {' '.join(lacking)}" if lacking else ""
    return UnknownVoice(f"there is no voice '{voice}'", "no installed engine knows it", f"{choice}{more}")
