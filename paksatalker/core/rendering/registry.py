"""The renderers of this package, cheap to import: the entry points of the group ``paksatalker.renderer``."""

from __future__ import annotations

from paksatalker.core.engines import Capabilities, EngineInfo
from paksatalker.requirements import install_command

PORTRAIT = EngineInfo(
    name="portrait",
    stage="renderer",
    capabilities=Capabilities(
        takes="arkit52",
        gives="frames",
        licence="Apache-2.0",
        summary="Bends a photo of a person: 3-D face mesh, drawn eyes, lids and teeth. Any CPU, faster than real time.",
    ),
    factory="paksatalker.core.rendering.portrait.build:build",
    requires=("cv2", "mediapipe", "numba", "scipy"),
    install=install_command("opencv-contrib-python", "mediapipe", "numba", "scipy"),
    priority=10,
    weights=("face-landmarker", "selfie-segmentation"),
)

SADTALKER = EngineInfo(
    name="sadtalker",
    stage="renderer",
    capabilities=Capabilities(
        takes="sadtalker",
        gives="frames",
        licence="Apache-2.0",
        summary="Draws the whole face anew with SadTalker's networks, 256 or 512 pixels; seconds a frame on a CPU",
    ),
    factory="paksatalker.core.rendering.sadtalker.build:build",
    requires=("torch", "safetensors"),
    install="pip install 'paksatalker[neural]'",
    weights=("sadtalker-256", "sadtalker-mapping"),
    setting="sadtalker_model_path",
    options=("store", "models", "preprocess", "network_size", "enhance"),
)
