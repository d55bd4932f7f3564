"""How something is said: rate, pitch, range of the melody, loudness, pauses and stressed words; and what emotions do.

The directions are those that studies of acted speech agree on (Murray and Arnott 1993; Juslin and Laukka 2003): joy and
anger are faster, louder and livelier, sadness and calm slower, softer and flatter. The amounts are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from paksatalker.core.options import PITCH, SPEED, require_range
from paksatalker.core.timeline import FloatArray, Utterance

_WIDEST_PITCH = 12.0  # semitones; beyond that no voice sounds like a person
BREAKS = frozenset(",.!?;:—…")

#: A stressed word: semitones higher, times longer, decibels louder.
STRESS_PITCH, STRESS_LENGTH, STRESS_GAIN = 2.5, 1.25, 2.5
_LIVELIEST = 9.0  # semitones that the melody is moved at most to widen or narrow it


@dataclass(frozen=True, slots=True)
class Manner:
    """What an emotion does to the voice, at full intensity.

    Attributes:
        rate: Factor of the speaking rate.
        pitch: Semitones.
        range: Factor of the melody's distance from its mean, in semitones.
        volume: Decibels.
        pauses: Factor of the pauses inside of sentences.
    """

    rate: float = 1.0
    pitch: float = 0.0
    range: float = 1.0
    volume: float = 0.0
    pauses: float = 1.0

    def scaled(self, intensity: float) -> Manner:
        """The same, ``intensity`` (0–1) times as strong."""
        return Manner(
            self.rate**intensity,
            self.pitch * intensity,
            self.range**intensity,
            self.volume * intensity,
            self.pauses**intensity,
        )


MANNERS: dict[str, Manner] = {
    "neutral": Manner(),
    "happy": Manner(1.06, 1.2, 1.3, 1.0, 0.9),
    "excited": Manner(1.13, 2.0, 1.5, 2.0, 0.8),
    "angry": Manner(1.06, 0.6, 1.3, 2.5, 0.8),
    "surprised": Manner(1.02, 2.2, 1.5, 1.0, 1.0),
    "fearful": Manner(1.1, 1.8, 0.85, -1.5, 0.9),
    "sad": Manner(0.87, -1.2, 0.7, -2.5, 1.4),
    "disgusted": Manner(0.92, -1.0, 0.9, 0.0, 1.2),
    "calm": Manner(0.93, -0.5, 0.8, -1.5, 1.25),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How phonemes are said.

    Attributes:
        speed: Speaking rate as a factor.
        pitch: Semitones above the voice's own.
        range: Factor of the melody's distance from its mean; 1 leaves the melody as it is.
        pauses: Factor of the length of pauses at punctuation.
        stresses: First and last index of the symbols of each stressed word.
    """

    speed: float = 1.0
    pitch: float = 0.0
    range: float = 1.0
    pauses: float = 1.0
    stresses: tuple[tuple[int, int], ...] = ()

    @classmethod
    def asked(cls, speed: float, pitch: float) -> Self:
        """The delivery that a user asks for.

        Raises:
            InvalidOption: Speed or pitch out of range.
        """
        require_range("speed", speed, SPEED)
        require_range("pitch", pitch, PITCH)
        return cls(speed, pitch)

    def with_changes(self, rate: float, pitch: float) -> Self:
        """This delivery, ``rate`` times as fast and ``pitch`` semitones higher, as far as voices can go."""
        speed = min(max(self.speed * rate, SPEED.low), SPEED.high)
        return replace(self, speed=speed, pitch=min(max(self.pitch + pitch, -_WIDEST_PITCH), _WIDEST_PITCH))

    def of(self, utterance: Utterance) -> Self:
        """This delivery with an utterance's own rate, pitch and emotion on top."""
        manner = manner_of(utterance)
        changed = self.with_changes(utterance.rate * manner.rate, utterance.pitch + manner.pitch)
        return replace(changed, range=self.range * manner.range, pauses=self.pauses * manner.pauses)

    @property
    def pitch_factor(self) -> float:
        """What the fundamental frequency is multiplied by."""
        return float(2 ** (self.pitch / 12))

    @property
    def is_plain(self) -> bool:
        """Whether the melody keeps its shape."""
        return self.range == 1.0 and not self.stresses

    def lengths(self, symbols: str) -> FloatArray:
        """Factors of the symbols' durations [S]."""
        factors = np.ones(len(symbols), np.float32)
        if self.pauses != 1.0:
            factors[[symbol in BREAKS for symbol in symbols]] = self.pauses
        for first, last in self.stresses:
            factors[first : last + 1] *= STRESS_LENGTH
        return factors

    def melody(self, f0: npt.NDArray[np.floating], borders: npt.NDArray[np.float64], duration: float) -> FloatArray:
        """What the fundamental frequency is multiplied by, over time.

        Args:
            f0: As the network has it [T], Hz; unvoiced below 20.
            borders: Of the symbols [S + 1], seconds.
            duration: Seconds that ``f0`` covers.
        """
        factor = np.full(len(f0), self.pitch, np.float64)
        voiced = f0 > 20
        if self.range != 1.0 and voiced.any():
            semitones = 12 * np.log2(f0[voiced])
            widened = (semitones - semitones.mean()) * (self.range - 1)
            factor[voiced] += np.clip(widened, -_LIVELIEST, _LIVELIEST)
        times = (np.arange(len(f0)) + 0.5) * duration / max(len(f0), 1)
        for first, last in self.stresses:
            factor += STRESS_PITCH * hump(times, float(borders[first]), float(borders[last + 1]))
        return np.asarray(2 ** (factor / 12), np.float32)


def manner_of(utterance: Utterance) -> Manner:
    """What the utterance's emotion does to the voice."""
    return MANNERS.get(utterance.emotion, MANNERS["neutral"]).scaled(utterance.intensity)


def hump(times: npt.NDArray[np.float64], start: float, end: float, edge: float = 0.06) -> npt.NDArray[np.float64]:
    """1 from ``start`` to ``end``, falling to 0 within ``edge`` seconds outside as half a cosine."""
    outside = np.maximum(np.maximum(start - times, times - end), 0.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.minimum(outside / edge, 1.0)))
