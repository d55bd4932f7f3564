"""What a user asks for: one validated value that the whole pipeline reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paksatalker.core import options
from paksatalker.core.timeline import EMOTIONS
from paksatalker.errors import InvalidOption

#: Short side in pixels where ``size`` is not given. The ``source`` aspect keeps the photo's own size instead.
PRESET_SIZE: dict[str, int] = {"draft": 384, "standard": 512, "high": 1024}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A talking video, described. Checked when it is made.

    Attributes:
        image: The portrait: a path, encoded bytes, a Pillow image or uint8 [H, W, 3] RGB.
        text: What to say. Exactly one of ``text``, ``text_file`` and ``audio`` is given.
        text_file: A text file with what to say.
        audio: A recording to speak along with: any container and codec FFmpeg reads.
        transcript: What is said in ``audio``, or the path of a text file with it; makes the lips exact.
        voice: Name of a voice (``paksatalker voices``), or ``auto``.
        speed: Speaking rate, 0.5–2.
        markup: Whether the text is read as script markup (``docs/script.md``); plain prose stays itself.
        pronounce: How words are pronounced, each ``word = spelling`` or ``word = /IPA/``.
        dictionary: A file of such lines.
        emotion: One of :data:`~paksatalker.core.timeline.EMOTIONS`, or ``auto``: from words and marks of each sentence.
        emotion_intensity: 0–1.
        expression_scale: Size of all facial movement, 0–2.
        head_motion: Size of head movement, 0–2.
        pose_style: 0–45: the character of the head movement.
        still: Keep the head almost still.
        size: Short side of the video, pixels, 64–2160; None leaves it to the preset (``source``: the photo's own).
        aspect: One of :data:`~paksatalker.core.options.ASPECTS`.
        fps: Frames a second, 10–60.
        background: ``keep``, ``blur``, ``transparent``, a colour (``#20304a``, ``navy``) or the path of an image.
        face: Which face of a group photo, 1 = largest; None takes the largest.
        seed: Equal seeds and inputs give equal frames, bit for bit, on one machine.
        subtitles: ``srt`` or ``vtt`` (a file beside the video), ``burn`` (in the picture), or None.
        preset: ``draft``, ``standard`` or ``high``: size and encoder effort.
        format: ``mp4``, ``webm`` or ``gif``; None goes by the output's suffix.
        speech_engine: Name of an engine, or ``auto``.
        recording_engine: Name of an engine, or ``auto``.
        face_engine: Name of an engine, or ``auto``.
        renderer: Name of an engine, or ``auto``.

    Raises:
        InvalidOption: A value is outside its range, or two contradict each other.
    """

    image: Any
    text: str | None = None
    text_file: Path | str | None = None
    audio: Path | str | None = None
    transcript: str | Path | None = None
    voice: str = "auto"
    speed: float = 1.0
    markup: bool = True
    pronounce: tuple[str, ...] = ()
    dictionary: Path | str | None = None
    emotion: str = "neutral"
    emotion_intensity: float = 1.0
    expression_scale: float = 1.0
    head_motion: float = 1.0
    pose_style: int = 0
    still: bool = False
    size: int | None = None
    aspect: str = "1:1"
    fps: float = 25.0
    background: str | Path = "keep"
    face: int | None = None
    seed: int = 0
    subtitles: str | None = None
    preset: str = "standard"
    format: str | None = None
    speech_engine: str = "auto"
    recording_engine: str = "auto"
    face_engine: str = "auto"
    renderer: str = "auto"

    def __post_init__(self) -> None:
        self._check_source()
        options.require_choice("emotion", self.emotion, (*EMOTIONS, "auto"))
        options.require_choice("aspect", self.aspect, options.ASPECTS)
        options.require_choice("preset", self.preset, options.PRESETS)
        if self.subtitles is not None:
            options.require_choice("subtitles", self.subtitles, options.SUBTITLES)
        if self.format is not None:
            options.require_choice("format", self.format, options.FORMATS)
        options.require_range("speed", self.speed, options.SPEED)
        options.require_range("emotion-intensity", self.emotion_intensity, options.INTENSITY)
        options.require_range("expression-scale", self.expression_scale, options.STRENGTH)
        options.require_range("head-motion", self.head_motion, options.STRENGTH)
        options.require_range("pose-style", self.pose_style, options.POSE_STYLE)
        options.require_range("fps", self.fps, options.FPS)
        options.require_range("seed", self.seed, options.SEED)
        if self.size is not None:
            options.require_range("size", self.size, options.SIZE)
        if self.face is not None:
            options.require_range("face", self.face, options.FACE)

    def _check_source(self) -> None:
        given = [n for n in ("text", "text_file", "audio") if getattr(self, n) is not None]
        if len(given) != 1:
            why = "none is given" if not given else " and ".join(_flag(n) for n in given) + " are given"
            raise InvalidOption(
                "cannot tell what is to be said", why, "Give exactly one of --text, --text-file and --audio"
            )
        if self.text is not None and not isinstance(self.text, str):
            raise InvalidOption("--text is no text", f"it is of type {type(self.text).__name__}", "Give a str")
        if self.transcript is not None and self.audio is None:
            raise InvalidOption("--transcript has no recording to go with", "--audio is not given", "Add --audio FILE")

    @property
    def transparent(self) -> bool:
        """Whether frames get an alpha channel."""
        return str(self.background).strip().lower() == "transparent"

    @property
    def short_side(self) -> int | None:
        """The short side to render at, pixels; None keeps the photo's own size."""
        if self.size is not None or self.aspect == "source":
            return self.size
        return PRESET_SIZE[self.preset]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
