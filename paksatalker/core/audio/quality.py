"""How good a recording is: noise, clipping, bandwidth, and how much of it is speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.timeline import FloatArray, Speech

#: Less than this is noisy: words begin to be misheard.
NOISY_DB = 15.0
#: More than this share of samples at full scale can be heard.
CLIPPED = 0.001
#: Nothing above: a telephone or an old codec. Narrow-band telephony ends at 3.4 kHz, the next standard at 7 kHz.
NARROW_HZ = 4500.0

_FULL_SCALE = 0.999
_STEP = 0.01  # seconds of a level
_BEFORE, _AFTER = 0.05, 0.1  # seconds around speech that are neither speech nor noise
_LEAST_NOISE = 0.1  # seconds without speech from which noise is known
_WEAKEST = 3.0  # percent of the moments of speech
_BINS = 1024  # of the spectrum
_DEEP_DB = 65.0  # below its strongest band, the long-term spectrum has ended; speech falls by 40–55 dB to 8 kHz
_FLOOR = 1e-10  # power of what is no sound
_MOST_SNR = 80.0

_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found.

    Attributes:
        seconds: Length.
        speech: Seconds of it with speech.
        level_db: Of the speech, RMS, dB below full scale.
        snr_db: Speech over the noise where nobody speaks, dB, at most 80. Where somebody always speaks, over the
            weakest moments of speech, which is at most what it would be; None without speech.
        clipped: Share of samples at full scale.
        bandwidth: Up to which frequency there is sound, Hz; 0 for silence.
    """

    seconds: float
    speech: float
    level_db: float
    snr_db: float | None
    clipped: float
    bandwidth: float

    @property
    def narrow(self) -> bool:
        """Whether it sounds like a telephone."""
        return 0 < self.bandwidth < NARROW_HZ

    def notes(self) -> tuple[str, ...]:
        """What the user should know, one sentence each."""
        found = []
        if self.snr_db is not None and self.snr_db < NOISY_DB:
            found.append(
                f"the recording is noisy: its speech is only {self.snr_db:.0f} dB above the noise, and sounds may be "
                "misheard"
            )
        if self.clipped > CLIPPED:
            found.append(
                f"the recording is clipped: {100 * self.clipped:.2g}% of its samples are at full scale; "
                "record with less gain"
            )
        if self.narrow:
            found.append(
                f"the recording has telephone quality: there is nothing above {self.bandwidth / 1000:.1f} kHz, so that "
                "s, f and th are hard to tell apart"
            )
        return tuple(found)


class QualityMeter:
    """Measures a recording piece by piece; of the sound itself nothing is kept."""

    def __init__(self) -> None:
        self._samples = self._clipped = 0
        self._seconds = self._spoken = self._speech_power = 0.0
        self._quiet: list[npt.NDArray[np.float32]] = []  # power of each 10 ms without speech
        self._loud: list[npt.NDArray[np.float32]] = []  # … with speech
        self._spectrum: _Array = np.zeros(_BINS + 1)  # sum of logarithms: a few clicks do not count
        self._spectra = 0
        self._rate = 0

    def add(self, samples: FloatArray, rate: int, speech: Iterable[tuple[float, float]]) -> None:
        """Takes a piece.

        Args:
            samples: [N], −1 to 1.
            rate: Hz; the same for all pieces.
            speech: Spans with speech, seconds from the start of the piece.
        """
        self._rate = rate
        self._samples += len(samples)
        self._seconds += len(samples) / rate
        self._clipped += int((np.abs(samples) >= _FULL_SCALE).sum())
        hop = round(rate * _STEP)
        count = len(samples) // hop
        power = np.square(samples[: count * hop].astype(np.float64)).reshape(count, hop).mean(1)
        times = (np.arange(count) + 0.5) * _STEP
        inside, near = np.zeros(count, bool), np.zeros(count, bool)
        for start, end in speech:
            inside |= (times >= start) & (times < end)
            near |= (times >= start - _BEFORE) & (times < end + _AFTER)
        self._speech_power += float(power[inside].sum())
        self._spoken += float(inside.sum()) * _STEP
        self._quiet.append(power[~near].astype(np.float32))
        self._loud.append(power[inside].astype(np.float32))
        self._add_spectrum(samples, inside, hop)

    def result(self) -> Quality:
        """What has been found so far."""
        level = _decibels(self._speech_power * _STEP / max(self._spoken, _STEP))
        quiet = np.concatenate(self._quiet) if self._quiet else np.zeros(0)
        loud = np.concatenate(self._loud) if self._loud else np.zeros(0)
        snr = None
        if len(loud):
            silent = len(quiet) * _STEP >= _LEAST_NOISE
            noise = float(np.median(quiet)) if silent else float(np.percentile(loud, _WEAKEST))
            snr = float(np.clip(level - _decibels(noise), 0.0, _MOST_SNR))
        clipped = self._clipped / max(self._samples, 1)
        return Quality(self._seconds, self._spoken, level, snr, clipped, self._bandwidth())

    def _add_spectrum(self, samples: FloatArray, inside: npt.NDArray[np.bool_], hop: int) -> None:
        size = 2 * _BINS
        window = np.hanning(size)
        for first in range(0, len(samples) - size + 1, size):
            if inside[min(first // hop, len(inside) - 1) : (first + size) // hop].any():
                power = np.square(np.abs(np.fft.rfft(samples[first : first + size] * window)))
                self._spectrum += np.log10(power + _FLOOR)
                self._spectra += 1

    def _bandwidth(self) -> float:
        if not self._spectra:
            return 0.0
        smooth = np.convolve(10 * self._spectrum / self._spectra, np.ones(9) / 9, "valid")
        sounding = np.flatnonzero(smooth > smooth.max() - _DEEP_DB)
        return float(sounding[-1] + 4) * self._rate / (2 * _BINS)


def measured(pieces: Iterable[Speech], meter: QualityMeter) -> Iterator[Speech]:
    """Hands pieces on, and measures them: speech is where their phones are."""
    for piece in pieces:
        spans = [(phone.start - piece.start, phone.end - piece.start) for phone in piece.phones]
        meter.add(piece.samples, piece.sample_rate, spans)
        yield piece


def _decibels(power: float) -> float:
    return float(10 * np.log10(power + _FLOOR))
