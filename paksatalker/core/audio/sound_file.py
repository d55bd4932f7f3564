"""Speech into a sound file while it is being made; the file takes its name when it is complete."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from paksatalker.core.audio.mono_encoder import Codec, MonoEncoder, to_pcm
from paksatalker.core.files import UnfinishedFile, write_error
from paksatalker.core.options import SOUND_FORMATS, require_choice
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import EncodingFailed, InvalidOption, OutputUnwritable

_SUFFIXES = {"wav": "wav", "flac": "flac", "mp3": "mp3", "ogg": "ogg", "opus": "ogg", "m4a": "m4a"}
_CODECS: dict[str, Codec] = {
    "wav": Codec("wav", "pcm_s16le", "s16"),
    "flac": Codec("flac", "flac", "s16"),
    "mp3": Codec("mp3", "libmp3lame", "s16p", 96_000, (16000, 22050, 24000, 32000, 44100, 48000)),
    "ogg": Codec("ogg", "libopus", "s16", 48_000, (8000, 12000, 16000, 24000, 48000)),
    "m4a": Codec("ipod", "aac", "fltp", 96_000),
}
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
        self.path = path
        self._growing = UnfinishedFile(path)
        self._encoder = MonoEncoder(str(self._growing.part), _CODECS[self.format], self._translated)

    def __enter__(self) -> Self:
        try:
            self._growing.create()
        except OSError as error:
            raise self._translated(error) from error
        return self

    def write(self, samples: FloatArray, rate: int) -> None:
        """Appends samples [N], −1 to 1; the rate is that of the first call."""
        self._encoder.write(samples, rate)

    @property
    def unfinished(self) -> Path:
        """The file until it takes its name: whole after :meth:`complete`."""
        return self._growing.part

    def complete(self) -> None:
        """Writes out what is held back, so that nothing but the renaming can fail any more."""
        self._encoder.complete()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.complete()
                self._growing.take_place()
        except OSError as failure:
            raise self._translated(failure) from failure
        finally:
            self._encoder.abandon()
            self._growing.discard()

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
