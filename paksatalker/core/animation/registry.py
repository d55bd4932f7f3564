"""The face engines this layer offers, cheap to import."""

from __future__ import annotations

from paksatalker.core.engines import Capabilities, EngineInfo

RULES = EngineInfo(
    name="rules",
    stage="face",
    capabilities=Capabilities(
        takes="Speech",
        gives="arkit52",
        summary="Visemes with coarticulation, emotion, blinks, gaze and head motion by rule; no weights, any CPU",
    ),
    factory="paksatalker.core.animation.rules:RuleFace",
    priority=10,
)
