"""Arrows point down only."""

import ast
from functools import cache
from pathlib import Path

import pytest

import paksatalker

ROOT = Path(paksatalker.__file__).parent
#: The floors of the house, the lowest first: who lives on one knows nothing of neighbours, and nothing of those above.
FLOORS = (
    {"errors", "system"},
    {"config", "requirements"},
    {"models"},
    {"core"},
    {"evaluation", "service"},
    {"worker"},
    {"api"},
    {"cli"},
)
LAYERS = ("text", "audio", "animation", "rendering")
FILES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = ("paksatalker", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of ours that one imports, wherever it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found for name in names if (found := module_of(name)) and found != module)


def module_of(name: str) -> str | None:
    """The module that a dotted name is, or is in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def room_of(module: str) -> str:
    return module.split(".")[1]


def floor_of(module: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room_of(module) in rooms)


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[2] if parts[1] == "core" and len(parts) > 2 and parts[2] in LAYERS else None


def reached_from(module: str) -> set[str]:
    """All modules that one imports, and those that these import."""
    reached, ahead = set(), [module]
    while ahead:
        for found in imports_of(ahead.pop()) - reached:
            reached.add(found)
            ahead.append(found)
    return reached


inside = pytest.mark.parametrize(
    "module", [name for name in MODULES if name not in ("paksatalker", "paksatalker.__main__")]
)


@inside
def test_no_module_imports_from_above_or_beside(module: str) -> None:
    wrong = {
        name
        for name in imports_of(module)
        if name == "paksatalker" or (room_of(name) != room_of(module) and floor_of(name) >= floor_of(module))
    }
    assert not wrong


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("paksatalker.core") and layer_of(name)])
def test_no_layer_reaches_another(module: str) -> None:
    wrong = {name for name in reached_from(module) if layer_of(name) not in (None, layer_of(module))}
    assert not wrong


@inside
def test_no_module_reaches_itself(module: str) -> None:
    assert module not in reached_from(module)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_unpickles(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "import pickle" not in source
    assert "allow_pickle=True" not in source
    assert all("weights_only=True" in call.partition(")")[0] for call in source.split(" torch.load(")[1:])
