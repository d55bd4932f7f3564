"""Speech into an encoded stream that can be heard while it is still being made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from paksatalker.core.audio.sound_file import SoundSink, WavStream, to_pcm
from paksatalker.core.options import require_choice
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import EncodingFailed

#: Rate of ``pcm``, Hz: what clients of OpenAI's API expect.
PCM_RATE = 24_000


class Outlet(Protocol):
    """Takes encoded bytes."""

    def write(self, data: bytes, /) -> int:
        """Takes them all, and says how many there were."""
        ...


@dataclass(frozen=True, slots=True)
class _Codec:
    container: str
    codec: str
    sample_format: str
    bits: int = 0  # a second
    rates: tuple[int, ...] = ()  # that it takes; any, where there are none
    options: dict[str, str] = field(default_factory=dict)


_CODECS = {
    # A Xing header would name the length, which nobody knows yet.
    "mp3": _Codec("mp3", "libmp3lame", "s16p", 96_000, (16000, 22050, 24000, 32000, 44100, 48000),
                  {"write_xing": "0", "id3v2_version": "0"}),
    "opus": _Codec("ogg", "libopus", "s16", 48_000, (8000, 12000, 16000, 24000, 48000), {"page_duration": "200000"}),
    "aac": _Codec("adts", "aac", "fltp", 96_000, (16000, 22050, 24000, 32000, 44100, 48000)),
    "flac": _Codec("flac", "flac", "s16"),
    "pcm": _Codec("s16le", "pcm_s16le", "s16", rates=(PCM_RATE,)),
}  # fmt: skip
#: What can be streamed, and its media type.
STREAM_FORMATS: dict[str, str] = {
    "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
    "pcm": "audio/pcm",
}  # fmt: skip


def sound_stream(outlet: Any, format: str) -> SoundSink:  # noqa: A002  (the option's own name)
    """A sink that encodes into a stream; mono.

    Args:
        outlet: A binary stream; an :class:`Outlet` is enough, but for ``wav`` it also has ``flush``.
        format: One of :data:`STREAM_FORMATS`. ``pcm`` has no header: 16 bits, little-endian, :data:`PCM_RATE`.

    Raises:
        InvalidOption: There is no such format.
    """
    require_choice("format", format, STREAM_FORMATS)
    return WavStream(outlet) if format == "wav" else SoundStream(outlet, format)


class _OneWay:
    """Hides that a stream may be sought in: what is sent cannot be mended, whatever the muxer would like."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        """Passes bytes on."""
        self._write(bytes(data))
        return len(data)


class SoundStream:
    """Encodes pieces of sound as they come; a context manager. What is encoded goes out at once.

    Args:
        outlet: Takes the bytes.
        format: One of :data:`STREAM_FORMATS` but ``wav``.

    Raises:
        EncodingFailed: While writing or completing.
    """

    def __init__(self, outlet: Outlet, format: str) -> None:  # noqa: A002  (the option's own name)
        self._codec = _CODECS[format]
        self._outlet = _OneWay(outlet.write)
        self._container: Any = None
        self._stream: Any = None
        self._resampler: Any = None
        self._position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.complete()
        elif self._container is not None:
            with suppress(OSError, ValueError):
                self._container.close()
        self._container = None

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
        """Sends what is held back."""
        if self._container is None:
            return
        try:
            self._encode(None)
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()
        except (OSError, ValueError) as error:
            raise self._failed(error) from error
        finally:
            self._container = None

    def _open(self, rate: int) -> None:
        import av

        codec = self._codec
        rates = codec.rates or (rate,)
        out_rate = rate if rate in rates else next((r for r in rates if r >= rate), rates[-1])
        try:
            self._container = av.open(
                self._outlet, "w", format=codec.container, options={"flush_packets": "1", **codec.options}
            )
            self._stream = self._container.add_stream(
                codec.codec, rate=out_rate, layout="mono", format=codec.sample_format
            )
            if codec.bits:
                self._stream.bit_rate = codec.bits
            self._resampler = av.AudioResampler(codec.sample_format, "mono", out_rate)
        except (OSError, ValueError) as error:
            raise self._failed(error) from error

    def _encode(self, frame: Any) -> None:
        try:
            for ready in self._resampler.resample(frame):
                for packet in self._stream.encode(ready):
                    self._container.mux(packet)
        except (OSError, ValueError) as error:
            raise self._failed(error) from error

    @staticmethod
    def _failed(error: OSError | ValueError) -> EncodingFailed:
        return EncodingFailed("cannot encode the sound", str(error), "Try another format")
