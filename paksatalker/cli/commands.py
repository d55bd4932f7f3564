"""The sub-commands of ``paksatalker``, put together."""

from __future__ import annotations

from importlib.metadata import version as package_version
from typing import Annotated

import typer

from paksatalker.cli import (
    analyse,
    bench,
    body,
    doctor,
    engines,
    generate,
    keys,
    models,
    provenance,
    say,
    score,
    script,
    serve,
    voices,
    write,
)
from paksatalker.config import get_settings, setup_logging

_EPILOG = "Exit codes: 0 done, 2 wrong usage, 130 stopped; every other error has its own: see docs/errors.md."

app = typer.Typer(
    name="paksatalker",
    help="A photo and a sentence become a talking video, on this computer.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)
app.command("generate", epilog=_EPILOG)(generate.generate)
app.command("say", epilog=_EPILOG)(say.say)
app.command("write", epilog=_EPILOG)(write.write)
app.command("rewrite", epilog=_EPILOG)(write.rewrite)
app.command("translate", epilog=_EPILOG)(write.translate)
app.command("direct", epilog=_EPILOG)(write.direct)
app.add_typer(body.app, name="body")
app.add_typer(voices.app, name="voices")
app.command("engines")(engines.engines)
app.add_typer(models.app, name="models")
app.add_typer(script.app, name="script")
app.command("serve", epilog=_EPILOG)(serve.serve)
app.command("worker", epilog=_EPILOG)(serve.worker)
app.add_typer(keys.app, name="keys")
app.command("provenance")(provenance.provenance)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.command("score")(score.score)
app.command("analyse")(analyse.analyse)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paksatalker {package_version('paksatalker')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """A photo and a sentence become a talking video, on this computer."""
    if context.invoked_subcommand != "doctor":  # it reports wrong settings among its other findings
        settings = get_settings()
        setup_logging(settings.log_level, settings.log_format)
