"""Pieces of speech to one stream of sound at 16 kHz."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr

from paksatalker.core.timeline import FloatArray, Speech
from paksatalker.models.sadtalker.mel import SAMPLE_RATE

#: Pieces may miss each other by this much, seconds: rounding of their sample counts.
_SLACK = 1e-3
#: Seconds that are resampled at a time.
_SLICE = 2


class SoundStream:
    """Resamples piece after piece as if they were one recording."""

    def __init__(self) -> None:
        self.end = 0.0  # seconds
        self._rate = 0
        self._resampler: soxr.ResampleStream | None = None

    def push(self, piece: Speech) -> Iterator[FloatArray]:
        """Takes the next piece; gives mono sound at 16 kHz, in parts. A gap before the piece is silence.

        Raises:
            ValueError: It overlaps the one before.
        """
        gap = piece.start - self.end
        if gap < -_SLACK:
            raise ValueError(f"a piece starts at {piece.start:g} s, before the end of the one before ({self.end:g} s)")
        if piece.sample_rate != self._rate:
            yield from self.finish()
            self._rate = piece.sample_rate
            if piece.sample_rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(piece.sample_rate, SAMPLE_RATE, 1, dtype="float32")
        if gap > _SLACK:
            yield self._resampled(np.zeros(round(gap * piece.sample_rate), np.float32))
        step = _SLICE * piece.sample_rate
        for first in range(0, len(piece.samples), step):
            yield self._resampled(np.asarray(piece.samples[first : first + step], np.float32))
        self.end = piece.end

    def finish(self) -> Iterator[FloatArray]:
        """What the resampler still holds."""
        if self._resampler is not None:
            yield np.asarray(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
            self._resampler = None

    def _resampled(self, samples: FloatArray) -> FloatArray:
        if self._resampler is None:
            return samples
        return np.asarray(self._resampler.resample_chunk(samples))
