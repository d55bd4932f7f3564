"""Scripts keep up with the package: what they take from it exists."""

import ast
from pathlib import Path

import pytest

import paksatalker

ROOT = Path(paksatalker.__file__).parent.parent
SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.py"))


def file_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in found if file.is_file()), None)


def names_in(file: Path) -> set[str]:
    """What a module has at its top, and below it."""
    names = {path.stem for path in file.parent.iterdir()} if file.name == "__init__.py" else set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_exists(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "paksatalker":
            file = file_of(node.module)
            assert file, node.module
            assert {alias.name for alias in node.names} <= names_in(file), node.module
