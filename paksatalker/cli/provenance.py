"""``paksatalker provenance``: who made a file, and whether it is as it was."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paksatalker.cli.console import print_json
from paksatalker.cli.options import Json
from paksatalker.errors import InvalidOption

if TYPE_CHECKING:
    from paksatalker.core.provenance.manifests import Checked


def provenance(
    file: Annotated[Path, typer.Argument(help="A video or a sound.", show_default=False)],
    *,
    sidecar: Annotated[
        Path | None, typer.Option(help="The manifest beside it [default: FILE with .c2pa, if the file has none].")
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(help="Certificates (PEM) of whom you trust; others' signatures then count for nothing."),
    ] = None,
    json: Json = False,
) -> None:
    """Show who made a file, signed (C2PA).

    Exits with 1 if it has no manifest, or was changed since.
    """
    from paksatalker.core.provenance.signing import need_signing

    need_signing()
    from paksatalker.core.provenance.manifests import SIDECAR, check

    trusted = "" if trust is None else _read(trust).decode("ascii", "replace")
    beside = sidecar if sidecar is not None else file.with_suffix(SIDECAR)
    try:
        found = check(file, trusted) if sidecar is None else None
        if found is None and (sidecar is not None or beside.is_file()):
            found = check(file, trusted, _read(beside))
    except OSError as error:
        raise InvalidOption(f"cannot read {file}", error.strerror or str(error), "Check the path") from error
    if json:
        print_json({"signed": found is not None, **({} if found is None else asdict(found))})
    else:
        typer.echo("no manifest" if found is None else "\n".join(_lines(found)))
    if found is None or not found.valid:
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidOption(f"cannot read {path}", error.strerror or str(error), "Check the path") from error


def _lines(found: Checked) -> list[str]:
    state = "as it was when it was signed" if found.valid else f"not valid: {', '.join(found.problems)}"
    lines = [state, f"signed by: {found.signed_by}", f"AI-generated: {'yes' if found.ai_generated else 'not said'}"]
    lines += [f"{stage}: {engine}" for stage, engine in found.origin.engines.items()]
    lines += [f"{name}: sha256 {digest}" for name, digest in found.origin.inputs.items()]
    return lines
