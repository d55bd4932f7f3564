"""``paksatalker analyse``: what is said in a recording, how, and how clean it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paksatalker.cli.console import note, print_json, stdout, table
from paksatalker.core.languages import primary
from paksatalker.errors import InvalidOption


def analyse(
    *,
    recording: Annotated[Path, typer.Argument(help="The recording, or a video with sound.", show_default=False)],
    transcript: Annotated[str | None, typer.Option(help="What is said in it, where you know.")] = None,
    language: Annotated[
        str | None, typer.Option(help="What is spoken, e.g. en or es [default: it is listened for].")
    ] = None,
    engine: Annotated[str, typer.Option(help="The recording engine; see: paksatalker engines.")] = "auto",
    plot: Annotated[Path | None, typer.Option(help="Also draw the curves: .png, .svg or .pdf.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write all words, phones and measures as JSON.")] = False,
) -> None:
    """Analyse a recording: sounds, melody, pace and noise.

    Words and phones, pitch, loudness, pace, pauses, accents, phrase ends, noise.
    """
    from paksatalker.core.audio.analysis import analyse as describe
    from paksatalker.core.audio.analysis_plot import check_plot
    from paksatalker.core.audio.analysis_plot import plot as draw
    from paksatalker.core.engines import find

    if plot is not None:
        check_plot(plot)
    info = find("recording", engine)
    options: dict[str, Any] = {}
    if language is not None:
        if info.name != "whisper":
            why = f"the recording engine '{info.name}' has one language"
            raise InvalidOption("--language cannot be chosen", why, "Leave it out, or see: paksatalker engines")
        options["language"] = primary(language)
    listener = info.create(**options)
    found = describe(listener.listen(recording, transcript))
    spoken = getattr(listener, "language", None) or "en"
    if not found.text:
        note("no words are understood; the phones are what is heard")
    for flaw in found.flaws:
        note(flaw)
    if plot is not None:
        draw(found, plot, title=recording.name)
    if json:
        print_json({"engine": info.name, "language": spoken, **found.to_dict()})
        return
    rows = table("measure", "value")
    for name, value in _rows(found, info.name, spoken):
        rows.add_row(name, value)
    stdout().print(rows)
    if plot is not None:
        stdout().print(str(plot), soft_wrap=True)


def _rows(found: Any, engine: str, language: str) -> list[tuple[str, str]]:
    def number(value: float | None, unit: str, digits: int = 0) -> str:
        return "–" if value is None else f"{value:.{digits}f} {unit}"

    span = found.f0_range
    return [
        ("engine, language", f"{engine}, {language}"),
        ("duration", number(found.duration, "s", 1)),
        ("text", found.text or "–"),
        ("words, phones", f"{len(found.words)}, {sum(len(word.phones) for word in found.words)}"),
        ("pitch, median", number(found.f0_median, "Hz")),
        ("pitch, 5–95%", f"{span[0]:.0f}–{span[1]:.0f} Hz ({found.f0_semitones:.1f} semitones)" if span else "–"),
        ("pace", number(found.words_per_minute, "words/min")),
        ("articulation", number(found.syllables_per_second, "syllables/s", 1)),
        ("pauses", f"{len(found.pauses)}, {sum(b - a for a, b in found.pauses):.1f} s in all"),
        ("accents", str(len(found.accents))),
        ("phrase ends", f"{len(found.boundaries)}, {sum(b.major for b in found.boundaries)} of sentences"),
        ("level of speech", number(found.level_db, "dBFS", 1)),
        ("signal to noise", number(found.snr_db, "dB")),
        ("bandwidth", number(found.bandwidth / 1000, "kHz", 1)),
        ("clipped samples", f"{100 * found.clipped:.3g}%"),
    ]
