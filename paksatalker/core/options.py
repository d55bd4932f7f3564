"""What a user can choose: names and ranges, each written down once, and the one way in which others are refused."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from dataclasses import dataclass

from paksatalker.errors import InvalidOption

ASPECTS: tuple[str, ...] = ("source", "1:1", "9:16", "16:9")
FORMATS: tuple[str, ...] = ("mp4", "webm", "gif")
PRESETS: tuple[str, ...] = ("draft", "standard", "high")
NETWORK_SIZES: tuple[int, ...] = (256, 512)
#: What SadTalker animates: the face (``crop``), the face with a border (``extcrop``) or the whole picture squashed
#: (``resize``); in ``full`` and ``extfull`` the first two, put back into the whole picture.
PREPROCESS: tuple[str, ...] = ("crop", "extcrop", "resize", "full", "extfull")
ENHANCERS: tuple[str, ...] = ("gfpgan",)
BLINKS: tuple[str, ...] = ("auto", "none")
REFERENCE_USES: tuple[str, ...] = ("pose", "blinks", "both")
SOUND_FORMATS: tuple[str, ...] = ("wav", "flac", "mp3", "ogg", "opus", "m4a")
#: What becomes of emoji: they set the emotion of their sentence, are read by their names, or nothing.
EMOJI: tuple[str, ...] = ("feel", "read", "skip")
SUBTITLES: tuple[str, ...] = ("srt", "vtt", "burn")


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that an option can have, both ends included; whole ones only where it says so."""

    low: float
    high: float
    whole: bool = False

    def __contains__(self, value: object) -> bool:
        if isinstance(value, numbers.Integral):
            return self.low <= int(value) <= self.high
        return not self.whole and isinstance(value, numbers.Real) and self.low <= float(value) <= self.high

    def __str__(self) -> str:
        return f"{self.low:g}–{self.high:g}"


SPEED = Range(0.5, 2)
PITCH = Range(-6, 6)  # semitones
VOLUME = Range(-24, 6)  # decibels
LOUDNESS = Range(-36, -9)  # LUFS of a recording: from that of a film's quiet talk to what platforms turn down
INTENSITY = Range(0, 1)
STRENGTH = Range(0, 2)  # of facial expression and of head motion; 1 is natural
POSE_STYLE = Range(0, 45, whole=True)
FPS = Range(10, 60)
SIZE = Range(64, 2160, whole=True)
FACE = Range(1, 64, whole=True)
DEGREES = Range(-90, 90)
SEED = Range(0, 2**63 - 1, whole=True)


def require_choice(option: str, value: object, choices: Iterable[str]) -> None:
    """Refuses a name that is not among the choices.

    Args:
        option: The option's name as the command line has it, without dashes in front.
        value: What the user gave.
        choices: What can be given.

    Raises:
        InvalidOption: It is none of them.
    """
    names = tuple(choices)
    if value not in names:
        raise InvalidOption(f"--{option} cannot be '{value}'", fix=f"Choose one of: {', '.join(names)}")


def require_range(option: str, value: object, allowed: Range) -> None:
    """Refuses a number outside its range, and what is no number.

    Args:
        option: The option's name as the command line has it, without dashes in front.
        value: What the user gave.
        allowed: What can be given.

    Raises:
        InvalidOption: It is outside.
    """
    if value not in allowed:
        kind, digits = ("whole number", "d") if allowed.whole else ("number", "g")
        span = f"{allowed.low:{digits}} to {allowed.high:{digits}}"
        raise InvalidOption(f"--{option} cannot be {value}", fix=f"Give a {kind} from {span}")


def require_line(option: str, value: str, most: int = 60) -> None:
    """Refuses what is no short line of text.

    Args:
        option: The option's name as the command line has it, without dashes in front.
        value: What the user gave; empty is fine.
        most: Letters that are taken.

    Raises:
        InvalidOption: It is too long, or has letters that are not printed.
    """
    if value and (len(value) > most or not value.isprintable() or not value.strip()):
        raise InvalidOption(f"--{option} cannot be '{value[:most]}'", fix=f"Give one line of up to {most} letters")
