"""Loudness of speech (ITU-R BS.1770-4) and bringing a voice to an even level without clipping."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from paksatalker.core.timeline import FloatArray

#: What all voices are brought to: integrated loudness in LUFS, and the largest true peak (a hair below −1 dBTP).
LOUDNESS = -16.0
PEAK = 10 ** (-1.1 / 20)

_OVERSAMPLING = 8
_PASSES = 4
_BLOCK, _HOP = 0.4, 0.1  # seconds: gating blocks of BS.1770 with 75% overlap
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_OFFSET = -0.691


@cache
def _k_weighting(rate: int) -> np.ndarray:
    """The two K-weighting stages as second-order sections, at any rate.

    The analogue prototypes are those behind the 48 kHz coefficients of BS.1770 (Mansbridge, Finn and Reiss, 2012).
    """
    from scipy.signal import bilinear, tf2sos  # a second to import: only when something is heard

    def section(frequency: float, q: float, high: float, band: float, low: float) -> np.ndarray:
        w = 2 * rate * np.tan(np.pi * frequency / rate)  # pre-warped
        numerator, denominator = bilinear([high, band * w / q, low * w * w], [1.0, w / q, w * w], rate)
        return np.asarray(tf2sos(numerator, denominator))

    gain = 10 ** (3.999843853973347 / 20)
    shelf = section(1681.974450955533, 0.7071752369554196, gain, gain**0.4996667741545416, 1.0)
    high_pass = section(38.13547087602444, 0.5003270373238773, 1.0, 0.0, 0.0)
    return np.concatenate([shelf, high_pass])


def integrated_loudness(samples: FloatArray, rate: int) -> float:
    """Gated loudness of a mono signal.

    Args:
        samples: Waveform [N].
        rate: Hz.

    Returns:
        LUFS; minus infinity for silence.
    """
    power = _block_powers(samples, rate)
    if not len(power):
        return -np.inf
    power = power[power > power.mean() * 10 ** (_RELATIVE_GATE / 10)]
    return float(_OFFSET + 10 * np.log10(power.mean()))


def _block_powers(samples: FloatArray, rate: int) -> np.ndarray:
    """Weighted power of the gating blocks above the absolute gate."""
    from scipy.signal import sosfilt

    weighted = sosfilt(_k_weighting(rate), np.asarray(samples, np.float64))
    total = np.zeros(len(weighted) + 1)
    np.cumsum(np.square(weighted, out=total[1:]), out=total[1:])
    block = min(len(samples), round(_BLOCK * rate))
    starts = np.arange(0, len(samples) - block + 1, max(1, round(_HOP * rate)))
    power = (total[starts + block] - total[starts]) / max(block, 1)
    return np.asarray(power[power > 10 ** ((_ABSOLUTE_GATE - _OFFSET) / 10)])


class LoudnessMeter:
    """Gated loudness of sound that comes in pieces; memory does not grow with it.

    Blocks are counted in bins of 0.1 LU, as the gate has to be known before the mean. Those that would lie across two
    pieces are left out.
    """

    _BINS, _STEP = 1000, 0.1  # from the absolute gate on

    def __init__(self) -> None:
        self._count = np.zeros(self._BINS, np.int64)
        self._power = np.zeros(self._BINS)

    def add(self, samples: FloatArray, rate: int) -> None:
        """Takes the next piece.

        Args:
            samples: Waveform [N].
            rate: Hz.
        """
        power = _block_powers(samples, rate)
        level = _OFFSET + 10 * np.log10(power) - _ABSOLUTE_GATE
        place = np.clip(level / self._STEP, 0, self._BINS - 1).astype(np.int64)
        np.add.at(self._count, place, 1)
        np.add.at(self._power, place, power)

    @property
    def loudness(self) -> float:
        """LUFS of all pieces; minus infinity before there is sound."""
        if not self._count.any():
            return -np.inf
        mean = self._power.sum() / self._count.sum()
        gate = (_OFFSET + 10 * np.log10(mean) + _RELATIVE_GATE - _ABSOLUTE_GATE) / self._STEP
        heard = np.arange(self._BINS) >= gate
        return float(_OFFSET + 10 * np.log10(self._power[heard].sum() / self._count[heard].sum()))


def true_peaks(samples: FloatArray) -> FloatArray:
    """The largest magnitude around each sample [N], between samples too (8 times oversampled; BS.1770-4 has 4)."""
    if not len(samples):
        return np.zeros(0, np.float32)
    from scipy.signal import resample_poly

    fine = np.abs(resample_poly(samples, _OVERSAMPLING, 1))[: _OVERSAMPLING * len(samples)]
    return np.asarray(fine.reshape(-1, _OVERSAMPLING).max(1), np.float32)


def limit_peaks(samples: FloatArray, rate: int, ceiling: float = PEAK) -> FloatArray:
    """Turns the gain down smoothly around true peaks above ``ceiling`` (look-ahead limiter, 3 ms)."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    reach = 2 * round(0.003 * rate) + 1
    for _ in range(_PASSES):  # a changing gain moves what lies between the samples a little
        peak = true_peaks(samples)
        if not len(samples) or peak.max() <= ceiling:
            break
        gain = minimum_filter1d(np.minimum(1.0, ceiling / np.maximum(peak, 1e-9)), 2 * reach - 1, mode="nearest")
        # A mean over `reach` of a minimum over twice that never exceeds the gain any sample needs.
        samples = (samples * uniform_filter1d(gain, reach, mode="nearest")).astype(np.float32)
    return samples


def amplified(samples: FloatArray, rate: int, decibels: float | npt.NDArray[np.float64]) -> FloatArray:
    """The sound so many decibels louder, all along or at each sample, true peaks limited to −1 dBTP."""
    return limit_peaks((samples * 10 ** (decibels / 20)).astype(np.float32), rate)


class Leveller:
    """Brings the pieces of one voice to a common loudness, so that all of them together have it.

    Each piece keeps a part of what it is softer or louder than those before; what has been given out too loud or too
    soft by that is made up for by the next.

    Args:
        target: LUFS.
        gain_db: Gain for the first piece if that is too short to be measured.
    """

    _GUESSABLE, _MEASURABLE = 0.5, 1.0  # seconds of sound that give an idea of its loudness, and a trustworthy one
    _DOUBT = 5.0  # decibels that a mere idea may be off the gain so far
    _FOLLOW = 0.75  # share of the difference taken over by each piece
    _CORRECTION = 1.5  # decibels by which a piece makes up for those before at most
    _SLOPE = 0.3  # seconds in which the gain changes inside of a sentence
    _ROUNDS, _NEAR = 6, 0.1  # times that a gain is tried, and decibels that are near enough
    _STEP = 1.5  # of what is missing: the limiter and a sentence's beginning do not follow
    _MADE_UP = 5.0  # decibels at most that a gain is changed for what the limiter or a sentence's beginning took

    def __init__(self, target: float = LOUDNESS, gain_db: float = 0.0) -> None:
        self._target = target
        self._base_db = self._gain_db = gain_db
        self._measured = False
        self._given = LoudnessMeter()
        self._begun: list[tuple[FloatArray, FloatArray]] = []  # of a sentence in parts: as they came and as made

    def apply(self, samples: FloatArray, rate: int, *, partial: bool = False, joined: bool = False) -> FloatArray:
        """The piece at the common level, true peaks limited to −1 dBTP.

        Args:
            samples: Waveform [N].
            rate: Hz.
            partial: More of the same sentence follows: its level is guessed from this.
            joined: It goes on where the last piece ended: the gain goes smoothly from that piece's to its own.
        """
        before = self._gain_db
        if not joined:
            self._begun = []
        whole = np.concatenate([*(raw for raw, _ in self._begun), samples])
        sure = len(whole) >= self._MEASURABLE * rate and not partial
        if len(whole) >= self._GUESSABLE * rate and not (partial and self._measured):
            self._follow(integrated_loudness(whole, rate), sure=sure)
        made = self._made(samples, rate, before if joined else self._gain_db, sure=sure)
        if len(made) >= self._GUESSABLE * rate:
            self._given.add(made, rate)
        self._begun = [*self._begun, (samples, made)] if partial else []
        return made

    def _made(self, samples: FloatArray, rate: int, before: float, *, sure: bool) -> FloatArray:
        """The piece with its gain, which is corrected until the limiter and what came before are made up for."""
        parts = [made for _, made in self._begun]
        wanted = self._target if parts else integrated_loudness(samples, rate) + self._gain_db
        low, high = self._gain_db - self._MADE_UP, self._gain_db + self._MADE_UP
        slope = min(len(samples), round(self._SLOPE * rate))
        for _ in range(self._ROUNDS):
            gains = np.full(len(samples), self._gain_db)
            gains[:slope] = np.linspace(before, self._gain_db, slope) if parts else self._gain_db
            made = amplified(samples, rate, gains)
            miss = wanted - integrated_loudness(np.concatenate([*parts, made]), rate) if sure else 0.0
            if not np.isfinite(miss) or abs(miss) <= self._NEAR:
                break
            low, high = (self._gain_db, high) if miss > 0 else (low, self._gain_db)
            next_one = self._gain_db + self._STEP * miss
            self._gain_db = next_one if low < next_one < high else (low + high) / 2
        return made

    def _follow(self, loudness: float, *, sure: bool) -> None:
        """Sets the gain for a piece."""
        if not np.isfinite(loudness):
            return
        change = self._target - loudness - self._base_db
        if sure:
            self._base_db += change * (self._FOLLOW if self._measured else 1.0)
            self._measured = True
        elif not self._measured:
            self._base_db += float(np.clip(change, -self._DOUBT, self._DOUBT))
        self._gain_db = self._base_db
        if np.isfinite(self._given.loudness):
            owed = self._target - self._given.loudness
            self._gain_db += float(np.clip(owed, -self._CORRECTION, self._CORRECTION))
