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
from paksatalker.core.audio.quality import QualityMeter, measured
from paksatalker.core.timeline import Speech, Word

#: Values of the curves a second.
RATE = 100.0
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
        snr_db: Speech over the noise in the pauses, dB, at most 80; None without speech. See
            :class:`~paksatalker.core.audio.quality.Quality`.
        clipped: Share of samples at full scale.
        bandwidth: Up to which frequency there is sound, Hz.
        flaws: What is wrong with the recording, one sentence each.
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
    bandwidth: float
    flaws: tuple[str, ...]
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


def analyse(pieces: Iterable[Speech]) -> Analysis:
    """Describes speech piece by piece; words and curves (100 values a second) are kept, sound is not.

    Args:
        pieces: What a recording engine heard, in order.
    """
    meter = QualityMeter()
    words: list[Word] = []
    texts: list[str] = []
    pauses: list[tuple[float, float]] = []
    parts: list[tuple[_Array, ...]] = []
    end = 0.0
    for piece in attach_prosody(measured(pieces, meter), RATE):
        words += piece.words
        texts.append(piece.text)
        end = piece.end
        if piece.prosody is not None:
            track = piece.prosody
            pauses += track.pauses
            peak = _peaks(piece, len(track.f0))
            parts.append(tuple(np.asarray(x, np.float64) for x in (track.f0, track.energy, track.accent, peak)))
    quality = meter.result()
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
        level_db=quality.level_db,
        snr_db=quality.snr_db,
        clipped=quality.clipped,
        bandwidth=quality.bandwidth,
        flaws=quality.notes(),
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
