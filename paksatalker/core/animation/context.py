"""What the animator knows of the speech around now: a sliding window over the pieces, flat in memory.

Everything derived here (speaking spans, phrases, accents) depends on the speech near a moment only, never on where the
pieces are cut, provided that :data:`LOOKAHEAD` seconds beyond the moment are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from paksatalker.core.timeline import ARPABET, Phone, Prosody, Speech, frame_span

Array = npt.NDArray[np.float64]

#: A frame is made once this many seconds of speech after it are known.
LOOKAHEAD = 0.4
#: Seconds of speech kept behind the last frame made.
HISTORY = 2.0
#: Seconds for which phrases are remembered: the breath they were begun with lasts that long.
BREATH = 12.0
#: Phones this far behind the known end can no longer be changed by what follows.
_SETTLED = 0.6
#: Sounds closer together than this belong to one phrase.
PHRASE_GAP = 0.25
#: Pauses at least this long silence whatever an aligner put into them.
_PAUSE = 0.15
#: A stop is silent before it bursts: a phone may begin this long before a pause ends, and linger this long into one.
_ONSET, _OFFSET = 0.08, 0.03
#: Below this loudness nothing moves where there are no phones.
_AUDIBLE = 0.20
#: Symbol of a stretch of sound of which only the loudness is known.
SOUND = "*"


@dataclass(frozen=True, slots=True)
class Sound:
    """A phone with what its realisation depends on.

    Attributes:
        symbol: ARPAbet, or :data:`SOUND`.
        start: Seconds.
        end: Seconds.
        stress: 0, 1 or 2; −1 where nothing is known about stress.
        loudness: Mean energy, 0 to about 1; negative where there is no prosody.
    """

    symbol: str
    start: float
    end: float
    stress: int = -1
    loudness: float = -1.0


@dataclass(frozen=True, slots=True)
class Mood:
    """An emotion over a span of the clock."""

    start: float
    end: float
    emotion: str
    intensity: float


_Timed = TypeVar("_Timed", Phone, Sound)


class SpeechContext:
    """The sliding window. Feed it with :meth:`add`, trim it with :meth:`forget`."""

    def __init__(self) -> None:
        self.end = 0.0
        self.final = False
        self.moods: list[Mood] = []
        self.questions: list[float] = []
        self._raw: list[Phone] = []
        self._settled: list[Sound] = []
        self._tail: list[Sound] = []
        self._phrases: list[tuple[float, float]] = []
        self._pauses: list[tuple[float, float]] = []
        self._stress_marked = False
        self._times: Array = np.zeros(0)
        self._tracks: Array = np.zeros((0, 3))  # energy, voiced, accent

    # --- feeding -----------------------------------------------------------------------------------------------------
    def add(self, piece: Speech) -> None:
        """Takes the next piece.

        Raises:
            ValueError: The piece overlaps the one before, or a phone is not ARPAbet.
        """
        if piece.start < self.end - 1e-3:
            raise ValueError(
                f"a piece starts at {piece.start:.3f} s, before the end of the one before, {self.end:.3f} s"
            )
        self.end = piece.end
        self._add_mood(Mood(piece.start, piece.end, piece.emotion, float(np.clip(piece.intensity, 0.0, 1.0))))
        if piece.prosody is not None:
            self._add_prosody(piece.prosody, piece.start)
        phones = [p for p in piece.phones if p.symbol != "SIL" and p.end > p.start]
        for phone in phones:
            if phone.symbol not in ARPABET:
                raise ValueError(f"'{phone.symbol}' is not an ARPAbet symbol")
        if not phones and piece.prosody is not None:
            phones = self._audible(piece)
        self._raw.extend(phones)
        if piece.text.rstrip(" \"'”’)").endswith(("?", "？")) and phones:
            self.questions.append(phones[-1].end)
        self._settle()

    def _add_mood(self, mood: Mood) -> None:
        last = self.moods[-1] if self.moods else None
        if last and (last.emotion, last.intensity) == (mood.emotion, mood.intensity):
            self.moods[-1] = replace(last, end=mood.end)
        else:
            self.moods.append(mood)

    def _add_prosody(self, prosody: Prosody, start: float) -> None:
        times = _grid(prosody, start)
        rows = np.column_stack([prosody.energy, prosody.voiced, prosody.accent]).astype(np.float64)
        later = times > (self._times[-1] + 1e-6 if len(self._times) else -np.inf)
        self._times = np.concatenate([self._times, times[later]])
        self._tracks = np.concatenate([self._tracks, rows[later]])
        for a, b in prosody.pauses:
            if self._pauses and a <= self._pauses[-1][1] + 0.02:  # a pause that goes on across the border
                self._pauses[-1] = (self._pauses[-1][0], max(b, self._pauses[-1][1]))
            else:
                self._pauses.append((a, b))

    def _audible(self, piece: Speech) -> list[Phone]:
        """Stretches of sound in a piece whose phones are unknown."""
        prosody = piece.prosody
        assert prosody is not None
        times = _grid(prosody, piece.start)
        heard = prosody.energy > _AUDIBLE
        for a, b in prosody.pauses:
            heard &= ~((times >= a) & (times < b))
        edges = np.flatnonzero(np.diff(np.concatenate([[0], heard.astype(np.int8), [0]])))
        step = 1.0 / prosody.rate
        return [
            Phone(SOUND, float(times[a]), min(float(times[b - 1]) + step, piece.end))
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]

    def _settle(self) -> None:
        border = np.inf if self.final else self.end - _SETTLED
        count = next((i for i, phone in enumerate(self._raw) if phone.end > border), len(self._raw))
        fixed, self._raw = self._raw[:count], self._raw[count:]
        new = self._sounds(fixed)
        self._settled.extend(new)
        self._phrases = _grow(self._phrases, new)
        self._tail = self._sounds(self._raw, keep=False)

    def _sounds(self, phones: Sequence[Phone], keep: bool = True) -> list[Sound]:
        found = []
        marked = self._stress_marked
        for phone in phones:
            span = self._outside_pauses(phone)
            marked = marked or phone.stress > 0
            if span is not None:
                stress = phone.stress if marked else -1
                found.append(Sound(phone.symbol, *span, stress, self._loudness(*span)))
        if keep:
            self._stress_marked = marked
        return found

    def _outside_pauses(self, phone: Phone) -> tuple[float, float] | None:
        """The phone's span less the pauses: aligners stretch phones over silence, decoders hear them in noise."""
        start, end = phone.start, phone.end
        for a, b in self._pauses:
            if b - a < _PAUSE or b <= start or a >= end:
                continue
            if a - start >= end - b:  # more of it lies before the pause
                end = min(end, a + _OFFSET)
            else:
                start = max(start, b - _ONSET)
        return (start, end) if end - start > 0.015 or (start, end) == (phone.start, phone.end) else None

    def _loudness(self, start: float, end: float) -> float:
        if not len(self._times) or self._times[-1] < start - 1.0 / 12.0:
            return -1.0
        return float(np.interp(np.linspace(start, end, 5), self._times, self._tracks[:, 0]).mean())

    def close(self) -> None:
        """No more pieces will come."""
        self.final = True
        self._settle()

    def cut(self, at: float) -> None:
        """Takes back what was to be heard from ``at`` on, seconds: the next piece may begin there."""
        if at >= self.end:
            return
        self.end = at
        self._raw = _until(self._raw, at)
        self._settled = _until(self._settled, at)
        self._tail = self._sounds(self._raw, keep=False)
        self._phrases = [(start, min(end, at)) for start, end in self._phrases if start < at]
        self._pauses = [(start, min(end, at)) for start, end in self._pauses if start < at]
        self.questions = [time for time in self.questions if time <= at]
        self.moods = [replace(mood, end=min(mood.end, at)) for mood in self.moods if mood.start < at]
        keep = self._times < at
        self._times, self._tracks = self._times[keep], self._tracks[keep]

    def forget(self, before: float) -> None:
        """Drops what frames from ``before`` on no longer need."""
        limit = before - HISTORY
        self._settled = [s for s in self._settled if s.end > limit]
        old = [p for p in self._phrases if p[1] <= before - BREATH]
        self._phrases = old[-2:] + self._phrases[len(old) :]  # posture is held since the phrase before
        self._pauses = [p for p in self._pauses if p[1] > limit]
        self.questions = [q for q in self.questions if q > limit]
        self.moods = [m for m in self.moods if m.end > limit]
        keep = self._times > limit
        self._times, self._tracks = self._times[keep], self._tracks[keep]

    # --- asking ------------------------------------------------------------------------------------------------------
    @property
    def sounds(self) -> list[Sound]:
        """All sounds of the window in order."""
        return self._settled + self._tail

    @property
    def phrases(self) -> list[tuple[float, float]]:
        """Stretches of speech separated by at least :data:`PHRASE_GAP`, in order."""
        return _grow(self._phrases, self._tail)

    def spans(self, gap: float = 0.03) -> list[tuple[float, float]]:
        """Stretches of speech in the window separated by more than ``gap`` seconds."""
        return merged(self.sounds, gap)

    def energy(self, times: Array) -> Array:
        """Loudness at ``times`` [N], 0 where unknown."""
        return self._track(times, 0)

    def voicing(self, times: Array) -> Array:
        """Voicing at ``times`` [N], 0–1."""
        return self._track(times, 1)

    def _track(self, times: Array, column: int) -> Array:
        if not len(self._times):
            return np.zeros(len(times))
        return np.interp(times, self._times, self._tracks[:, column], left=0.0, right=0.0)

    def accents(self) -> list[tuple[float, float]]:
        """Prominent syllables of the window: time and strength 0–1, at least 0.2 s apart, in order.

        Peaks of the prosody's accent track; stressed vowels where there is no prosody.
        """
        if not len(self._times):
            return [((s.start + s.end) / 2, 0.5) for s in self.sounds if s.stress == 1]
        accent = self._tracks[:, 2]
        peaks = np.flatnonzero(
            (accent > 0.3) & (accent >= np.roll(accent, 1)) & (accent > np.roll(accent, -1)) & (accent > 0)
        )
        found = []
        for peak in peaks:
            a, b = np.searchsorted(self._times, (self._times[peak] - 0.2, self._times[peak] + 0.2))
            if accent[peak] >= accent[a:b].max():
                found.append((float(self._times[peak]), float(min(accent[peak], 1.0))))
        return found


def merged(sounds: Sequence[Sound], gap: float = 0.03) -> list[tuple[float, float]]:
    """Stretches of sound separated by more than ``gap`` seconds, in order."""
    spans: list[tuple[float, float]] = []
    for sound in sounds:
        if spans and sound.start - spans[-1][1] <= gap:
            spans[-1] = (spans[-1][0], max(spans[-1][1], sound.end))
        else:
            spans.append((sound.start, sound.end))
    return spans


def _until(sounds: Sequence[_Timed], at: float) -> list[_Timed]:
    return [replace(sound, end=min(sound.end, at)) for sound in sounds if sound.start < at]


def _grid(prosody: Prosody, start: float) -> Array:
    """Times [T] of a prosody's rows: the grid points of its rate from the start of the piece on."""
    first, _ = frame_span(start, start, prosody.rate)
    return np.asarray((first + np.arange(len(prosody.energy))) / prosody.rate, np.float64)


def _grow(phrases: list[tuple[float, float]], sounds: Sequence[Sound]) -> list[tuple[float, float]]:
    grown = list(phrases)
    for sound in sounds:
        if grown and sound.start - grown[-1][1] < PHRASE_GAP:
            grown[-1] = (grown[-1][0], max(grown[-1][1], sound.end))
        else:
            grown.append((sound.start, sound.end))
    return grown
