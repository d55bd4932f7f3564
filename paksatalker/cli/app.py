"""The ``paksatalker`` command: its sub-commands, and how errors become one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from importlib.metadata import version as package_version
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from paksatalker.cli import bench, catalogue, doctor, generate, models, score
from paksatalker.cli.console import print_error
from paksatalker.config import get_settings, setup_logging
from paksatalker.errors import Cancelled, PaksaTalkerError

_NOTHING_LEFT = "No unfinished file was left behind"
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
app.command("voices")(catalogue.voices)
app.command("engines")(catalogue.engines)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.command("score")(score.score)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paksatalker {package_version('paksatalker')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """A photo and a sentence become a talking video, on this computer."""
    setup_logging(get_settings().log_level)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show_usage_error(error: TyperException) -> None:
    show = getattr(error, "show", None)  # usage errors print the usage line and a hint
    if show is not None:
        show()
    else:
        sys.stderr.write(f"error: {error.format_message()}\n")


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and ends the process with the documented exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # A polite kill cleans up exactly as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    as_json = "--json" in arguments
    try:
        app(args=arguments)
    except PaksaTalkerError as error:
        print_error(error, as_json=as_json)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == Cancelled.exit_code:  # typer's answer to Ctrl-C
            print_error(Cancelled("stopped", "the work was interrupted", _NOTHING_LEFT), as_json=as_json)
            sys.stdout.flush()
            # Everything of ours is cleaned up. A native library that was interrupted half-way may wait for its own
            # threads for ever when the interpreter shuts down, so we do not ask it to.
            os._exit(Cancelled.exit_code)
        raise
    except Exception as error:  # noqa: BLE001  (the last resort: a defect of ours, said honestly)
        sys.stderr.write(traceback.format_exc())
        sys.stderr.write(
            f"error: internal error ({type(error).__name__}): this is a defect, please report these lines\n"
        )
        sys.exit(1)
