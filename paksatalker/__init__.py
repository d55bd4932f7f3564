"""PaksaTalker: a photo and a sentence become a talking video.

    >>> from paksatalker import generate
    >>> generate("hello.mp4", image="face.jpg", text="Hello!")  # doctest: +SKIP

The heavy parts are imported when they are first used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from paksatalker.errors import PaksaTalkerError

if TYPE_CHECKING:
    from paksatalker.core.outputs import Result
    from paksatalker.core.pipeline import Pipeline, generate
    from paksatalker.core.progress import Progress
    from paksatalker.core.request import Request, SpeechRequest
    from paksatalker.core.saying import SpokenResult, say
    from paksatalker.core.text.writing.writer import Writer
    from paksatalker.core.timeline import FaceTrack, Prosody, Speech, Utterance, VideoFrame
    from paksatalker.core.tracks import Performance
    from paksatalker.core.video_stream import VideoStream

# Libraries that report to their makers unless they are told not to, before they are imported: ONNX Runtime sends what
# runs here to Microsoft (on Linux, too), Hugging Face's hub counts downloads.
for _name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_name, "1")

__all__ = [
    "FaceTrack",
    "PaksaTalkerError",
    "Performance",
    "Pipeline",
    "Progress",
    "Prosody",
    "Request",
    "Result",
    "Speech",
    "SpeechRequest",
    "SpokenResult",
    "Utterance",
    "VideoFrame",
    "VideoStream",
    "Writer",
    "generate",
    "say",
]

_HOMES = {
    "Result": "outputs",
    "Performance": "tracks",
    "Pipeline": "pipeline",
    "VideoStream": "video_stream",
    "Writer": "text.writing.writer",
    "generate": "pipeline",
    "Progress": "progress",
    "Request": "request",
    "SpeechRequest": "request",
    "SpokenResult": "saying",
    "say": "saying",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'paksatalker' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"paksatalker.core.{_HOMES.get(name, 'timeline')}"), name)
