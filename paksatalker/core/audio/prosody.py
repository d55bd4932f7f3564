"""How it is said: pitch, loudness, voicing, pauses and accents at frame rate, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import soxr

from paksatalker.core.audio.accents import Contour, accent_track, accents, emphasised
from paksatalker.core.audio.pitch import HOP, PITCH_RATE, PITCH_STEP, PitchTracker
from paksatalker.core.timeline import FloatArray, Prosody, Speech, frame_span

#: Shortest span without speech that counts as a pause, seconds.
SHORTEST_PAUSE = 0.12

_CONTEXT = 12 * HOP  # samples before a piece that its first pitch frames depend on
_FINE_STEP = 0.01  # seconds between the values that accents and pauses are judged by
_WINDOW = 0.03  # seconds of sound that a loudness value covers
_RANGE_DB = 40.0  # from inaudible to the loud parts
_LEVEL_MEMORY = 10.0  # seconds of speech after which the speaker's level is mostly forgotten
_QUIET = 0.12  # loudness below which there is no speech, where the phones are not known

_Array = npt.NDArray[np.float64]


def attach_prosody(pieces: Iterable[Speech], rate: float) -> Iterator[Speech]:
    """Analyses pieces as they come.

    Row ``i`` of a piece's prosody is the state at ``(first + i) / rate``, where ``first`` is the first frame of the
    audio clock that lies in the piece: ``first, last = frame_span(piece.start, piece.end, rate)``. So the rows of
    successive pieces are the frames of the video, each exactly once.

    Args:
        pieces: Speech in order; only its sound and its phones are looked at.
        rate: Rows a second, usually the frame rate of the video.

    Yields:
        The same pieces with prosody, one for one, without look-ahead. What is remembered from piece to piece (level and
        median pitch of the speaker, 0.2 s of sound) does not grow.
    """
    analysis = _Analysis(rate)
    for piece in pieces:
        yield replace(piece, prosody=analysis.of(piece))


@dataclass(slots=True)
class _Speaker:
    """Running facts about the speaker."""

    level_db: float = -20.0
    floor_db: float = -60.0
    median_semitones: float = 0.0
    heard: float = 0.0  # seconds of speech
    voiced: float = 0.0  # seconds


class _Analysis:
    def __init__(self, rate: float) -> None:
        self._tracker = PitchTracker()
        self._rate = rate
        self._speaker = _Speaker()
        self._before: FloatArray = np.zeros(0, np.float32)  # the end of the piece before, at 16 kHz
        self._silence = 0.0  # seconds without speech at the end of the piece before

    def of(self, piece: Speech) -> Prosody:
        first, last = frame_span(piece.start, piece.end, self._rate)
        grid = np.arange(first, last) / self._rate - piece.start
        fine = np.arange(0.0, piece.duration, _FINE_STEP)
        decibels = _loudness(piece, np.concatenate([grid, fine]))
        self._follow_level(piece, decibels[len(grid) :], fine)
        energy = self._energy(decibels)
        f0_times, f0 = self._pitch(piece)
        pitch = _sample_pitch(f0_times, f0, np.concatenate([grid, fine]))
        pitch[energy <= 0.02] = 0.0
        self._follow_pitch(f0)
        semitones = np.full(len(fine), np.nan)
        voiced = pitch[len(grid) :] > 0
        semitones[voiced] = 12 * np.log2(pitch[len(grid) :][voiced]) - self._speaker.median_semitones
        contour = Contour(fine + piece.start, semitones, energy[len(grid) :])
        return Prosody(
            rate=self._rate,
            f0=pitch[: len(grid)].astype(np.float32),
            energy=energy[: len(grid)],
            voiced=pitch[: len(grid)] > 0,
            accent=accent_track(emphasised(accents(piece.phones, contour), piece.words), grid + piece.start),
            pauses=self._pauses(piece, contour),
        )

    # --- loudness ----------------------------------------------------------------------------------------------------
    def _follow_level(self, piece: Speech, decibels: _Array, fine: _Array) -> None:
        """Updates the speaker's loud level (a high percentile of speech) and the noise under it."""
        speaker = self._speaker
        inside = np.zeros(len(fine), bool)
        for phone in piece.phones:
            inside[int((phone.start - piece.start) / _FINE_STEP) : int((phone.end - piece.start) / _FINE_STEP)] = True
        speech = decibels[inside] if inside.any() else decibels[decibels > max(decibels.max(initial=-90) - 25, -65)]
        if len(decibels) and not (piece.phones and inside.all()):
            noise = float(np.percentile(decibels, 5))
            speaker.floor_db = noise if speaker.heard == 0 or noise < speaker.floor_db else speaker.floor_db + 1.0
        if not len(speech):
            return
        level = float(np.percentile(speech, 92))
        seconds = len(speech) * _FINE_STEP
        share = 1.0 if speaker.heard == 0 else 1 - np.exp(-seconds / _LEVEL_MEMORY)
        speaker.level_db += share * (level - speaker.level_db)
        speaker.heard += seconds

    def _energy(self, decibels: _Array) -> FloatArray:
        speaker = self._speaker
        floor = min(max(speaker.level_db - _RANGE_DB, speaker.floor_db + 3), speaker.level_db - 12)
        return np.clip((decibels - floor) / (speaker.level_db - floor), 0.0, 1.25).astype(np.float32)

    # --- pitch -------------------------------------------------------------------------------------------------------
    def _pitch(self, piece: Speech) -> tuple[_Array, _Array]:
        """Times from the piece's start and pitch, Hz, 0 where unvoiced, every 16 ms."""
        samples = np.asarray(piece.samples, np.float32)
        if piece.sample_rate != PITCH_RATE:
            samples = soxr.resample(samples, piece.sample_rate, PITCH_RATE)
        before = self._before
        heard = np.concatenate([before, samples])
        self._before = heard[-_CONTEXT:].copy()
        if not len(samples):
            return np.zeros(0), np.zeros(0)
        pitch = self._tracker.track(heard)
        times = np.arange(len(pitch), dtype=np.float64) * PITCH_STEP - len(before) / PITCH_RATE
        wanted = times > -2 * PITCH_STEP
        return times[wanted], pitch[wanted]

    def _follow_pitch(self, f0: _Array) -> None:
        speaker = self._speaker
        voiced = f0[f0 > 0]
        if not len(voiced):
            return
        median = float(np.median(12 * np.log2(voiced)))
        seconds = len(voiced) * PITCH_STEP
        share = 1.0 if speaker.voiced == 0 else 1 - np.exp(-seconds / _LEVEL_MEMORY)
        speaker.median_semitones += share * (median - speaker.median_semitones)
        speaker.voiced += seconds

    # --- pauses ------------------------------------------------------------------------------------------------------
    def _pauses(self, piece: Speech, contour: Contour) -> tuple[tuple[float, float], ...]:
        """Spans without phones, or without loudness where there are none.

        Silence at the border of a piece counts together with that of the piece before; at the end, where what follows
        is not known yet, half a pause is enough.
        """
        gaps = _gaps_between_phones(piece) if piece.phones else _quiet_spans(piece, contour)
        pauses = []
        for start, end in gaps:
            length = end - start + (self._silence if start <= piece.start + 1e-6 else 0.0)
            least = SHORTEST_PAUSE / 2 if end >= piece.end - 1e-6 else SHORTEST_PAUSE
            if length >= least - 1e-6:
                pauses.append((start, end))
        trailing = gaps[-1] if gaps and gaps[-1][1] >= piece.end - 1e-6 else (piece.end, piece.end)
        whole = trailing[0] <= piece.start + 1e-6
        self._silence = trailing[1] - trailing[0] + (self._silence if whole else 0.0)
        return tuple(pauses)


def _loudness(piece: Speech, times: _Array) -> _Array:
    """RMS level in dB of full scale around each time (seconds from the start of the piece)."""
    total = np.zeros(len(piece.samples) + 1)
    np.cumsum(np.square(piece.samples, out=total[1:], dtype=np.float64), out=total[1:])
    centre = times * piece.sample_rate
    reach = _WINDOW * piece.sample_rate / 2
    first = np.clip(np.round(centre - reach), 0, len(piece.samples)).astype(int)
    last = np.clip(np.round(centre + reach), 0, len(piece.samples)).astype(int)
    return np.asarray(10 * np.log10((total[last] - total[first]) / np.maximum(last - first, 1) + 1e-9))


def _sample_pitch(times: _Array, f0: _Array, at: _Array) -> _Array:
    """Pitch at other times: linear between voiced neighbours, the voiced one where only one is and it is nearer."""
    if not len(times):
        return np.zeros(len(at))
    right = np.clip(np.searchsorted(times, at), 1, max(len(times) - 1, 1))
    right = np.minimum(right, len(times) - 1)
    left = np.maximum(right - 1, 0)
    share = np.clip((at - times[left]) / PITCH_STEP, 0.0, 1.0)
    both = (f0[left] > 0) & (f0[right] > 0)
    nearest = np.where(share < 0.5, f0[left], f0[right])
    return np.where(both, f0[left] * (1 - share) + f0[right] * share, nearest)


def _gaps_between_phones(piece: Speech) -> list[tuple[float, float]]:
    borders = [piece.start, *(t for p in piece.phones if p.symbol != "SIL" for t in (p.start, p.end)), piece.end]
    return [(a, b) for a, b in zip(borders[::2], borders[1::2], strict=True) if b > a + 1e-6]


def _quiet_spans(piece: Speech, contour: Contour) -> list[tuple[float, float]]:
    quiet = np.concatenate([[False], contour.energy < _QUIET, [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    step = _FINE_STEP
    spans = [(piece.start + a * step, piece.start + b * step) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(a, piece.end if b >= piece.end - step else b) for a, b in spans]
