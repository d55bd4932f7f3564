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

EMAGE = EngineInfo(
    name="emage",
    stage="body",
    capabilities=Capabilities(
        takes="Speech",
        gives="smplx55",
        licence="LicenseRef-PantoMatrix",
        summary="Gestures of the whole body at 30 frames a second, faster than real time on a CPU",
    ),
    factory="paksatalker.core.animation.body.emage:EmageBody",
    requires=("torch", "safetensors"),
    install="pip install 'paksatalker[neural]'",
    priority=10,
    weights=("emage",),
    setting="pantrix_model_path",
)

SADTALKER = EngineInfo(
    name="sadtalker",
    stage="face",
    capabilities=Capabilities(
        takes="Speech",
        gives="sadtalker",
        licence="Apache-2.0",
        summary="Lips, head and blinks by SadTalker's networks, from the sound alone; for its own renderer",
    ),
    factory="paksatalker.core.animation.sadtalker.build:build",
    requires=("torch", "safetensors"),
    install="pip install 'paksatalker[neural]'",
    weights=("sadtalker-256",),
    setting="sadtalker_model_path",
    options=(
        "store",
        "models",
        "reference",
        "network_size",
        "duration",
        "yaw",
        "nod",
        "roll",
        "blinks",
        "reference_video",
        "reference_uses",
    ),
)
