"""What a recording is like: its words and phones, its melody, its rhythm, and how clean it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from paksatalker.core.audio.phones import is_vowel
from paksatalker.core.audio.prosody import attach_prosody
from paksatalker.core.timeline import Speech, Word

#: Values of the curves a second.
RATE = 100.0
_FULL_SCALE = 0.999
_LEAST_PAUSE = 0.15  # seconds without speech after a word that end a phrase
_MARKED_PAUSE = 0.05  # … where a mark says so too
_MAJOR_PAUSE = 0.4
_MARKS, _FINAL_MARKS = ",;:–—.!?…。！？؟।", ".!?…。！？؟।"
_ACCENT = 0.3

_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of a phrase: when, whether a sentence ends there or only a clause, and how long nobody speaks then."""

    time: float
    major: bool
    pause: float


@dataclass(frozen=True, slots=True)
class Curves:
    """What changes over time, every 10 ms [T]: ``f0`` in Hz (0 where unvoiced), ``energy`` and ``accent`` 0–1."""

    times: _Array
    f0: _Array
    energy: _Array
    accent: _Array
    peak: _Array


@dataclass(frozen=True, slots=True)
class Analysis:
    """A recording, described. Times in seconds from its start.

    Attributes:
        duration: Seconds.
        text: What is said.
        words: With their phones.
        f0_median: Hz; None where there is no voice.
        f0_range: 5th and 95th percentile, Hz.
        f0_semitones: That range in semitones.
        level_db: Of the speech, RMS, dB below full scale.
        snr_db: Speech over the noise in the pauses, dB, at most 80; None without pauses.
        clipped: Share of samples at full scale.
        words_per_minute: Pauses included, from the first to the last word; None without words.
        syllables_per_second: Without pauses (articulation rate); None without phones.
        pauses: Spans without speech.
        accents: Moments of pitch accents with their strengths, 0–1.
        boundaries: Ends of phrases.
        curves: For plotting.
    """

    duration: float
    text: str
    words: tuple[Word, ...]
    f0_median: float | None
    f0_range: tuple[float, float] | None
    f0_semitones: float | None
    level_db: float
    snr_db: float | None
    clipped: float
    words_per_minute: float | None
    syllables_per_second: float | None
    pauses: tuple[tuple[float, float], ...]
    accents: tuple[tuple[float, float], ...]
    boundaries: tuple[Boundary, ...]
    curves: Curves

    def to_dict(self) -> dict[str, Any]:
        """Everything but the curves, as plain values."""
        facts = {name: getattr(self, name) for name in self.__slots__ if name not in {"curves", "words", "boundaries"}}
        facts["words"] = [asdict(word) for word in self.words]
        facts["boundaries"] = [asdict(boundary) for boundary in self.boundaries]
        return facts


class _Levels:
    """Running sums of power in and outside speech, and of clipped samples."""

    def __init__(self) -> None:
        self.speech = self.speech_samples = self.samples = self.clipped = 0.0
        self.quiet: list[_Array] = []  # power of each 10 ms outside speech

    def add(self, piece: Speech) -> None:
        hop = round(piece.sample_rate / RATE)
        count = len(piece.samples) // hop
        self.samples += len(piece.samples)
        self.clipped += float((np.abs(piece.samples) >= _FULL_SCALE).sum())
        power = np.square(piece.samples[: count * hop].astype(np.float64)).reshape(count, hop).mean(1)
        times = piece.start + (np.arange(count) + 0.5) / RATE
        inside = np.zeros(count, bool)
        near = np.zeros(count, bool)
        for phone in piece.phones:
            inside |= (times >= phone.start) & (times < phone.end)
            near |= (times >= phone.start - 0.05) & (times < phone.end + 0.1)
        self.speech += float(power[inside].sum())
        self.speech_samples += float(inside.sum())
        self.quiet.append(power[~near])

    @property
    def speech_db(self) -> float:
        return _decibels(self.speech / max(self.speech_samples, 1))

    @property
    def snr_db(self) -> float | None:
        quiet = np.concatenate(self.quiet) if self.quiet else np.zeros(0)
        if len(quiet) < RATE * 0.1 or not self.speech_samples:
            return None
        return float(np.clip(self.speech_db - _decibels(float(np.median(quiet))), 0.0, 80.0))


def _decibels(power: float) -> float:
    return float(10 * np.log10(power + 1e-10))


def analyse(pieces: Iterable[Speech]) -> Analysis:
    """Describes speech piece by piece; words and curves (100 values a second) are kept, sound is not.

    Args:
        pieces: What a recording engine heard, in order.
    """
    levels = _Levels()
    words: list[Word] = []
    texts: list[str] = []
    pauses: list[tuple[float, float]] = []
    parts: list[tuple[_Array, ...]] = []
    end = 0.0
    for piece in attach_prosody(pieces, RATE):
        levels.add(piece)
        words += piece.words
        texts.append(piece.text)
        end = piece.end
        if piece.prosody is not None:
            track = piece.prosody
            pauses += track.pauses
            peak = _peaks(piece, len(track.f0))
            parts.append(tuple(np.asarray(x, np.float64) for x in (track.f0, track.energy, track.accent, peak)))
    rows = [np.concatenate([part[i] for part in parts]) if parts else np.zeros(0) for i in range(4)]
    curves = Curves(np.arange(len(rows[0])) / RATE, *rows)
    voiced = curves.f0[curves.f0 > 0]
    low, high = np.percentile(voiced, (5, 95)) if len(voiced) else (0.0, 0.0)
    return Analysis(
        duration=end,
        text=" ".join(text for text in texts if text),
        words=tuple(words),
        f0_median=float(np.median(voiced)) if len(voiced) else None,
        f0_range=(float(low), float(high)) if len(voiced) else None,
        f0_semitones=float(12 * np.log2(high / low)) if len(voiced) else None,
        level_db=levels.speech_db,
        snr_db=levels.snr_db,
        clipped=levels.clipped / max(levels.samples, 1),
        words_per_minute=_words_per_minute(words),
        syllables_per_second=_syllables_per_second(words),
        pauses=_joined(pauses),
        accents=_accents(curves),
        boundaries=_boundaries(words, end),
        curves=curves,
    )


def _peaks(piece: Speech, count: int) -> _Array:
    """Largest sample of each value's time."""
    borders = np.linspace(0, len(piece.samples), count + 1).astype(int)
    return np.array([np.abs(piece.samples[a:b]).max(initial=0.0) for a, b in pairwise(borders)])


def _joined(pauses: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Pauses that go on across the border of two pieces, made one."""
    joined: list[tuple[float, float]] = []
    for start, end in pauses:
        if joined and start - joined[-1][1] < 1e-3:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple((float(a), float(b)) for a, b in joined)


def _words_per_minute(words: list[Word]) -> float | None:
    count = sum(len(word.text.split()) for word in words)
    return 60 * count / (words[-1].end - words[0].start) if count else None


def _syllables_per_second(words: list[Word]) -> float | None:
    phones = [phone for word in words for phone in word.phones]
    seconds = sum(phone.end - phone.start for phone in phones)
    return sum(is_vowel(phone.symbol) for phone in phones) / seconds if seconds else None


def _accents(curves: Curves) -> tuple[tuple[float, float], ...]:
    track = curves.accent
    if len(track) < 3:
        return ()
    top = np.flatnonzero((track[1:-1] >= track[:-2]) & (track[1:-1] > track[2:]) & (track[1:-1] >= _ACCENT)) + 1
    return tuple((float(curves.times[i]), float(track[i])) for i in top)


def _boundaries(words: list[Word], end: float) -> tuple[Boundary, ...]:
    """Where phrases end: at a silence, or at a shorter one after a mark."""
    found = []
    for index, word in enumerate(words):
        last = index + 1 == len(words)
        pause = max(0.0, (end if last else words[index + 1].start) - word.end)
        mark = word.text.rstrip("\"'”’)»")[-1:]
        if last or pause >= _LEAST_PAUSE or (mark and mark in _MARKS and pause >= _MARKED_PAUSE):
            major = last or pause >= _MAJOR_PAUSE or (bool(mark) and mark in _FINAL_MARKS)
            found.append(Boundary(word.end, major, pause))
    return tuple(found)
