"""What a video was made of, as its manifest tells it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paksatalker.core.provenance.manifests import Origin
from paksatalker.service.video import VideoRequest

_TEXTS = ("text", "script", "brief", "transcript")


def origin_of(request: VideoRequest, files: Mapping[str, Path], result: Mapping[str, Any], title: str) -> Origin:
    """Names each input by its hash only: a manifest travels with the video, and tells nobody's texts.

    Args:
        request: What was asked for.
        files: Its files, by field.
        result: What came out, as :meth:`paksatalker.core.outputs.Result.to_dict` has it.
        title: Name of the video.
    """
    inputs = {}
    for name, path in files.items():
        with path.open("rb") as file:
            inputs[name] = hashlib.file_digest(file, "sha256").hexdigest()
    for name in _TEXTS:
        if (text := getattr(request, name)) is not None:
            inputs[name] = hashlib.sha256(text.encode()).hexdigest()
    return Origin(dict(result.get("engines", {})), inputs, title)
