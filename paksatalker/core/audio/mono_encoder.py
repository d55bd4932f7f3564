"""Mono sound into a container while it is being made: what sound files and sound streams have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from paksatalker.core.timeline import FloatArray

#: What FFmpeg refuses with.
ENCODER_ERRORS = (OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Codec:
    """How a format is written.

    Attributes:
        container: FFmpeg's name of it.
        codec: FFmpeg's name of it.
        sample_format: What the codec takes.
        bits: A second; 0 leaves it to the codec. At ours speech loses nothing that one hears.
        rates: Hz that the codec takes; any, where there are none. Others are brought to the next above.
        options: Of the container.
    """

    container: str
    codec: str
    sample_format: str
    bits: int = 0
    rates: tuple[int, ...] = ()
    options: dict[str, str] = field(default_factory=dict)


class MonoEncoder:
    """Encodes pieces of sound; it opens its container with the first.

    Args:
        target: A path, or an object with ``write``.
        codec: How.
        translated: The error of ours for one of :data:`ENCODER_ERRORS`.
    """

    def __init__(self, target: Any, codec: Codec, translated: Callable[[OSError | ValueError], Exception]) -> None:
        self._target = target
        self._codec = codec
        self._translated = translated
        self._container: Any = None
        self._stream: Any = None
        self._resampler: Any = None
        self._position = 0

    def write(self, samples: FloatArray, rate: int) -> None:
        """Appends samples [N], −1 to 1; the rate is that of the first call."""
        import av

        if self._container is None:
            self._open(rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(to_pcm(samples)[None]), format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), self._position
        self._position += len(samples)
        self._encode(frame)

    def complete(self) -> None:
        """Writes out what is held back, and closes the container; does nothing if nothing was written."""
        if self._container is None:
            return
        try:
            self._encode(None)
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()
        except ENCODER_ERRORS as error:
            raise self._translated(error) from error
        finally:
            self._container = None

    def abandon(self) -> None:
        """Closes the container without completing it."""
        container, self._container = self._container, None
        if container is not None:
            with suppress(*ENCODER_ERRORS):
                container.close()

    def _open(self, rate: int) -> None:
        import av

        codec = self._codec
        rates = codec.rates or (rate,)
        out_rate = rate if rate in rates else next((r for r in rates if r >= rate), rates[-1])
        try:
            self._container = av.open(self._target, "w", format=codec.container, options=codec.options)
            self._stream = self._container.add_stream(
                codec.codec, rate=out_rate, layout="mono", format=codec.sample_format
            )
            if codec.bits:
                self._stream.bit_rate = codec.bits
            self._resampler = av.AudioResampler(codec.sample_format, "mono", out_rate)
        except ENCODER_ERRORS as error:
            raise self._translated(error) from error

    def _encode(self, frame: Any) -> None:
        try:
            for ready in self._resampler.resample(frame):
                for packet in self._stream.encode(ready):
                    self._container.mux(packet)
        except ENCODER_ERRORS as error:
            raise self._translated(error) from error


def to_pcm(samples: FloatArray) -> np.ndarray:
    """Samples as 16-bit integers [N]."""
    return np.asarray(np.clip(np.rint(samples * 32767.0), -32768, 32767), np.int16)
