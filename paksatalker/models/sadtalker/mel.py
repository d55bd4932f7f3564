"""Sound as SadTalker hears it: log-mel windows, 25 a second.

16 kHz; pre-emphasis 0.97; Fourier transforms of 800 samples every 200; 80 mel bands (Slaney's scale and norm) from
55 to 7600 Hz; decibels, 20 below full scale, mapped from −100…0 to −4…4.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]

SAMPLE_RATE = 16000
#: Frames a second of everything that comes from sound.
FPS = 25
#: Samples of one frame.
FRAME = SAMPLE_RATE // FPS
#: Samples from one mel column to the next, and in one transform.
HOP = 200
WINDOW = 800
BANDS = 80
#: Mel columns that a frame sees.
COLUMNS = 16
#: Mel columns a second.
COLUMN_RATE = SAMPLE_RATE // HOP

_PREEMPHASIS = 0.97
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_FLOOR = 1e-5
_REFERENCE_DB = 20.0
_RANGE_DB = 100.0
_LIMIT = 4.0
#: Slaney's scale: linear up to 1 kHz, then logarithmic (M. Slaney, "Auditory Toolbox", 1998).
_LINEAR_HZ = 200.0 / 3
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27


def frame_count(samples: int) -> int:
    """How many frames ``samples`` at 16 kHz are; what is left over is no frame."""
    return samples // FRAME


def log_mel(samples: npt.ArrayLike) -> Array:
    """The log-mel picture of a whole recording.

    Args:
        samples: Mono at 16 kHz, float, −1 to 1, at least one.

    Returns:
        float32 [80, N // 200 + 1], −4 to 4.
    """
    sound = np.asarray(samples, dtype=np.float64)
    return columns(pad(preemphasise(sound), WINDOW // 2, WINDOW // 2))


def preemphasise(sound: Wide, before: float = 0.0) -> Wide:
    """Lifts the treble: each sample less 0.97 of the one before it, which for the first is ``before``."""
    return sound - _PREEMPHASIS * np.concatenate([[before], sound[:-1]])


def pad(sound: Wide, left: int, right: int) -> Wide:
    """Silence round the sound, for transforms that are centred on its first and last sample."""
    return np.pad(sound, (left, right))


def columns(sound: Wide) -> Array:
    """Mel columns of pre-emphasised sound [N]: one for every whole window, float32 [80, (N − 800) // 200 + 1]."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    magnitude = np.abs(np.fft.rfft(frames * _hann(), axis=1))
    mel = mel_basis() @ magnitude.T
    decibels = 20 * np.log10(np.maximum(_FLOOR, mel)) - _REFERENCE_DB
    scaled = 2 * _LIMIT * (decibels + _RANGE_DB) / _RANGE_DB - _LIMIT
    return np.clip(scaled, -_LIMIT, _LIMIT).astype(np.float32)


def window_columns(frames: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Which mel columns frames see, int64 [N, 16].

    Args:
        frames: Frame numbers [N].
        count: Columns that there are; a window that sticks out sees the first or last one again.
    """
    start = np.trunc(COLUMN_RATE * (frames - 2) / FPS).astype(np.int64)  # toward zero, also below it
    seen: npt.NDArray[np.int64] = np.clip(start[:, None] + np.arange(COLUMNS), 0, count - 1)
    return seen


def windows(mel: Array, frames: npt.NDArray[np.int64]) -> Array:
    """Mel windows of frames: [80, C] to float32 [N, 1, 80, 16]."""
    picked = mel[:, window_columns(frames, mel.shape[1])]
    return np.ascontiguousarray(picked.transpose(1, 0, 2))[:, None]


@lru_cache(maxsize=1)
def mel_basis() -> Wide:
    """How much each frequency counts for each band, [80, 401]: triangles of equal area. Read-only."""
    edges = _to_hz(np.linspace(_to_mel(_LOWEST_HZ), _to_mel(_HIGHEST_HZ), BANDS + 2))
    frequencies = np.arange(WINDOW // 2 + 1) * (SAMPLE_RATE / WINDOW)
    ramps = edges[:, None] - frequencies
    widths = np.diff(edges)
    rising, falling = -ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    basis: Wide = np.maximum(0, np.minimum(rising, falling)) * area[:, None]
    basis.flags.writeable = False
    return basis


def _to_mel(hz: float) -> float:
    return hz / _LINEAR_HZ if hz < _BREAK_HZ else float(_BREAK_HZ / _LINEAR_HZ + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _to_hz(mel: Wide) -> Wide:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_HZ / _LINEAR_HZ))
    hz: Wide = np.where(mel < _BREAK_HZ / _LINEAR_HZ, mel * _LINEAR_HZ, above)
    return hz


def _hann() -> Wide:
    """Hann's window, periodic."""
    window: Wide = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return window
