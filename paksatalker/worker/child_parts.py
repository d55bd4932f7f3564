"""What the process that renders does for long videos: speaks them, renders a part, joins parts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from paksatalker.core import parallel
from paksatalker.core.pipeline import Pipeline
from paksatalker.core.request import Request
from paksatalker.errors import EnginesIncompatible, InvalidOption
from paksatalker.worker.reporting import Reporter, Voice


def record(
    pipeline: Pipeline, request: Request, order: dict[str, Any], cancel: threading.Event, say: Voice
) -> dict[str, Any]:
    """Has a video spoken, and says ``take`` for every part that can be rendered from then on.

    Returns:
        ``whole``: whether it cannot be made in parts.
    """
    try:
        parallel.check_divisible(request)
    except (InvalidOption, EnginesIncompatible):
        return {"whole": True}
    for take in parallel.record(pipeline, request, Path(order["folder"]), order["shortest"], cancel):
        say(
            take={
                "file": str(take.path), "first": take.first, "end": take.end, "last": take.last,
                "notes": list(take.notes),
            }
        )  # fmt: skip
    return {"whole": False}


def render(
    pipeline: Pipeline, request: Request, order: dict[str, Any], cancel: threading.Event, say: Voice
) -> dict[str, Any]:
    """Renders a part. Returns what came out, as :meth:`paksatalker.core.outputs.Result.to_dict` has it."""
    reporter = Reporter(say, order["pieces"])
    result = parallel.render_part(
        pipeline, request, [Path(path) for path in order["speech"]], Path(order["output"]),
        on_progress=reporter.report, on_piece=reporter.keep, cancel=cancel,
    )  # fmt: skip
    return result.to_dict()


def join(
    pipeline: Pipeline, request: Request, order: dict[str, Any], cancel: threading.Event, say: Voice
) -> dict[str, Any]:
    """Joins parts. Returns ``frames``: how many there are."""
    del pipeline, cancel, say  # it takes no time
    speech, parts = ([Path(path) for path in order[name]] for name in ("speech", "parts"))
    return {"frames": parallel.join(request, speech, parts, Path(order["output"]))}


#: By the name of what is to be done.
ACTS = {"record": record, "part": render, "join": join}
