"""The sound of a video, encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from paksatalker.core.timeline import FloatArray

_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class SoundEncoder:
    """The sound track: blocks of any length in, codec frames out.

    Args:
        container: Gets a stream for it.
        format: Of the container: ``mp4`` (AAC) or ``webm`` (Opus).
        sample_rate: Of the samples, Hz.
        mux: Takes the packets.
    """

    def __init__(
        self,
        container: OutputContainer,
        format: str,  # noqa: A002  (as everywhere)
        sample_rate: int,
        mux: Callable[[Iterable[Packet[Any]]], None],
    ) -> None:
        codec, rates = ("aac", _AAC_RATES) if format == "mp4" else ("libopus", _OPUS_RATES)
        rate = next((r for r in rates if r >= sample_rate), 48000)
        self._mux = mux
        self.stream = cast(AudioStream, container.add_stream(codec, rate=rate, layout="mono"))
        self.stream.bit_rate = min(128_000, rate * 4) if codec == "aac" else 64_000
        self._rate_in = sample_rate
        self._rate = rate
        self._format = "fltp" if codec == "aac" else "flt"
        self._resampler = av.AudioResampler(self._format, "mono", rate) if rate != sample_rate else None
        self._blocks: list[FloatArray] = []
        self._held = 0
        self._encoded = 0
        self._taken = 0

    def write(self, samples: FloatArray) -> None:
        """Encodes as many whole codec frames as there are."""
        if not len(samples):
            return
        if self._resampler is None:
            self._hold(samples)
        else:
            block = self._frame(samples, self._rate_in, self._taken)
            self._taken += len(samples)
            for resampled in self._resampler.resample(block):
                self._hold(np.asarray(resampled.to_ndarray(), np.float32).ravel())
        self._encode_whole()

    def flush(self) -> None:
        """Encodes the rest; the last codec frame may be short."""
        if self._resampler is not None:
            for resampled in self._resampler.resample(None):
                self._hold(np.asarray(resampled.to_ndarray(), np.float32).ravel())
        self._encode_whole()
        if self._held:
            self._encode(np.concatenate(self._blocks))
        self._mux(self.stream.encode(None))

    def _hold(self, samples: FloatArray) -> None:
        self._blocks.append(samples)
        self._held += len(samples)

    def _encode_whole(self) -> None:
        length = self.stream.codec_context.frame_size or 1024
        if self._held < length:
            return
        samples = np.concatenate(self._blocks)
        whole = len(samples) // length * length
        for start in range(0, whole, length):
            self._encode(samples[start : start + length])
        self._blocks = [samples[whole:].copy()]
        self._held = len(samples) - whole

    def _encode(self, samples: FloatArray) -> None:
        self._mux(self.stream.encode(self._frame(samples, self._rate, self._encoded)))
        self._encoded += len(samples)

    def _frame(self, samples: FloatArray, rate: int, position: int) -> av.AudioFrame:
        clipped = np.clip(samples, -1.0, 1.0).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(clipped, format=self._format, layout="mono")
        frame.sample_rate = rate
        frame.pts = position
        frame.time_base = Fraction(1, rate)
        return frame
