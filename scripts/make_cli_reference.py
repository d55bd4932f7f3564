"""Writes the reference of the command line from the commands themselves: ``python scripts/make_cli_reference.py``.

A test compares the page with what this makes, so it cannot grow old.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer.main

from paksatalker.cli.commands import app

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
_HEAD = """# The command line

Written from the program by `make docs`; `paksatalker COMMAND --help` says the same. Results go to stdout, all else to
stderr. With `--json` stdout holds one JSON document, also when there is an error: see [exit codes](errors.md).
"""


def reference() -> str:
    """The page in Markdown."""
    return _HEAD + "".join(_sections(typer.main.get_command(app), "paksatalker"))


def _sections(command: Any, path: str) -> list[str]:
    if not hasattr(command, "commands"):
        return [_section(command, path)]
    own = [_section(command, path)] if command.invoke_without_command else []
    return own + [part for name, below in command.commands.items() for part in _sections(below, f"{path} {name}")]


def _section(command: Any, path: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    words = [_argument(argument) for argument in arguments] + ["[OPTIONS]"]
    lines = [f"\n## {path}\n", f"`{' '.join([path, *words])}`\n", f"{command.help.strip()}\n"]
    rows = [f"| `{_argument(a)}` | {_help(a)} | |" for a in arguments]
    rows += [f"| {_names(option)} | {_help(option)} | {_default(option)} |" for option in options]
    if rows:
        lines.append("\n".join(["| Option | What it does | Default |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(lines)


def _argument(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _help(parameter: Any) -> str:
    return (parameter.help or "").replace("|", "\\|").replace("[default: ", "[").rsplit(" [", 1)[0].strip()


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if "[default: " in (option.help or ""):
        return str(option.help.rsplit("[default: ", 1)[1].rstrip("]. "))
    return "" if option.default is None or option.is_flag else f"`{option.default}`"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
