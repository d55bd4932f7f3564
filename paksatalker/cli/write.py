"""``paksatalker write``, ``rewrite``, ``translate`` and ``direct``: texts by a language model."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paksatalker.cli.console import note, print_json, read_stdin
from paksatalker.cli.options import Json
from paksatalker.errors import InvalidOption

if TYPE_CHECKING:
    from paksatalker.core.text.writing.writer import Writer

Output = Annotated[Path | None, typer.Option("--output", "-o", help="A file to write to instead of stdout.")]
Engine = Annotated[str, typer.Option(help="llamacpp, openai, transformers, or auto; see: paksatalker engines.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same text.")]
Text = Annotated[str | None, typer.Argument(help="The text; - reads stdin.", show_default=False)]
File = Annotated[str | None, typer.Option("--file", "-f", help="A file with the text; - reads stdin.")]


def write(
    brief: Annotated[str, typer.Argument(help="What the text is about; - reads stdin.")],
    *,
    tone: Annotated[str, typer.Option(help="friendly, formal, serious, ...: any few words.")] = "",
    length: Annotated[str, typer.Option(help="How long it takes to say: 60s, 2m, 1:30.")] = "30s",
    language: Annotated[str, typer.Option(help="What to write it in, e.g. es.")] = "en",
    document: Annotated[
        str | None, typer.Option(help="A file that the text is made from, e.g. to be summarised; - reads stdin.")
    ] = None,
    output: Output = None,
    engine: Engine = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Write a text for a presenter, of a given length."""
    from paksatalker.core.sources.briefs import usual_rate
    from paksatalker.core.text.writing.form import spaced

    material = "" if document is None else _read(None, document)
    with _writer(engine) as writer:
        about, rate = _read(brief, None), usual_rate(language)
        sentences = writer.write(
            about, tone=tone, length=length, language=language, document=material, seed=seed, rate=rate
        )
        said = _shown(spaced(sentences), output, json=json)
        seconds = sum(map(rate.seconds, (sentence.strip() for sentence in said)))
        _report(writer, said, output, json=json, language=language, seconds=round(seconds, 1))


def rewrite(
    text: Text = None,
    *,
    file: File = None,
    style: Annotated[str, typer.Option(help="formal, casual, simple, concise, ...: any few words.")] = "formal",
    language: Annotated[str, typer.Option(help="What the text is written in, e.g. es.")] = "en",
    output: Output = None,
    engine: Engine = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Write a text anew in another style, sentence by sentence."""
    given = _read(text, file)
    with _writer(engine) as writer:
        said = _shown(writer.rewrite(given, style, language=language, seed=seed), output, json=json)
        _report(writer, said, output, json=json, language=language)


def translate(
    text: Text = None,
    *,
    to: Annotated[str, typer.Option(help="The language to translate into, e.g. es.")],
    file: File = None,
    output: Output = None,
    engine: Engine = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Translate a text, sentence by sentence."""
    given = _read(text, file)
    with _writer(engine) as writer:
        said = _shown(writer.translate(given, to, seed=seed), output, json=json)
        _report(writer, said, output, json=json, language=to)


def direct(
    text: Text = None,
    *,
    file: File = None,
    output: Output = None,
    engine: Annotated[
        str, typer.Option(help="llamacpp, openai, transformers, auto; or lexicon: emotions without a model.")
    ] = "auto",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Add emotions, pauses and gestures to a text; no word changes.

    The result is a script, see docs/script.md.
    """
    given = _read(text, file)
    with _writer(engine) as writer:
        said = _shown([writer.direct(given, seed=seed)], output, json=json)
        _report(writer, said, output, json=json)


def _writer(engine: str) -> Writer:
    from paksatalker.core.text.writing.writer import Writer

    return Writer(engine)


def _shown(parts: Iterable[str], output: Path | None, *, json: bool) -> list[str]:
    """Writes parts as they come: to the file if there is one, else to stdout, unless that gets JSON."""
    said: list[str] = []
    with ExitStack() as stack:
        file = None
        if output is not None:
            from paksatalker.core.files import TextFile

            file = stack.enter_context(TextFile(output))
        for part in parts:
            said.append(part)
            if file is not None:
                file.write(part)
            elif not json:
                sys.stdout.write(part)
                sys.stdout.flush()
        if file is not None:
            file.write("\n")
        elif not json:
            sys.stdout.write("\n")
    return said


def _report(writer: Writer, said: list[str], output: Path | None, *, json: bool, **more: Any) -> None:
    for remark in writer.notes:
        note(remark)
    if json:
        text = "".join(said)
        result = {"text": text, "words": len(text.split()), **more, "engine": writer.engine, "model": writer.model}
        print_json(result | ({} if output is None else {"path": str(output)}))
    elif output is not None:
        typer.echo(output)


def _read(text: str | None, file: str | None) -> str:
    """A text from the command line, a file or stdin.

    Raises:
        InvalidOption: None is given, or two.
        TextUnreadable: The file or stdin cannot be read.
    """
    from paksatalker.core.text.load import load_text

    if (text is None) == (file is None):
        why = "none is given" if text is None else "a text and --file are given"
        raise InvalidOption("cannot tell what the text is", why, "Give either a text or --file")
    if "-" in (text, file):
        return read_stdin("give --file")
    return text if text is not None else load_text(Path(str(file)))
