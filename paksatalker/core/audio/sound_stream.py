"""Speech into an encoded stream that can be heard while it is still being made."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from paksatalker.core.audio.mono_encoder import Codec, MonoEncoder
from paksatalker.core.audio.sound_file import SoundSink, WavStream
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


_AT_ONCE = {"flush_packets": "1"}  # what is encoded goes out
_CODECS = {
    # A Xing header would name the length, which nobody knows yet.
    "mp3": Codec("mp3", "libmp3lame", "s16p", 96_000, (16000, 22050, 24000, 32000, 44100, 48000),
                 {"write_xing": "0", "id3v2_version": "0", **_AT_ONCE}),
    "opus": Codec("ogg", "libopus", "s16", 48_000, (8000, 12000, 16000, 24000, 48000),
                  {"page_duration": "200000", **_AT_ONCE}),
    "aac": Codec("adts", "aac", "fltp", 96_000, (16000, 22050, 24000, 32000, 44100, 48000), _AT_ONCE),
    "flac": Codec("flac", "flac", "s16", options=_AT_ONCE),
    "pcm": Codec("s16le", "pcm_s16le", "s16", rates=(PCM_RATE,), options=_AT_ONCE),
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
        self._encoder = MonoEncoder(_OneWay(outlet.write), _CODECS[format], self._failed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.complete()
        finally:
            self._encoder.abandon()

    def write(self, samples: FloatArray, rate: int) -> None:
        """Appends samples [N], −1 to 1; the rate is that of the first call."""
        self._encoder.write(samples, rate)

    def complete(self) -> None:
        """Sends what is held back."""
        self._encoder.complete()

    @staticmethod
    def _failed(error: OSError | ValueError) -> EncodingFailed:
        return EncodingFailed("cannot encode the sound", str(error), "Try another format")
