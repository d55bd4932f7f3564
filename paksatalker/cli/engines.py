"""``paksatalker engines``: what there is to choose from."""

from __future__ import annotations

from dataclasses import asdict

from paksatalker.cli.console import print_json, stdout, table
from paksatalker.cli.options import Json
from paksatalker.core.engines import OPTIONAL_STAGES, STAGES, EngineInfo, installed


def engines(json: Json = False) -> None:
    """List the engines of every stage.

    What runs here, what does not, and what would install it.
    """
    found = [info for stage in (*STAGES, *OPTIONAL_STAGES) for info in installed(stage)]
    if json:
        print_json([_describe(info) for info in found])
        return
    rows = table("stage", "engine", "state", "what it does")
    for info in found:
        missing = info.lacking()
        state = f"needs {', '.join(missing)}" if missing else "ready"
        rows.add_row(info.stage, info.name, state, info.capabilities.summary)
    stdout().print(rows)
    for info in found:
        if hindrance := info.hindrance():
            stdout().print(f"\nFor {info.name}: {hindrance.fix}", soft_wrap=True, markup=False)


def _describe(info: EngineInfo) -> dict[str, object]:
    missing = info.lacking()
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
