"""``paksatalker script``: looks at directed texts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from paksatalker.cli.console import print_json, read_stdin, stdout, table
from paksatalker.cli.options import Json
from paksatalker.core.sources.direction import read_script
from paksatalker.core.text.load import load_text
from paksatalker.core.text.utterances import cut_script
from paksatalker.core.timeline import Utterance

app = typer.Typer(help="Look at directed texts.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Look at directed texts."""


@app.command("check")
def check(
    file: Annotated[str, typer.Argument(help="A script in our markup or SSML; - reads stdin.")],
    json: Json = False,
) -> None:
    """List the utterances and cues of a script, and what its writer should look at."""
    text = read_stdin("name a file") if file == "-" else load_text(Path(file))
    script = read_script(text)
    utterances = list(cut_script(script))
    if json:
        warnings = [asdict(warning) for warning in script.warnings]
        speakers = list(script.speakers)
        print_json({"utterances": [asdict(u) for u in utterances], "speakers": speakers, "warnings": warnings})
        return
    rows = table("speaker", "direction", "pause", "text")
    for utterance in utterances:
        pause = f"{utterance.pause_after:g} s"
        rows.add_row(utterance.speaker, _direction(utterance), pause, utterance.text.replace("[", r"\["))
    stdout().print(rows if utterances else "The script says nothing.")
    for warning in script.warnings:
        stdout().print(f"warning: {warning}", markup=False, soft_wrap=True)


def _direction(utterance: Utterance) -> str:
    """How it is said, as short as can be."""
    u = utterance
    parts = [] if u.emotion == "neutral" else [u.emotion + ("" if u.intensity == 1 else f" {u.intensity:g}")]
    parts += [f"voice {u.voice}"] * bool(u.voice) + [f"rate {u.rate:g}"] * (u.rate != 1)
    parts += [f"pitch {u.pitch:+g}"] * bool(u.pitch) + [f"volume {u.volume:+g}"] * bool(u.volume)
    parts += [f"stress '{u.text[a:b]}'" for a, b in u.emphasis]
    parts += [f"'{u.text[r.start : r.end]}' as {r.spoken}" for r in u.readings]
    return ", ".join([*parts, *(f"{cue.kind} {cue.value}" for cue in u.cues)])
