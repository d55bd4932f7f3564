"""``paksatalker score``: how good a talking video is, whoever made it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from paksatalker.cli.console import note, print_json, stdout, table
from paksatalker.cli.options import Json
from paksatalker.errors import AudioEmpty, AudioSilent, AudioUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paksatalker.evaluation import Measure, Timeline

_VERDICT = {True: "ok", False: "missed", None: ""}


def score(
    *,
    video: Annotated[Path, typer.Argument(help="The video to score.", show_default=False)],
    photo: Annotated[Path | None, typer.Option(help="The photo it was made from: judges identity.")] = None,
    timeline: Annotated[
        Path | None, typer.Option(help="Phones as JSON, as written by generate --timeline; otherwise listens.")
    ] = None,
    transcript: Annotated[str | None, typer.Option(help="What is said, for listening without a timeline.")] = None,
    listen: Annotated[
        bool, typer.Option("--listen/--no-listen", help="Recognise the phones where there is no timeline.")
    ] = True,
    max_frames: Annotated[int | None, typer.Option(min=2, help="Look at the first N frames only.")] = None,
    save_tracks: Annotated[Path | None, typer.Option(help="Also write the landmarks as .npz.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a required target is missed.")] = False,
    json: Json = False,
) -> None:
    """Score a talking video, whoever made it.

    Lip sync, closures, blinks, head motion, background, identity, A/V offset.
    """
    from paksatalker.evaluation import Timeline, track_video  # heavy: not for --help
    from paksatalker.evaluation import score as measure
    from paksatalker.models.base import WeightsStore

    store = WeightsStore()
    said = Timeline.load(timeline) if timeline else None
    motion = track_video(video, store, max_frames, progress=_Counter())
    if said is None and listen:
        said = _listened(video, transcript)
    if save_tracks:
        motion.save(save_tracks)
    report = measure(video, store, timeline=said, photo=photo, max_frames=max_frames, motion=motion)
    if json:
        print_json({**report.to_dict(), "phones": "timeline" if timeline else "recognised" if said else None})
    else:
        stdout().print(measures_table(report.measures))
    if strict and not report.passed:
        raise typer.Exit(1)


def _listened(video: Path, transcript: str | None) -> Timeline | None:
    from paksatalker.evaluation import Timeline

    try:
        said = Timeline.listen(video, transcript)
    except (AudioUnreadable, AudioEmpty, AudioSilent) as error:
        note(f"lip sync is not judged: {error.message}")
        return None
    if transcript is None:
        note("the phones are recognised from the sound, with errors: compare videos, judge by --timeline")
    return said


class _Counter:
    """Says on stderr now and then how many frames are tracked."""

    def __call__(self, frames: int) -> None:
        if frames % 250 == 0:
            sys.stderr.write(f"{frames} frames tracked\n")


def measures_table(measures: Iterable[Measure]) -> Table:
    """Measures as a table: name, value, target, verdict, remark."""
    rows = table("measure", "value", "target", "", "remark")
    for row in measures:
        value = "–" if row.value is None else f"{row.value:.3g}" + (f" {row.unit}" if row.unit else "")
        target = "" if row.target is None else str(row.target) + ("" if row.target.required else " (real speakers)")
        rows.add_row(row.name, value, target, _VERDICT[row.passed], row.note)
    return rows
