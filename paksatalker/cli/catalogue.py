"""``paksatalker voices`` and ``paksatalker engines``: what there is to choose from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from paksatalker.cli.console import print_json, stdout, table
from paksatalker.core.engines import STAGES, EngineInfo, SpeechEngine, installed

Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


def voices(
    language: Annotated[str | None, typer.Option(help="Only voices of this language, e.g. en or en-US.")] = None,
    json: Json = False,
) -> None:
    """List the voices that can speak right now."""
    found = []
    for info in installed("speech"):
        if not info.missing():
            engine: SpeechEngine = info.create()
            found += [v for v in engine.voices() if language is None or v.language.lower().startswith(language.lower())]
    if json:
        print_json([asdict(voice) for voice in found])
        return
    rows = table("voice", "engine", "language", "gender", "description")
    for voice in found:
        rows.add_row(voice.name, voice.engine, voice.language, voice.gender, voice.description)
    stdout().print(rows if found else f"No installed voice speaks '{language}'.")


def engines(json: Json = False) -> None:
    """List the engines of every stage.

    What runs here, what does not, and what would install it.
    """
    found = [info for stage in STAGES for info in installed(stage)]
    if json:
        print_json([_describe(info) for info in found])
        return
    rows = table("stage", "engine", "state", "what it does")
    for info in found:
        missing = info.missing() or info.missing_weights()
        state = f"needs {', '.join(missing)}" if missing else "ready"
        rows.add_row(info.stage, info.name, state, info.capabilities.summary)
    stdout().print(rows)
    for info in found:
        if hindrance := info.hindrance():
            stdout().print(f"\nFor {info.name}: {hindrance.fix}", soft_wrap=True)


def _describe(info: EngineInfo) -> dict[str, object]:
    missing = info.missing() or info.missing_weights()
    return {
        "stage": info.stage,
        "name": info.name,
        "ready": not missing,
        "missing": list(missing),
        "install": info.install,
        "priority": info.priority,
        "weights": list(info.weights),
        **asdict(info.capabilities),
    }
