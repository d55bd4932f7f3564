"""Pitch by the swift-f0 network, in windows of one size."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from paksatalker.core.timeline import FloatArray

#: Hz; what the network takes.
PITCH_RATE = 16000
#: Samples between two values.
HOP = 256
#: Seconds between two values.
PITCH_STEP = HOP / PITCH_RATE

_RANGE = (55.0, 600.0)  # Hz
_VOICED = 0.5  # confidence
_BEFORE, _AFTER = 11, 10  # values around one that it depends on: the network's field is 2815 samples each way
_WINDOW = 125  # values: 2 s


class PitchTracker:
    """Pitch every 16 ms.

    The network is always given windows of the same length: onnxruntime keeps memory for every length it has met, which
    for pieces of speech means more and more. Windows overlap by the network's field, so they change no value.
    """

    def __init__(self) -> None:
        from swift_f0 import SwiftF0  # loads onnxruntime

        self._detector: Any = SwiftF0(threads=1, spin=False)

    def track(self, samples: FloatArray) -> npt.NDArray[np.float64]:
        """Pitch in Hz, 0 where unvoiced, every 16 ms from the first sample on: float64 [max(1, N // 256)].

        Args:
            samples: At 16 kHz [N], not empty.
        """
        count = max(1, len(samples) // HOP)
        windows = -(-count // _WINDOW)
        padded = np.zeros((_BEFORE + windows * _WINDOW + _AFTER) * HOP, np.float32)
        padded[_BEFORE * HOP : _BEFORE * HOP + len(samples)] = samples
        parts = []
        for first in range(0, windows * _WINDOW, _WINDOW):
            window = padded[first * HOP : (first + _BEFORE + _WINDOW + _AFTER) * HOP]
            found = self._detector.detect(window, PITCH_RATE, *_RANGE)
            voiced = np.where(found.confidence >= _VOICED, found.pitch_hz, 0.0)
            parts.append(voiced[_BEFORE : _BEFORE + _WINDOW])
        return np.concatenate(parts)[:count]
