"""How long a text takes to say, and how long it is asked to be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from paksatalker.core.languages import primary
from paksatalker.core.text.sentences import SENTENCE_PAUSE
from paksatalker.errors import InvalidOption

#: How far a written text may be from the length that was asked for, as a share of it.
TOLERANCE = 0.15
#: Lengths that can be asked for, seconds.
SHORTEST, LONGEST = 5.0, 1800.0

# Characters a second, without pauses. English is that of the bundled voice (40 sentences, least squares). For the
# others: syllables a second of eight languages by Pellegrino, Coupé and Marsico (2011), in proportion to English, times
# letters in a syllable.
_RATES = {
    "en": 18.0, "es": 18.0, "fr": 17.5, "de": 17.5, "it": 17.5, "pt": 17.0, "hi": 14.0, "ur": 13.0, "ar": 12.0,
    "ru": 15.5, "zh": 5.0, "ja": 8.0, "ko": 7.5,
}  # fmt: skip
_DIGIT = 4.0  # a digit is said with about four letters
_DURATION = re.compile(
    r"(?:(?P<m>\d+(?:\.\d+)?)\s*m(?:in)?)?\s*(?:(?P<s>\d+(?:\.\d+)?)\s*(?:s(?:ec)?)?)?", re.IGNORECASE
)
_CLOCK = re.compile(r"(\d+):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class SpeakingRate:
    """How fast a voice speaks.

    Attributes:
        characters: A second, without pauses.
        pause: After each sentence, seconds.
        measure: Has a sentence spoken and tells the seconds with the pause; None estimates by the other two.
    """

    characters: float
    pause: float = SENTENCE_PAUSE
    measure: Callable[[str], float] | None = field(default=None, compare=False)

    def seconds(self, sentence: str) -> float:
        """How long one sentence takes, with the pause after it."""
        if self.measure is not None:
            return self.measure(sentence)
        return weight(sentence) / self.characters + self.pause


def weight(text: str) -> float:
    """Length of a text in letters as they are said."""
    return len(text) + (_DIGIT - 1) * sum(map(str.isdigit, text))


def rate_of(language: str, speed: float = 1.0) -> SpeakingRate:
    """How fast voices of a language speak, as far as we know."""
    base = _RATES.get(primary(language), _RATES["en"])
    return SpeakingRate(base * speed)


def parse_length(text: str) -> float:
    """Reads ``60s``, ``60``, ``2m``, ``1m30s`` or ``1:30``.

    Returns:
        Seconds.

    Raises:
        InvalidOption: It is none of these, or shorter or longer than can be written.
    """
    stripped = text.strip()
    if clock := _CLOCK.fullmatch(stripped):
        seconds = 60.0 * int(clock[1]) + int(clock[2])
    else:
        match = _DURATION.fullmatch(stripped)
        if not stripped or match is None:
            raise InvalidOption(f"--length cannot be '{text}'", fix="Give a time such as 60s, 2m or 1:30")
        seconds = 60.0 * float(match["m"] or 0) + float(match["s"] or 0)
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidOption(f"--length cannot be '{text}'", fix=f"Give {SHORTEST:g} s to {LONGEST / 60:g} min")
    return seconds
