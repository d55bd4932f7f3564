"""Arrows point down only."""

import ast
from pathlib import Path

import pytest

import paksatalker

ROOT = Path(paksatalker.__file__).parent
LAYERS = ("text", "audio", "animation", "rendering")


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("paksatalker.")}


def forbidden_for(part: tuple[str, ...]) -> tuple[str, ...]:
    upper = ("paksatalker.cli", "paksatalker.evaluation")
    if part[0] == "models":
        return (*upper, "paksatalker.core")
    if part[0] == "core" and part[1] in LAYERS:
        others = tuple(f"paksatalker.core.{layer}" for layer in LAYERS if layer != part[1])
        return (*upper, *others, "paksatalker.core.pipeline", "paksatalker.core.sources", "paksatalker.core.outputs")
    return upper if part[0] in ("core", "config") else ()


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_imports_from_above_or_beside(path: Path) -> None:
    forbidden = forbidden_for(path.relative_to(ROOT).parts)
    wrong = {name for name in imports_of(path) if any(name == f or name.startswith(f + ".") for f in forbidden)}
    assert not wrong


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_unpickles(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "import pickle" not in source
    assert "allow_pickle=True" not in source
    assert all("weights_only=True" in call.partition(")")[0] for call in source.split(" torch.load(")[1:])
