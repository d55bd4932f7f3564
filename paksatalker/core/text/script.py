"""The script: what is said and how, before it is cut into sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from paksatalker.core.timeline import StageCue, Utterance


@dataclass(frozen=True, slots=True, order=True)
class ScriptWarning:
    """Something in a script that is not as its writer may have meant it. Lines and columns count from 1."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Script:
    """A directed text.

    Attributes:
        utterances: Stretches of text under one direction, in order. Unlike the utterances that are spoken they may hold
            several sentences, white space is as written, and ``pause_after`` is 0 where the text itself decides.
        warnings: What the writer should look at. They do not count when scripts are compared.
    """

    utterances: tuple[Utterance, ...]
    warnings: tuple[ScriptWarning, ...] = field(default=(), compare=False)

    @property
    def text(self) -> str:
        """All that is said, without direction."""
        return "".join(utterance.text for utterance in self.utterances)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names of those who speak, in the order of their first words."""
        spoken = (u for u in self.utterances if u.text.strip())
        return tuple(dict.fromkeys(u.speaker for u in spoken if u.speaker))

    @property
    def voices(self) -> tuple[str, ...]:
        """Names of the voices that the script asks for."""
        return tuple(dict.fromkeys(u.voice for u in self.utterances if u.voice))

    def cues(self) -> Iterator[tuple[Utterance, StageCue]]:
        """All cues in order, each with its utterance."""
        for utterance in self.utterances:
            for cue in utterance.cues:
                yield utterance, cue


def same_direction(one: Utterance, other: Utterance) -> bool:
    """Whether two utterances are said by the same person in the same way."""
    return direction(one) == direction(other)


def direction(utterance: Utterance) -> tuple[str, str, str, float, float, float, float, str]:
    """What an utterance shares with others under the same direction."""
    u = utterance
    return u.speaker, u.voice, u.emotion, u.intensity, u.rate, u.pitch, u.volume, u.language
