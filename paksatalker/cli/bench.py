"""``paksatalker bench``: speed, memory and quality on this machine, each number beside what it is held to."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paksatalker.cli.console import note, print_json, stdout
from paksatalker.cli.options import Json
from paksatalker.cli.score import measures_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paksatalker.evaluation import Measure
    from paksatalker.evaluation.machine import Machine

_ALL = "speed, latency, quality, reenactment, voices, sadtalker, emage and memory"
_SPEECH = "recording, 'recording by sounds', 'recording with transcript' and text"


def bench(
    *,
    suite: Annotated[list[str] | None, typer.Option(help=f"Only this suite (repeatable): {_ALL}.")] = None,
    image: Annotated[Path | None, typer.Option(help="The portrait [default: NASA's astronaut].")] = None,
    video: Annotated[Path | None, typer.Option(help="A real talking video, for the re-enactment suite.")] = None,
    source_frame: Annotated[int | None, typer.Option(help="Which of its frames is the photo.")] = None,
    minutes: Annotated[float, typer.Option(min=1.5, help="Length of the memory suite's long speech.")] = 30.0,
    size: Annotated[int, typer.Option(min=64, max=2160, help="Height of the memory suite's videos.")] = 512,
    speech: Annotated[
        list[str] | None, typer.Option(help=f"The memory suite's speech, only this (repeatable): {_SPEECH}.")
    ] = None,
    cores: Annotated[int, typer.Option(min=1, help="Use this many processors only.")] = 2,
    quick: Annotated[bool, typer.Option("--quick", help="Short texts and recordings: a rough answer soon.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a required target is missed.")] = False,
    json: Json = False,
) -> None:
    """Measure speed, memory and quality on this machine."""
    from paksatalker.evaluation.machine import Machine, limit_cores

    if not limit_cores(cores):  # before the libraries count the processors
        note(f"this system cannot confine a program to {cores} processors")
    from paksatalker.evaluation import benchmark  # heavy: not for --help

    machine = Machine.here()
    command = shlex.join(["paksatalker", "bench", *(word for word in sys.argv[1:] if word != "bench")])
    with tempfile.TemporaryDirectory(prefix="paksatalker-bench-") as folder:
        work = Path(folder)
        options = benchmark.Options(
            image=image or benchmark.demo_photo(work),
            work=work,
            quick=quick,
            minutes=minutes,
            size=size,
            speech=tuple(speech or ()),
            video=video,
            source_frame=source_frame,
        )
        chosen = tuple(suite or benchmark.SUITES)
        found = benchmark.run(options, chosen, _say)
    if json:
        suites = {name: [m.to_dict() for m in measures] for name, measures in found.items()}
        print_json({"machine": machine.to_dict(), "command": command, "suites": suites})
    else:
        _print(machine, command, found)
    if strict and any(measure.missed for measures in found.values() for measure in measures):
        raise typer.Exit(1)


def _print(machine: Machine, command: str, found: Mapping[str, Iterable[Measure]]) -> None:
    console = stdout()
    console.print(f"{machine}\n{command}", soft_wrap=True)
    for suite, measures in found.items():
        console.print(f"\n[bold]{suite}[/bold]")
        console.print(measures_table(measures))


def _say(suite: str) -> None:
    sys.stderr.write(f"{suite} …\n")
