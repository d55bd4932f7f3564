"""Speech into a sound file while it is being made; the file takes its name when it is complete."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np

from paksatalker.core.files import check_place, take_place, unfinished_name, write_error
from paksatalker.core.options import SOUND_FORMATS, require_choice
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import EncodingFailed, InvalidOption, OutputUnwritable

_SUFFIXES = {"wav": "wav", "flac": "flac", "mp3": "mp3", "ogg": "ogg", "opus": "ogg", "m4a": "m4a"}
#: Container, codec, sample format and bits a second of each format; at these rates speech loses nothing that one hears.
_CODECS: dict[str, tuple[str, str, str, int]] = {
    "wav": ("wav", "pcm_s16le", "s16", 0),
    "flac": ("flac", "flac", "s16", 0),
    "mp3": ("mp3", "libmp3lame", "s16p", 96_000),
    "ogg": ("ogg", "libopus", "s16", 48_000),
    "m4a": ("ipod", "aac", "fltp", 96_000),
}
#: Rates that a codec takes; others are brought to the first above.
_RATES = {"libopus": (8000, 12000, 16000, 24000, 48000), "libmp3lame": (16000, 22050, 24000, 32000, 44100, 48000)}
_UNKNOWN_LENGTH = 0xFFFFFFFF  # in a WAV header: until the end of the stream


class SoundSink(Protocol):
    """Takes sound piece by piece; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, samples: FloatArray, rate: int) -> None:
        """Appends samples [N], −1 to 1."""
        ...

    def complete(self) -> None:
        """Writes out what is held back."""
        ...


def sound_format(path: Path, format: str | None = None) -> str:  # noqa: A002  (the option's own name)
    """The format that a sound file will have.

    Args:
        path: The file.
        format: One of :data:`~paksatalker.core.options.SOUND_FORMATS`; None goes by the suffix.

    Raises:
        OutputUnwritable: The suffix means no format.
        InvalidOption: ``format`` is unknown or contradicts the suffix.
    """
    if format is not None:
        require_choice("format", format, SOUND_FORMATS)
    suffix = path.suffix.lower().removeprefix(".")
    found = _SUFFIXES.get(suffix)
    if format is None and found is None:
        why = f"the suffix '{path.suffix}' means no sound format" if suffix else "its name has no suffix"
        raise OutputUnwritable(f"cannot write {path}", why, "End the name in .wav, .flac, .mp3, .ogg, .opus or .m4a")
    wanted = _SUFFIXES[format] if format is not None else str(found)
    if found not in (None, wanted):
        raise InvalidOption(
            f"{path.name} cannot be {format}", f"its suffix says {suffix}", f"Name it {path.stem}.{format}"
        )
    return wanted


class SoundFile:
    """Writes a sound file; a context manager. The file is there when the ``with`` block has been left without an error.

    Args:
        path: The file. An existing one is replaced at the end; of a link, its target.
        format: One of :data:`~paksatalker.core.options.SOUND_FORMATS`; None goes by the suffix.

    Raises:
        InvalidOption: The format is unknown or contradicts the suffix.
        OutputUnwritable: The file cannot be written.
        DiskFull: While writing or closing.
        EncodingFailed: While writing or closing.
    """

    def __init__(self, path: Path, format: str | None = None) -> None:  # noqa: A002  (the option's own name)
        self.format = sound_format(path, format)
        check_place(path)
        self.path = path
        self._target = path.resolve()
        self._part = unfinished_name(self._target)
        self._container: Any = None
        self._stream: Any = None
        self._resampler: Any = None
        self._position = 0

    def __enter__(self) -> Self:
        try:
            os.close(os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except OSError as error:
            raise self._translated(error) from error
        return self

    def write(self, samples: FloatArray, rate: int) -> None:
        """Appends samples [N], −1 to 1; the rate is that of the first call."""
        import av

        if self._container is None:
            self._open(rate)
        pcm = to_pcm(samples)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), self._position
        self._position += len(samples)
        self._encode(frame)

    def complete(self) -> None:
        """Writes out what is held back, so that nothing but the renaming can fail any more."""
        if self._container is None:
            return
        try:
            self._encode(None)
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()
        except (OSError, ValueError) as error:
            raise self._translated(error) from error
        finally:
            self._container = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.complete()
                take_place(self._part, self._target)
            elif self._container is not None:
                with suppress(OSError, ValueError):
                    self._container.close()
        except OSError as failure:
            raise self._translated(failure) from failure
        finally:
            self._container = None
            with suppress(OSError):
                self._part.unlink()

    def _open(self, rate: int) -> None:
        import av

        container, codec, sample_format, bits = _CODECS[self.format]
        rates = _RATES.get(codec, (rate,))
        out_rate = rate if rate in rates else next((r for r in rates if r >= rate), rates[-1])
        try:
            self._container = av.open(str(self._part), "w", format=container)
            self._stream = self._container.add_stream(codec, rate=out_rate, layout="mono", format=sample_format)
            if bits:
                self._stream.bit_rate = bits
            self._resampler = av.AudioResampler(sample_format, "mono", out_rate)
        except (OSError, ValueError) as error:
            raise self._translated(error) from error

    def _encode(self, frame: Any) -> None:
        try:
            for ready in self._resampler.resample(frame):
                for packet in self._stream.encode(ready):
                    self._container.mux(packet)
        except (OSError, ValueError) as error:
            raise self._translated(error) from error

    def _translated(self, error: OSError | ValueError) -> Exception:
        known = write_error(error, self.path) if isinstance(error, OSError) else None
        return known or EncodingFailed(f"cannot encode {self.path}", str(error), "Try another --format")


class WavStream:
    """Writes a WAV of unknown length into a stream, such as a pipe to a player.

    Args:
        stream: Where to; it is flushed after every piece and left open.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def write(self, samples: FloatArray, rate: int) -> None:
        """Appends samples [N], −1 to 1; the rate is that of the first call."""
        if not self._begun:
            self._begun = True
            layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
            head = struct.pack("<4sI4s", b"RIFF", _UNKNOWN_LENGTH, b"WAVE")
            self._stream.write(head + layout + struct.pack("<4sI", b"data", _UNKNOWN_LENGTH))
        self._stream.write(to_pcm(samples).astype("<i2").tobytes())
        self._stream.flush()

    def complete(self) -> None:
        """Writes out what is held back, which is nothing."""


def to_pcm(samples: FloatArray) -> np.ndarray:
    """Samples as 16-bit integers [N]."""
    return np.asarray(np.clip(np.rint(samples * 32767.0), -32768, 32767), np.int16)
