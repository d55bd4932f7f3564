"""``paksatalker body``: a recording becomes full-body motion; motion files become other motion files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from paksatalker.cli.console import print_json, say, stdout
from paksatalker.cli.interrupt import stop_requests
from paksatalker.cli.options import Json
from paksatalker.errors import Cancelled, InvalidOption

if TYPE_CHECKING:
    import threading

    from paksatalker.core.audio.decode import AudioReader
    from paksatalker.core.timeline import Speech
    from paksatalker.core.tracks import BodyTrack


class _Group(TyperGroup):
    """``paksatalker body recording.wav`` is short for ``paksatalker body generate recording.wav``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the name of the command where it is left out."""
        if args and args[0] not in {*self.commands, *_HELP}:
            args = ["generate", *args]
        return super().parse_args(ctx, args)


_HELP = ("-h", "--help")
app = typer.Typer(
    name="body",
    cls=_Group,
    help="Full-body motion from a recording; formats of motion.",
    no_args_is_help=True,
)

Output = Annotated[Path, typer.Option("--output", "-o", help="The file: .npz (as EMAGE writes it), .bvh or .glb.")]
Place = Annotated[bool, typer.Option("--keep-place/--wander", help="Take back the wandering off of the whole body.")]
Feet = Annotated[bool, typer.Option("--plant-feet/--free-feet", help="Feet that stand do not slide.")]
Amplitude = Annotated[float, typer.Option(help="Size of the gestures, 0–2.")]
Blend = Annotated[float, typer.Option(help="Seconds from and to a rest pose at start and end, 0–5.")]

_SECONDS_BETWEEN_LINES = 10.0


@app.command("generate")
def generate(
    recording: Annotated[Path, typer.Argument(help="The recording, or a video with sound.", show_default=False)],
    *,
    output: Output,
    keep_place: Place = True,
    plant_feet: Feet = True,
    amplitude: Amplitude = 1.0,
    blend: Blend = 0.5,
    engine: Annotated[str, typer.Option(help="The body engine; see: paksatalker engines.")] = "auto",
    exact: Annotated[bool, typer.Option("--exact", help="Compute as the original does; slower.")] = False,
    json: Json = False,
) -> None:
    """Make gestures for a recording: 30 frames a second, as long as its sound."""
    from paksatalker.config import get_settings
    from paksatalker.core.animation.body.files import check_output, save
    from paksatalker.core.animation.body.shaping import Shaping, shape
    from paksatalker.core.audio.decode import AudioReader
    from paksatalker.core.engines import BodyEngine, find

    how = Shaping(keep_place=keep_place, plant_feet=plant_feet, amplitude=amplitude, blend=blend)
    check_output(output)
    reader = AudioReader(recording, max_seconds=60 * get_settings().max_audio_minutes)
    info = find("body", engine)
    if hindrance := info.hindrance():
        raise hindrance
    maker: BodyEngine = info.create(**({"exact": True} if exact else {}))
    began = time.monotonic()
    with stop_requests() as cancel:
        motion = maker.gesture(_pieces(reader))
        frames = save(output, _watched(shape(motion, how), cancel))
    for warning in reader.warnings:
        say(f"warning: {warning}")
    _report(output, frames, 30.0, time.monotonic() - began, json=json)


@app.command("convert")
def convert(
    motion: Annotated[
        Path, typer.Argument(help="An .npz with poses and trans, from EMAGE or SMPL-X.", show_default=False)
    ],
    *,
    output: Output,
    keep_place: Place = False,
    plant_feet: Feet = False,
    amplitude: Amplitude = 1.0,
    blend: Blend = 0.0,
    json: Json = False,
) -> None:
    """Turn a motion file into another format; without options, nothing about the motion changes."""
    from paksatalker.core.animation.body import npz
    from paksatalker.core.animation.body.files import check_output, save
    from paksatalker.core.animation.body.shaping import Shaping, shape
    from paksatalker.core.files import same_file

    how = Shaping(keep_place=keep_place, plant_feet=plant_feet, amplitude=amplitude, blend=blend)
    check_output(output)
    if same_file(motion, output):
        raise InvalidOption(f"{output} is the motion itself", "", "Choose another name for the output")
    track = npz.read(motion)
    began = time.monotonic()
    with stop_requests() as cancel:
        runs = (track[first : first + 256] for first in range(0, len(track), 256))
        frames = save(output, _watched(shape(runs, how), cancel))
    _report(output, frames, track.fps, time.monotonic() - began, json=json)


def _pieces(reader: AudioReader) -> Iterator[Speech]:
    from paksatalker.core.timeline import Speech

    done = 0
    for block in reader:
        yield Speech(block, reader.sample_rate, done / reader.sample_rate)
        done += len(block)


def _watched(tracks: Iterable[BodyTrack], cancel: threading.Event) -> Iterator[BodyTrack]:
    """The runs as they come; says now and then how far it is, and stops where the user does."""
    told = time.monotonic()
    for track in tracks:
        if cancel.is_set():
            raise Cancelled("cancelled", "", "Nothing was written")
        if time.monotonic() - told > _SECONDS_BETWEEN_LINES:
            told = time.monotonic()
            say(f"{(track.first_frame + len(track)) / track.fps:.0f} s of motion")
        yield track


def _report(output: Path, frames: int, fps: float, seconds: float, *, json: bool) -> None:
    if json:
        print_json({"output": str(output), "frames": frames, "fps": fps, "seconds": round(seconds, 3)})
        return
    length = frames / fps
    stdout().print(f"{output}: {frames} frames, {length:.1f} s, made in {seconds:.1f} s", soft_wrap=True)
