"""Onsets of sound: where the spectrum grows louder all at once, by the method and defaults of librosa.

Böck, Krebs, Schedl, "Evaluating the Online Capabilities of Onset Detection Methods", ISMIR 2012; mel scale of Slaney's
Auditory Toolbox (1998).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HOP = 512
_FFT = 2048
_BANDS = 128
_FLOOR = 1e-10
_RANGE_DB = 80.0
_DELTA = 0.07


def onsets(samples: npt.ArrayLike, rate: int) -> Floats:
    """Times of onsets [N] in seconds, each a whole number of hops of 512 samples.

    Args:
        samples: Mono [M].
        rate: Hz.
    """
    strength = onset_strength(samples, rate)
    if not strength.any():
        return np.zeros(0)
    low = strength.min()
    return np.asarray(_peaks((strength - low) / (strength.max() - low + 1e-300), rate) * HOP / rate)


def onset_strength(samples: npt.ArrayLike, rate: int) -> Floats:
    """How much louder the bands grow from one hop to the next, on average, decibels [1 + M // 512]."""
    padded = np.pad(np.asarray(samples, np.float64), _FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::HOP]
    window = np.hanning(_FFT + 1)[:-1]
    filters = mel_filters(rate)
    bands = np.concatenate(
        [np.abs(np.fft.rfft(frames[k : k + 512] * window, axis=1)) ** 2 @ filters.T for k in range(0, len(frames), 512)]
    )
    level = 10 * np.log10(np.maximum(bands, _FLOOR))
    level = np.maximum(level, level.max() - _RANGE_DB)
    growth = np.maximum(0, np.diff(level, axis=0)).mean(axis=1)
    # a frame's growth belongs to where its new half begins
    return np.asarray(np.pad(growth, (1 + _FFT // (2 * HOP), 0))[: len(level)])


def mel_filters(rate: int) -> Floats:
    """Triangles of equal area [128, 1025], evenly spaced on Slaney's mel scale from 0 Hz to half the rate."""
    edges = _hertz(np.linspace(0, _mel(rate / 2), _BANDS + 2))
    bins = np.fft.rfftfreq(_FFT, 1 / rate)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None])


def _mel(hertz: float) -> float:
    """Linear below 1 kHz (15 mel), logarithmic above."""
    return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _hertz(mel: Floats) -> Floats:
    return np.asarray(np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27)))


def _peaks(envelope: Floats, rate: int) -> npt.NDArray[np.int64]:
    """Frames that are the largest of their surroundings, well above their mean, and not right after another."""
    before_max, before_mean = (int(seconds * rate // HOP) for seconds in (0.03, 0.1))
    after_mean, wait = int(0.1 * rate // HOP) + 1, int(0.03 * rate // HOP)
    found: list[int] = []
    for k, value in enumerate(envelope):
        around = envelope[max(0, k - before_mean) : k + after_mean]
        highest = value == envelope[max(0, k - before_max) : k + 1].max()
        if highest and value >= around.mean() + _DELTA and (not found or k > found[-1] + wait):
            found.append(k)
    return np.array(found, np.int64)
