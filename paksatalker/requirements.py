"""The Python packages that PaksaTalker needs, as its own metadata names them, and the commands that install them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import requires
from importlib.util import find_spec

from paksatalker.errors import EngineUnavailable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def required() -> dict[str, tuple[str, ...]]:
    """Requirements by distribution, without those of extras. One that depends on Python's version has several."""
    found: dict[str, tuple[str, ...]] = {}
    for requirement in requires("paksatalker") or ():
        name = _NAME.match(requirement)
        if name and "extra ==" not in requirement:
            found[name[0]] = (*found.get(name[0], ()), requirement)
    return found


def install_command(*distributions: str, again: bool = False) -> str:
    """What a user types to install distributions in the versions that PaksaTalker asks for.

    Args:
        *distributions: Names as in ``pyproject.toml``; others are asked for in any version.
        again: Whether to install anew what is there but broken; what it needs in turn is left alone.
    """
    known = required()
    wanted = [requirement for name in distributions for requirement in known.get(name, (name,))]
    options = ["--force-reinstall", "--no-deps"] if again else []
    return " ".join(["pip install", *options, *_quoted(wanted)])


def require_extra(what: str, extra: str, *modules: str) -> None:
    """Refuses with the command that installs an extra, where its packages are missing. Imports nothing.

    Args:
        what: What cannot be done without them, a clause.
        extra: Its name in ``pyproject.toml``.
        *modules: What is imported, top-level names.

    Raises:
        EngineUnavailable: One is not installed.
    """
    if missing := [name for name in modules if find_spec(name) is None]:
        why = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
        raise EngineUnavailable(what, why, f"Run: pip install 'paksatalker[{extra}]'")


def _quoted(requirements: list[str]) -> Iterator[str]:
    """Each in quotes that any shell takes; markers hold single ones."""
    for requirement in requirements:
        yield f'"{requirement}"' if ";" in requirement else shlex.quote(requirement)
