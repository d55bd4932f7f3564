"""``paksatalker say``: a text becomes a sound file."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.progress import TaskProgressColumn, TextColumn

from paksatalker.cli import options
from paksatalker.cli.console import BarView, note, print_json, read_stdin
from paksatalker.cli.console import say as tell
from paksatalker.cli.interrupt import stop_requests
from paksatalker.errors import InvalidOption, OutputUnwritable

if TYPE_CHECKING:
    from paksatalker.core.saying import SpeechProgress, SpokenResult

_SECONDS_BETWEEN_LINES = 10.0


def say(
    text: Annotated[str | None, typer.Argument(help="What to say; - reads stdin.", show_default=False)] = None,
    *,
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="The file: .wav, .flac, .mp3, .ogg, .opus or .m4a; - is a WAV on stdout."),
    ],
    text_file: options.TextFile = None,
    voice: options.Voice = "auto",
    speakers: options.Speakers = None,
    language: options.Language = "auto",
    speed: options.Speed = 1.0,
    pitch: options.Pitch = 0.0,
    volume: options.Volume = 0.0,
    emotion: options.Emotion = "neutral",
    emotion_intensity: options.EmotionIntensity = 1.0,
    pronounce: options.Pronounce = None,
    dictionary: options.Dictionary = None,
    emoji: options.Emoji = "feel",
    markup: options.Markup = True,
    subtitles: Annotated[str | None, typer.Option(help="srt or vtt beside the sound.")] = None,
    timeline: options.Timeline = None,
    sound_format: Annotated[
        str | None, typer.Option("--format", help="wav, flac, mp3, ogg, opus or m4a [default: by the suffix].")
    ] = None,
    engine: Annotated[str, typer.Option(help="The speech engine; see: paksatalker engines.")] = "auto",
    seed: Annotated[int, typer.Option(help="Same seed, same sound.")] = 0,
    provenance: options.Provenance = None,
    json: options.Json = False,
) -> None:
    """Speak a text into a sound file."""
    if output == "-" and json:
        raise InvalidOption("--json cannot be used with -o -", "stdout holds the sound", "Leave one of them out")
    if output == "-" and sound_format not in (None, "wav"):
        raise InvalidOption(f"{sound_format} cannot be streamed", "stdout gets a WAV", "Leave --format out")
    if text == "-" or (text_file == "-" and text is None):
        text, text_file = read_stdin("write it out"), None
    with suppress(BrokenPipeError), stop_requests() as cancel:  # a player that has heard enough is no error
        from paksatalker.core.saying import say as speak  # heavy: not for --help or a wrong option

        with _SoundView() as view:
            result = speak(
                _stdout() if output == "-" else output,
                text,
                format=sound_format,
                subtitles=subtitles,
                timeline=timeline,
                on_progress=view.update,
                cancel=cancel,
                provenance=provenance,
                text_file=text_file,
                voice=voice,
                speakers=tuple(speakers or ()),
                language=language,
                speed=speed,
                pitch=pitch,
                volume=volume,
                emotion=emotion,
                emotion_intensity=emotion_intensity,
                pronounce=tuple(pronounce or ()),
                dictionary=dictionary,
                emoji=emoji,
                markup=markup,
                speech_engine=engine,
                seed=seed,
            )
        _report(result, json=json)


def _report(result: SpokenResult, *, json: bool) -> None:
    for remark in result.notes:
        note(remark)
    if json:
        print_json(result.to_dict())
    elif result.path is not None:
        typer.echo(result.path)


class _SoundView(BarView):
    """Progress on stderr: a bar on a terminal, now and then a line elsewhere."""

    def __init__(self) -> None:
        super().__init__(TaskProgressColumn(), TextColumn("{task.fields[detail]}"), transient=True)
        if self._bar:
            self._task = self._bar.add_task("speaking", total=1.0, detail="")
        self._last_line = time.monotonic()

    def update(self, state: SpeechProgress) -> None:
        """Shows a new state."""
        detail = f"{state.seconds:.0f} s of speech, {state.realtime:.0f} times real time"
        if self._bar:
            self._bar.update(self._task, completed=state.fraction, detail=detail)
        elif time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            tell(f"{detail} ({state.fraction:.0%})")


def _stdout() -> IO[bytes]:
    if sys.stdout.isatty():
        raise OutputUnwritable(
            "no sound is written to the terminal", "it would show it as text", "Pipe it: paksatalker say … -o - | aplay"
        )
    return sys.stdout.buffer
