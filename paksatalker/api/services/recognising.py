"""What is said into microphones, as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from paksatalker.api.services.streaming import Pool
from paksatalker.core.engines import find
from paksatalker.core.timeline import FloatArray

_ENGINE = "whisper"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood.

    Attributes:
        text: Empty if nothing was.
        language: ISO 639-1.
        sure: Probability of the language, 1 where it was given.
    """

    text: str
    language: str
    sure: float = 1.0


class Ear(Protocol):
    """Understands speech. Used by one thread at a time."""

    def understand(self, samples: FloatArray, language: str | None) -> Transcript:
        """What is said in up to 30 s of sound.

        Args:
            samples: At 16 kHz.
            language: ISO 639-1; None listens for it.

        Raises:
            InvalidOption: The language is not known.
        """
        ...


class EarPool(Pool[Ear]):
    """A few ears, made when they are needed.

    Args:
        slots: How many microphones are understood at a time; a model runs for each.
        make: Makes an ear.
        check: Raises :class:`~paksatalker.errors.EngineUnavailable` where none can be made.
    """

    def __init__(
        self, slots: int, make: Callable[[], Ear] | None = None, check: Callable[[], None] | None = None
    ) -> None:
        super().__init__(make or _WhisperEar, lambda _: None, slots)
        self.check = check or (_check if make is None else _always)


def _always() -> None:
    return


def _check() -> None:
    if hindrance := find("recording", _ENGINE).hindrance():
        raise hindrance


class _WhisperEar:
    """Whisper, kept in memory."""

    def __init__(self) -> None:
        from paksatalker.core.audio.recordings.whisper import Recogniser  # heavy: not for an API that never listens
        from paksatalker.core.audio.recordings.whisper_recording import WEIGHTS
        from paksatalker.models.base import WeightsStore

        self._recogniser = Recogniser(WeightsStore().path(WEIGHTS))

    def understand(self, samples: FloatArray, language: str | None) -> Transcript:
        from paksatalker.core.audio.recordings.whisper import UNSPACED
        from paksatalker.errors import InvalidOption

        sure = 1.0
        if language is None:
            language, sure = self._recogniser.language(samples)
        try:
            words = self._recogniser.words(samples, language)
        except ValueError as error:
            raise InvalidOption(f"'{language}' is not understood", str(error), "Give a code such as en") from error
        glue = "" if language in UNSPACED else " "
        return Transcript(glue.join(word.text for word in words), language, sure)
