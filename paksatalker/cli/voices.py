"""``paksatalker voices``: what there is to speak with. Without a command it lists them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from paksatalker.cli import own_voices
from paksatalker.cli.console import print_json, say, stdout, table
from paksatalker.cli.options import Json
from paksatalker.core.engines import EngineInfo, SpeechEngine, Voice, find, installed

app = typer.Typer(help="List the voices that can speak right now.", invoke_without_command=True)
own_voices.register(app)


@app.callback()
def voices(
    context: typer.Context,
    language: Annotated[str | None, typer.Option(help="Only voices of this language, e.g. en or en-US.")] = None,
    engine: Annotated[str | None, typer.Option(help="Only voices of this engine; see: paksatalker engines.")] = None,
    json: Json = False,
) -> None:
    """List the voices that can speak right now."""
    if context.invoked_subcommand is not None:
        return
    infos = installed("speech") if engine is None else (find("speech", engine),)
    found = [voice for info in infos for voice in _voices_of(info) if _speaks(voice, language)]
    if json:
        print_json([asdict(voice) for voice in found])
    else:
        rows = table("voice", "engine", "language", "gender", "description")
        for voice in found:
            rows.add_row(voice.name, voice.engine, voice.language, voice.gender, voice.description)
        stdout().print(rows if found else _none(language))
    for info in infos:
        if (hindrance := info.hindrance()) and _could_speak(info, language):
            say(f"{info.name}: {info.capabilities.summary}. {hindrance.fix}")


def _voices_of(info: EngineInfo) -> tuple[Voice, ...]:
    if info.missing():
        return ()
    engine: SpeechEngine = info.create()
    return engine.voices()


def _speaks(voice: Voice, language: str | None) -> bool:
    return language is None or _matches(voice.language, language)


def _could_speak(info: EngineInfo, language: str | None) -> bool:
    known = info.capabilities.languages
    return language is None or not known or any(_matches(tag, language) for tag in known)


def _matches(tag: str, wanted: str) -> bool:
    """Whether a language tag is ``wanted`` or a region of it; case and ``_`` do not matter."""
    tag, wanted = tag.lower(), wanted.lower().replace("_", "-")
    return tag == wanted or tag.startswith(wanted + "-")


def _none(language: str | None) -> str:
    return "No voice is installed." if language is None else f"No installed voice speaks '{language}'."
