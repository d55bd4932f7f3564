"""Options that several commands have, each declared once; what only one command has stands with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TextFile = Annotated[str | None, typer.Option(help="A file with the text to say; - reads stdin.")]
Voice = Annotated[str, typer.Option(help="See: paksatalker voices.")]
Speakers = Annotated[
    list[str] | None, typer.Option("--speaker", help="The voice of a speaker of the script: Ada=af_heart; repeatable.")
]
Language = Annotated[str, typer.Option(help="What the text is written in, e.g. es; auto looks at it.")]
Speed = Annotated[float, typer.Option(help="Speaking rate, 0.5–2.")]
Pitch = Annotated[float, typer.Option(help="Semitones above the voice's own pitch, -6 to 6.")]
Volume = Annotated[float, typer.Option(help="Decibels above the usual loudness, -24 to 6.")]
Pronounce = Annotated[list[str] | None, typer.Option(help="How a word sounds: 'Paksa = Pack-sah' or 'Paksa = /IPA/'.")]
Dictionary = Annotated[Path | None, typer.Option(help="A file of such lines.")]
Markup = Annotated[bool, typer.Option(help="Read the text as a script with tags, see docs/script.md.")]
Emoji = Annotated[str, typer.Option(help="feel: faces give their sentence an emotion; read: by their names; skip.")]
Emotion = Annotated[
    str,
    typer.Option(
        help="neutral, happy, sad, angry, surprised, fearful, disgusted, calm, excited, or auto: from the text."
    ),
]
EmotionIntensity = Annotated[float, typer.Option(help="0–1.")]
Timeline = Annotated[Path | None, typer.Option(help="Also write words and phones as JSON lines.")]
Provenance = Annotated[
    bool | None,
    typer.Option(
        "--provenance/--no-provenance",
        help="Sign the file (C2PA) [default: if there is a certificate; see: paksatalker keys provenance].",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout.")]
