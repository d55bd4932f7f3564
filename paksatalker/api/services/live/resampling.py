"""Sound of a microphone at the rate that speech is looked at with, as soon as it comes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from paksatalker.core.audio.recordings.recording import SPEECH_RATE
from paksatalker.core.timeline import FloatArray


class PromptResampler:
    """Brings pieces of sound to 16 kHz without a seam, and holds back 1 to 2 ms of them.

    The resampler that recordings are read with has a longer filter and holds back up to 37 ms: a fifth of the time
    in which somebody who begins to speak should be noticed.

    Args:
        rate: Of what comes, Hz.
    """

    def __init__(self, rate: int) -> None:
        import av

        self._rate = rate
        self._resampler: Any = None if rate == SPEECH_RATE else av.AudioResampler("fltp", "mono", SPEECH_RATE)

    def feed(self, samples: FloatArray) -> FloatArray:
        """Takes the next samples, float32 [N]; returns those that can be known now, float32 [M]."""
        import av

        if self._resampler is None or not len(samples):
            return samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None], np.float32), "fltp", "mono")
        frame.sample_rate, frame.time_base = self._rate, Fraction(1, self._rate)
        ready = [out.to_ndarray()[0] for out in self._resampler.resample(frame)]
        return np.concatenate(ready) if ready else np.zeros(0, np.float32)
