"""``paksatalker generate``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from paksatalker.cli.console import ProgressView, print_json, say
from paksatalker.cli.interrupt import stop_requests
from paksatalker.core.request import Request
from paksatalker.errors import InvalidOption, TextUnreadable

_PHOTO = "The photo"
_SAYS = "What is said"
_ACTING = "How it is performed"
_VIDEO = "The video"
_DRAWN = "SadTalker (--engine sadtalker)"


def generate(
    *,
    image: Annotated[Path, typer.Option("--image", "-i", help="The portrait photo.", rich_help_panel=_PHOTO)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The video to write: .mp4, .webm or .gif.")],
    text: Annotated[str | None, typer.Option(help="The text to say.", rich_help_panel=_SAYS)] = None,
    text_file: Annotated[
        str | None, typer.Option(help="A file with the text to say; - reads stdin.", rich_help_panel=_SAYS)
    ] = None,
    brief: Annotated[
        str | None,
        typer.Option(help="What a language model writes about, see docs/writing.md.", rich_help_panel=_SAYS),
    ] = None,
    tone: Annotated[str, typer.Option(help="How what it writes sounds, e.g. friendly.", rich_help_panel=_SAYS)] = "",
    length: Annotated[
        str, typer.Option(help="How long it takes to say: 30s, 2m, 1:30.", rich_help_panel=_SAYS)
    ] = "30s",
    audio: Annotated[
        Path | None, typer.Option(help="A recording to speak along with, in any common format.", rich_help_panel=_SAYS)
    ] = None,
    transcript: Annotated[
        str | None,
        typer.Option(help="What is said in --audio, or @FILE: makes the lips exact.", rich_help_panel=_SAYS),
    ] = None,
    loudness: Annotated[
        float | None,
        typer.Option(help="What --audio is brought to, LUFS, e.g. -16 [default: as it is].", rich_help_panel=_SAYS),
    ] = None,
    voice: Annotated[str, typer.Option(help="See: paksatalker voices.", rich_help_panel=_SAYS)] = "auto",
    speaker: Annotated[
        list[str] | None,
        typer.Option(help="The voice of a speaker of the script: Ada=af_heart; repeatable.", rich_help_panel=_SAYS),
    ] = None,
    language: Annotated[
        str, typer.Option(help="What the text is written in, e.g. es; auto looks at it.", rich_help_panel=_SAYS)
    ] = "auto",
    speed: Annotated[float, typer.Option(help="Speaking rate, 0.5–2.", rich_help_panel=_SAYS)] = 1.0,
    pitch: Annotated[
        float, typer.Option(help="Semitones above the voice's own pitch, -6 to 6.", rich_help_panel=_SAYS)
    ] = 0.0,
    volume: Annotated[
        float, typer.Option(help="Decibels above the usual loudness, -24 to 6.", rich_help_panel=_SAYS)
    ] = 0.0,
    pronounce: Annotated[
        list[str] | None,
        typer.Option(help="How a word sounds: 'Paksa = Pack-sah' or 'Paksa = /IPA/'.", rich_help_panel=_SAYS),
    ] = None,
    dictionary: Annotated[Path | None, typer.Option(help="A file of such lines.", rich_help_panel=_SAYS)] = None,
    markup: Annotated[
        bool, typer.Option(help="Read the text as a script with tags, see docs/script.md.", rich_help_panel=_SAYS)
    ] = True,
    emoji: Annotated[
        str,
        typer.Option(
            help="feel: faces give their sentence an emotion; read: by their names; skip.", rich_help_panel=_SAYS
        ),
    ] = "feel",
    emotion: Annotated[
        str,
        typer.Option(
            help="neutral, happy, sad, angry, surprised, fearful, disgusted, calm, excited, or auto: from the text.",
            rich_help_panel=_ACTING,
        ),
    ] = "neutral",
    emotion_intensity: Annotated[float, typer.Option(help="0–1.", rich_help_panel=_ACTING)] = 1.0,
    expression_scale: Annotated[
        float, typer.Option(help="Size of facial movement, 0–2.", rich_help_panel=_ACTING)
    ] = 1.0,
    head_motion: Annotated[float, typer.Option(help="Size of head movement, 0–2.", rich_help_panel=_ACTING)] = 1.0,
    pose_style: Annotated[int, typer.Option(help="Character of the head movement, 0–45.", rich_help_panel=_ACTING)] = 0,
    still: Annotated[
        bool, typer.Option("--still", help="Keep the head almost still.", rich_help_panel=_ACTING)
    ] = False,
    face: Annotated[
        int | None, typer.Option(help="Which face of a group photo; 1 is the largest.", rich_help_panel=_PHOTO)
    ] = None,
    background: Annotated[
        str, typer.Option(help="keep, blur, transparent, a colour or an image file.", rich_help_panel=_PHOTO)
    ] = "keep",
    size: Annotated[
        int | None, typer.Option(help="Short side in pixels, 64–2160 [default: by preset].", rich_help_panel=_VIDEO)
    ] = None,
    aspect: Annotated[
        str, typer.Option(help="source (the whole photo), 1:1, 9:16 or 16:9.", rich_help_panel=_VIDEO)
    ] = "1:1",
    fps: Annotated[float, typer.Option(help="Frames a second, 10–60.", rich_help_panel=_VIDEO)] = 25.0,
    preset: Annotated[str, typer.Option(help="draft, standard or high.", rich_help_panel=_VIDEO)] = "standard",
    container: Annotated[
        str | None,
        typer.Option("--format", help="mp4, webm or gif [default: by the output's suffix].", rich_help_panel=_VIDEO),
    ] = None,
    subtitles: Annotated[
        str | None, typer.Option(help="srt or vtt beside the video, or burn.", rich_help_panel=_VIDEO)
    ] = None,
    label: Annotated[
        str, typer.Option(help="Words in a corner of every frame, e.g. AI-generated.", rich_help_panel=_VIDEO)
    ] = "",
    engine: Annotated[
        str,
        typer.Option(help="Draws face and motion: auto or sadtalker, see docs/sadtalker.md.", rich_help_panel=_DRAWN),
    ] = "auto",
    preprocess: Annotated[
        str, typer.Option(help="What is animated: crop, extcrop, resize, full or extfull.", rich_help_panel=_DRAWN)
    ] = "crop",
    network_size: Annotated[
        int, typer.Option(help="What the networks draw: 256 or 512.", rich_help_panel=_DRAWN)
    ] = 256,
    enhance: Annotated[str | None, typer.Option(help="gfpgan sharpens the face.", rich_help_panel=_DRAWN)] = None,
    yaw: Annotated[
        str, typer.Option(help="Degrees the head turns through, e.g. -20,0,20.", rich_help_panel=_DRAWN)
    ] = "",
    nod: Annotated[str, typer.Option(help="The same for nodding.", rich_help_panel=_DRAWN)] = "",
    roll: Annotated[str, typer.Option(help="The same for tilting.", rich_help_panel=_DRAWN)] = "",
    blinks: Annotated[
        str, typer.Option(help="auto or none; eyelids only, the lips stay.", rich_help_panel=_DRAWN)
    ] = "auto",
    reference_video: Annotated[
        Path | None, typer.Option(help="Take head motion and blinks from a video.", rich_help_panel=_DRAWN)
    ] = None,
    reference_uses: Annotated[str, typer.Option(help="pose, blinks or both.", rich_help_panel=_DRAWN)] = "both",
    timeline: Annotated[
        Path | None, typer.Option(help="Also write words and phones as JSON lines.", rich_help_panel=_VIDEO)
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same video.", rich_help_panel=_VIDEO)] = 0,
    provenance: Annotated[
        bool | None,
        typer.Option(
            "--provenance/--no-provenance",
            help="Sign the file (C2PA) [default: if there is a certificate; see: paksatalker keys provenance].",
            rich_help_panel=_VIDEO,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout.")] = False,
) -> None:
    """Make a talking video from a photo and a text or a recording."""
    if text_file == "-" and text is None and audio is None:
        text, text_file = _stdin(), None
    request = Request(
        image=image,
        text=text,
        text_file=text_file,
        brief=brief,
        tone=tone,
        length=length,
        audio=audio,
        transcript=_transcript(transcript),
        loudness=loudness,
        voice=voice,
        speakers=tuple(speaker or ()),
        language=language,
        speed=speed,
        pitch=pitch,
        volume=volume,
        pronounce=tuple(pronounce or ()),
        dictionary=dictionary,
        emoji=emoji,
        markup=markup,
        emotion=emotion,
        emotion_intensity=emotion_intensity,
        expression_scale=expression_scale,
        head_motion=head_motion,
        pose_style=pose_style,
        still=still,
        size=size,
        aspect=aspect,
        fps=fps,
        background=background,
        face=face,
        seed=seed,
        subtitles=subtitles,
        label=label,
        preset=preset,
        format=container,
        face_engine=engine,
        renderer=engine,
        preprocess=preprocess,
        network_size=network_size,
        enhance=enhance,
        yaw=_angles("yaw", yaw),
        nod=_angles("nod", nod),
        roll=_angles("roll", roll),
        blinks=blinks,
        reference_video=reference_video,
        reference_uses=reference_uses,
    )
    with stop_requests() as cancel:
        from paksatalker.core.pipeline import Pipeline  # heavy: not for --help or a wrong option

        with Pipeline() as pipeline, ProgressView() as view:
            result = pipeline.generate(
                request, output, timeline=timeline, on_progress=view.update, cancel=cancel, provenance=provenance
            )
    for note in result.notes:
        say(f"note: {note}")
    if json:
        print_json(result.to_dict())
    else:
        typer.echo(result.path)


def _stdin() -> str:
    from paksatalker.core.text.load import read_text

    if sys.stdin is None:
        raise TextUnreadable("cannot read standard input", "it is closed", "Pipe a text into it, or give --text")
    return read_text(sys.stdin.buffer, "standard input")


def _transcript(value: str | None) -> str | Path | None:
    return Path(value[1:]) if value is not None and value.startswith("@") else value


def _angles(name: str, value: str) -> tuple[float, ...]:
    """Degrees with commas between them."""
    try:
        return tuple(float(part) for part in value.split(",")) if value else ()
    except ValueError as error:
        raise InvalidOption(
            f"--{name} cannot be '{value}'", "", "Give degrees with commas between: -20,0,20"
        ) from error
