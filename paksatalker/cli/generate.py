"""``paksatalker generate``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paksatalker.cli import options
from paksatalker.cli.console import ProgressView, note, print_json, read_stdin
from paksatalker.cli.interrupt import stop_requests
from paksatalker.core.request import Request
from paksatalker.errors import InvalidOption


def generate(
    *,
    image: Annotated[Path, typer.Option("--image", "-i", help="The portrait photo.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The video to write: .mp4, .webm or .gif.")],
    text: Annotated[str | None, typer.Option(help="The text to say.")] = None,
    text_file: options.TextFile = None,
    brief: Annotated[str | None, typer.Option(help="What a language model writes about, see docs/writing.md.")] = None,
    tone: Annotated[str, typer.Option(help="How what it writes sounds, e.g. friendly.")] = "",
    length: Annotated[str, typer.Option(help="How long it takes to say: 30s, 2m, 1:30.")] = "30s",
    audio: Annotated[Path | None, typer.Option(help="A recording to speak along with, in any common format.")] = None,
    transcript: Annotated[
        str | None, typer.Option(help="What is said in --audio, or @FILE: makes the lips exact.")
    ] = None,
    loudness: Annotated[
        float | None, typer.Option(help="What --audio is brought to, LUFS, e.g. -16 [default: as it is].")
    ] = None,
    voice: options.Voice = "auto",
    speakers: options.Speakers = None,
    language: options.Language = "auto",
    speed: options.Speed = 1.0,
    pitch: options.Pitch = 0.0,
    volume: options.Volume = 0.0,
    pronounce: options.Pronounce = None,
    dictionary: options.Dictionary = None,
    markup: options.Markup = True,
    emoji: options.Emoji = "feel",
    emotion: options.Emotion = "neutral",
    emotion_intensity: options.EmotionIntensity = 1.0,
    expression_scale: Annotated[float, typer.Option(help="Size of facial movement, 0–2.")] = 1.0,
    head_motion: Annotated[float, typer.Option(help="Size of head movement, 0–2.")] = 1.0,
    pose_style: Annotated[int, typer.Option(help="Character of the head movement, 0–45.")] = 0,
    still: Annotated[bool, typer.Option("--still", help="Keep the head almost still.")] = False,
    face: Annotated[int | None, typer.Option(help="Which face of a group photo; 1 is the largest.")] = None,
    background: Annotated[str, typer.Option(help="keep, blur, transparent, a colour or an image file.")] = "keep",
    size: Annotated[int | None, typer.Option(help="Short side in pixels, 64–2160 [default: by preset].")] = None,
    aspect: Annotated[str, typer.Option(help="source (the whole photo), 1:1, 9:16 or 16:9.")] = "1:1",
    fps: Annotated[float, typer.Option(help="Frames a second, 10–60.")] = 25.0,
    preset: Annotated[str, typer.Option(help="draft, standard or high.")] = "standard",
    container: Annotated[
        str | None, typer.Option("--format", help="mp4, webm or gif [default: by the output's suffix].")
    ] = None,
    subtitles: Annotated[str | None, typer.Option(help="srt or vtt beside the video, or burn.")] = None,
    label: Annotated[str, typer.Option(help="Words in a corner of every frame, e.g. AI-generated.")] = "",
    engine: Annotated[
        str, typer.Option(help="Draws face and motion: auto or sadtalker, see docs/sadtalker.md.")
    ] = "auto",
    preprocess: Annotated[
        str, typer.Option(help="SadTalker animates: crop, extcrop, resize, full or extfull.")
    ] = "crop",
    network_size: Annotated[int, typer.Option(help="SadTalker's networks draw: 256 or 512 pixels.")] = 256,
    enhance: Annotated[str | None, typer.Option(help="SadTalker: gfpgan sharpens the face.")] = None,
    yaw: Annotated[str, typer.Option(help="SadTalker: degrees the head turns through, e.g. -20,0,20.")] = "",
    nod: Annotated[str, typer.Option(help="The same for nodding.")] = "",
    roll: Annotated[str, typer.Option(help="The same for tilting.")] = "",
    blinks: Annotated[str, typer.Option(help="SadTalker: auto or none; eyelids only, the lips stay.")] = "auto",
    reference_video: Annotated[
        Path | None, typer.Option(help="SadTalker: take head motion and blinks from a video.")
    ] = None,
    reference_uses: Annotated[str, typer.Option(help="What of that video: pose, blinks or both.")] = "both",
    timeline: options.Timeline = None,
    seed: Annotated[int, typer.Option(help="Same seed, same video.")] = 0,
    provenance: options.Provenance = None,
    json: options.Json = False,
) -> None:
    """Make a talking video from a photo and a text or a recording."""
    if text_file == "-" and text is None and audio is None:
        text, text_file = read_stdin("give --text"), None
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
        speakers=tuple(speakers or ()),
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
    for remark in result.notes:
        note(remark)
    if json:
        print_json(result.to_dict())
    else:
        typer.echo(result.path)


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
