"""What a user asks for: one validated value that the whole pipeline reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paksatalker.core import options
from paksatalker.core.languages import primary
from paksatalker.core.timeline import EMOTIONS
from paksatalker.errors import InvalidOption

#: Short side in pixels where ``size`` is not given. The ``source`` aspect keeps the photo's own size instead.
PRESET_SIZE: dict[str, int] = {"draft": 384, "standard": 512, "high": 1024}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """What is said and how, described. Checked when it is made.

    Attributes:
        text: What to say. Exactly one of ``text`` and ``text_file`` is given.
        text_file: A text file with what to say.
        voice: Name of a voice (``paksatalker voices``), or ``auto``: the best one for each sentence's language.
        speakers: Who speaks with which voice, each ``NAME=VOICE``; other speakers of a script get voices of their own.
        language: What the text is written in, a BCP-47 tag such as ``es``; ``auto`` looks at each sentence.
        speed: Speaking rate, 0.5–2.
        pitch: Semitones above the voice's own pitch, −6 to 6.
        volume: Decibels above the usual loudness, −24 to 6.
        markup: Whether the text is read as script markup (``docs/script.md``); plain prose stays itself.
        pronounce: How words are pronounced, each ``word = spelling`` or ``word = /IPA/``.
        dictionary: A file of such lines.
        emoji: ``feel``: not said, faces among them give their sentence an emotion where nothing else does; ``read``: by
            their names; ``skip``: nothing.
        emotion: One of :data:`~paksatalker.core.timeline.EMOTIONS`, or ``auto``: from words and marks of each sentence.
        emotion_intensity: 0–1.
        seed: Equal seeds and inputs give equal results, bit for bit, on one machine.
        speech_engine: Name of an engine, or ``auto``.

    Raises:
        InvalidOption: A value is outside its range, or two contradict each other.
    """

    text: str | None = None
    text_file: Path | str | None = None
    voice: str = "auto"
    speakers: tuple[str, ...] = ()
    language: str = "auto"
    speed: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0
    markup: bool = True
    pronounce: tuple[str, ...] = ()
    dictionary: Path | str | None = None
    emoji: str = "feel"
    emotion: str = "neutral"
    emotion_intensity: float = 1.0
    seed: int = 0
    speech_engine: str = "auto"

    def __post_init__(self) -> None:
        self._check_source()
        options.require_choice("emotion", self.emotion, (*EMOTIONS, "auto"))
        options.require_choice("emoji", self.emoji, options.EMOJI)
        options.require_range("speed", self.speed, options.SPEED)
        options.require_range("pitch", self.pitch, options.PITCH)
        options.require_range("volume", self.volume, options.VOLUME)
        options.require_range("emotion-intensity", self.emotion_intensity, options.INTENSITY)
        options.require_range("seed", self.seed, options.SEED)
        if self.language != "auto" and not _LANGUAGE.fullmatch(self.language):
            why = "it is no language tag"
            raise InvalidOption(f"--language cannot be '{self.language}'", why, "Give one like es or pt-BR, or auto")
        self.speaker_voices()  # refuses what is no pair

    def speaker_voices(self) -> dict[str, str]:
        """Voices by the names of speakers, as :attr:`speakers` has them.

        Raises:
            InvalidOption: An entry is not ``NAME=VOICE``, or somebody has two voices; never of a request that was made.
        """
        voices: dict[str, str] = {}
        for pair in self.speakers:
            name, sign, voice = (part.strip() for part in pair.partition("="))
            if not (name and sign and voice):
                fix = "Write it like --speaker Ada=af_heart"
                raise InvalidOption(f"--speaker cannot be '{pair}'", "it is not NAME=VOICE", fix)
            if voices.setdefault(name, voice) != voice:
                raise InvalidOption(f"the speaker '{name}' has two voices", f"'{voices[name]}' and '{voice}'")
        return voices

    @property
    def primary_language(self) -> str:
        """The language without its region; empty where it is to be found out."""
        return "" if self.language == "auto" else primary(self.language)

    def _check_source(self) -> None:
        require_one(text=self.text, text_file=self.text_file)
        require_text(self.text)


#: Fields that only some face engines and renderers know; given to others they are refused.
SPECIAL_OPTIONS: tuple[str, ...] = (
    "preprocess", "network_size", "enhance", "yaw", "nod", "roll", "blinks", "reference_video", "reference_uses",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(SpeechRequest):
    """A talking video, described. Checked when it is made.

    What is said comes from exactly one of ``text``, ``text_file``, ``brief`` and ``audio``.

    Attributes:
        image: The portrait: a path, encoded bytes, a Pillow image or uint8 [H, W, 3] RGB.
        brief: What a language model is to write about, see ``docs/writing.md``.
        tone: How what it writes sounds, e.g. ``friendly``.
        length: How long it takes to say: ``60s``, ``2m``, or seconds.
        audio: A recording to speak along with: any container and codec FFmpeg reads.
        transcript: What is said in ``audio``, or the path of a text file with it; makes the lips exact.
        loudness: What ``audio`` is brought to, LUFS, −36 to −9 (voices have −16); None leaves it as it is.
        expression_scale: Size of all facial movement, 0–2.
        head_motion: Size of head movement, 0–2.
        pose_style: 0–45: the character of the head movement.
        still: Keep the head almost still.
        size: Short side of the video, pixels, 64–2160; None leaves it to the preset (``source``: the photo's own).
        aspect: One of :data:`~paksatalker.core.options.ASPECTS`.
        fps: Frames a second, 10–60.
        background: ``keep``, ``blur``, ``transparent``, a colour (``#20304a``, ``navy``) or the path of an image.
        face: Which face of a group photo, 1 = largest; None takes the largest.
        subtitles: ``srt`` or ``vtt`` (a file beside the video), ``burn`` (in the picture), or None.
        label: Words in a corner of every frame, e.g. ``AI-generated``; empty for none.
        preset: ``draft``, ``standard`` or ``high``: size and encoder effort.
        format: ``mp4``, ``webm`` or ``gif``; None goes by the output's suffix.
        recording_engine: Name of an engine, or ``auto``.
        face_engine: Name of an engine, or ``auto``.
        renderer: Name of an engine, or ``auto``.
        preprocess: What SadTalker animates, one of :data:`~paksatalker.core.options.PREPROCESS`.
        network_size: 256 or 512: side of the square that SadTalker's networks draw, pixels.
        enhance: ``gfpgan`` sharpens the faces that SadTalker draws; None leaves them.
        yaw: Degrees that SadTalker's head passes through, spread over the video; empty leaves it to the network.
        nod: The same for nodding (its pitch; ``pitch`` is the voice's).
        roll: The same for tilting.
        blinks: ``auto`` lets SadTalker blink now and then, ``none`` never.
        reference_video: A video whose head motion or blinks SadTalker takes over.
        reference_uses: Which of them: ``pose``, ``blinks`` or ``both``.

    Raises:
        InvalidOption: A value is outside its range, or two contradict each other.
    """

    image: Any
    brief: str | None = None
    tone: str = ""
    length: str | float = "30s"
    audio: Path | str | None = None
    transcript: str | Path | None = None
    loudness: float | None = None
    expression_scale: float = 1.0
    head_motion: float = 1.0
    pose_style: int = 0
    still: bool = False
    size: int | None = None
    aspect: str = "1:1"
    fps: float = 25.0
    background: str | Path = "keep"
    face: int | None = None
    subtitles: str | None = None
    label: str = ""
    preset: str = "standard"
    format: str | None = None
    recording_engine: str = "auto"
    face_engine: str = "auto"
    renderer: str = "auto"
    preprocess: str = "crop"
    network_size: int = 256
    enhance: str | None = None
    yaw: tuple[float, ...] = ()
    nod: tuple[float, ...] = ()
    roll: tuple[float, ...] = ()
    blinks: str = "auto"
    reference_video: Path | str | None = None
    reference_uses: str = "both"

    def __post_init__(self) -> None:
        SpeechRequest.__post_init__(self)  # not super(): a class with slots is made anew
        options.require_choice("aspect", self.aspect, options.ASPECTS)
        options.require_choice("preset", self.preset, options.PRESETS)
        if self.subtitles is not None:
            options.require_choice("subtitles", self.subtitles, options.SUBTITLES)
        options.require_line("label", self.label)
        if self.format is not None:
            options.require_choice("format", self.format, options.FORMATS)
        options.require_range("expression-scale", self.expression_scale, options.STRENGTH)
        options.require_range("head-motion", self.head_motion, options.STRENGTH)
        options.require_range("pose-style", self.pose_style, options.POSE_STYLE)
        options.require_range("fps", self.fps, options.FPS)
        if self.size is not None:
            options.require_range("size", self.size, options.SIZE)
        if self.face is not None:
            options.require_range("face", self.face, options.FACE)
        self._check_sadtalker()

    def _check_sadtalker(self) -> None:
        options.require_choice("preprocess", self.preprocess, options.PREPROCESS)
        if self.network_size not in options.NETWORK_SIZES:
            raise InvalidOption(f"--network-size cannot be {self.network_size}", fix="Choose 256 or 512")
        if self.enhance is not None:
            options.require_choice("enhance", self.enhance, options.ENHANCERS)
        options.require_choice("blinks", self.blinks, options.BLINKS)
        options.require_choice("reference-uses", self.reference_uses, options.REFERENCE_USES)
        if self.reference_video is None and self.reference_uses != "both":
            raise InvalidOption("--reference-uses has no video", "--reference-video is not given", "Add it")
        if self.still and self.reference_video is not None and self.reference_uses == "pose":
            why = "the head cannot keep still and move as in a video"
            raise InvalidOption("--still contradicts --reference-uses pose", why, "Leave one of them out")
        if self.blinks == "none" and self.reference_video is not None and self.reference_uses == "blinks":
            why = "the eyes cannot stay open and blink as in a video"
            raise InvalidOption("--blinks none contradicts --reference-uses blinks", why, "Leave one of them out")
        for name in ("yaw", "nod", "roll"):
            for angle in getattr(self, name):
                options.require_range(name, angle, options.DEGREES)

    def _check_source(self) -> None:
        require_one(text=self.text, text_file=self.text_file, brief=self.brief, audio=self.audio)
        require_text(self.text)
        if self.transcript is not None and self.audio is None:
            raise InvalidOption("--transcript has no recording to go with", "--audio is not given", "Add --audio FILE")
        if self.loudness is not None:
            options.require_range("loudness", self.loudness, options.LOUDNESS)
            if self.audio is None:
                why = "--audio is not given, and voices have -16 LUFS"
                raise InvalidOption("--loudness has no recording to go with", why, "Leave it out, or use --volume")

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


def require_one(**sources: object) -> None:
    """Refuses all but exactly one source of what is said.

    Raises:
        InvalidOption: None is given, or several.
    """
    given = [_flag(name) for name, value in sources.items() if value is not None]
    if len(given) != 1:
        why = "none is given" if not given else f"{' and '.join(given)} are given"
        names = [_flag(name) for name in sources]
        fix = f"Give exactly one of {', '.join(names[:-1])} and {names[-1]}"
        raise InvalidOption("cannot tell what is to be said", why, fix)


def require_text(text: object) -> None:
    """Refuses what is no text.

    Raises:
        InvalidOption: It is of another type.
    """
    if text is not None and not isinstance(text, str):
        raise InvalidOption("--text is no text", f"it is of type {type(text).__name__}", "Give a str")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
