"""Any recording as a stream of mono samples. The file is not trusted."""

from __future__ import annotations

import logging
import re
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from paksatalker.config.limits import MAX_AUDIO_MINUTES
from paksatalker.core.files import is_address
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import AudioEmpty, AudioTooLong, AudioUnreadable

_log = logging.getLogger(__name__)

#: Longest recording taken by default, seconds.
MAX_SECONDS = MAX_AUDIO_MINUTES * 60
#: Shortest recording that can be animated, seconds.
MIN_SECONDS = 0.2

# Formats that name other files or addresses, or make text into sound. Demuxers get no way to open anything besides, but
# a playlist should be refused before it is followed rather than while.
_REFUSED = frozenset({
    "hls", "dash", "concat", "sdp", "rtp", "rtsp", "sap", "imf", "image2", "image2pipe", "lavfi", "tty", "bin", "xbin",
    "webm_dash_manifest", "ffmetadata", "vapoursynth", "alias_pix", "rawvideo", "data",
})  # fmt: skip
_RATES = range(1000, 800_000)  # Hz; what a decoder may claim
_HIGH_RATE, _LOW_RATE = 48000, 24000  # Hz of the sound track: full band if the source has it, else enough for speech
_DC_CORNER = 10.0  # Hz
_DOWNMIX = {"FC": 1.0, "LFE": 0.0, "LFE2": 0.0, "BL": 0.5, "BR": 0.5, "SL": 0.5, "SR": 0.5, "BC": 0.5}
_OTHER_CHANNEL = 0.7
_NAMED_CHANNELS = 8  # more than these have no fixed meaning
_TELL_LENGTH = frozenset({"w64", "aiff", "caf", "flac", "mov"})  # others' lengths are estimates, or of a picture
_UNFINISHED = 0x7F000000  # bytes: what a writer puts into a header that it never completes
_MOST_CHUNKS = 1000  # of a WAV file, looked through for its sound
_LONGEST_PROMISE = 86400.0  # seconds
_MISSING = 0.1  # seconds (or 1%) that may be missing before it is worth a word


class AudioReader:
    """Reads a recording block by block, whatever its container, codec, rate and channels.

    Channels are mixed to one; samples that are not numbers become 0; a constant offset is removed; what is beyond full
    scale is clipped. Memory does not grow with the recording.

    Args:
        path: A regular file. Its name does not matter.
        rate: Hz of the samples given; by default 48 kHz when the recording has 32 kHz or more, else 24 kHz.
        max_seconds: Longest recording taken.

    Raises:
        AudioUnreadable: The file is missing, not a regular file, of no known format, a playlist, or without sound.
        AudioEmpty: The file has no bytes.
        AudioTooLong: Its header says that it is longer than allowed.
    """

    def __init__(self, path: Path, rate: int | None = None, max_seconds: float = MAX_SECONDS) -> None:
        self._path = path
        self._max_seconds = max_seconds
        with _open_file(path) as file:
            size = path.stat().st_size
            container, stream = self._open(file)
            with container:
                self.source_rate = stream.rate
                duration = stream.duration * stream.time_base if stream.duration and stream.time_base else None
                if duration is None and container.duration:
                    duration = container.duration / av.time_base
                # The header of a stream that was never finished claims hours; the file would have to be that large.
                believable = duration is not None and size >= duration * _least_bytes_per_second(stream)
                self._promised = _promised(container, stream, path)
        self.duration: float | None = float(duration) if duration is not None and believable else None
        """Seconds as the header says; None if it does not, or not credibly."""
        self.sample_rate: int = rate or (_HIGH_RATE if self.source_rate >= 32000 else _LOW_RATE)
        """Hz of the samples given."""
        self.warnings: list[str] = []
        """What was wrong with the file, complete once it has been read to its end."""
        if self.duration is not None and self.duration > max_seconds:
            self._too_long(self.duration)

    def __iter__(self) -> Iterator[FloatArray]:
        """Reads from the start.

        Yields:
            Mono blocks float32 [N], −1 to 1, at ``sample_rate``.

        Raises:
            AudioUnreadable: Nothing in the file can be decoded.
            AudioEmpty: It is shorter than 0.2 s.
            AudioTooLong: It is longer than allowed.
        """
        least = round(MIN_SECONDS * self.sample_rate)
        held: list[FloatArray] = []
        count = 0
        for block in self._resampled():
            count += len(block)
            if count > self._max_seconds * self.sample_rate + least:
                self._too_long(None)
            held.append(block)
            if count >= least:
                yield from held
                held.clear()
        if count < least:
            seconds = count / self.sample_rate
            raise AudioEmpty(
                f"the recording {self._path} is empty",
                f"it has {seconds:.2f} s of sound and {MIN_SECONDS} s are needed",
                "Give a longer recording",
            )

    def _resampled(self) -> Iterator[FloatArray]:
        resampler, rate = None, 0
        offset = _OffsetRemover()
        for block, source_rate in self._decoded():
            if resampler is None or source_rate != rate:
                if resampler is not None:
                    yield _clipped(offset.apply(resampler.resample_chunk(np.zeros(0, np.float32), last=True)))
                rate = source_rate
                resampler = soxr.ResampleStream(rate, self.sample_rate, 1, dtype="float32")
                offset = _OffsetRemover(self.sample_rate)
            yield _clipped(offset.apply(resampler.resample_chunk(block)))
        if resampler is not None:
            yield _clipped(offset.apply(resampler.resample_chunk(np.zeros(0, np.float32), last=True)))

    def _decoded(self) -> Iterator[tuple[FloatArray, int]]:
        """Mono blocks at the source's own rate, with that rate."""
        good = bad = 0
        seconds = 0.0
        to_float: AudioResampler | None = None
        with _open_file(self._path) as file:
            container, stream = self._open(file)
            with container:
                for frame in _frames(container, stream):
                    if frame is None:
                        bad += 1
                        continue
                    good += 1
                    if frame.sample_rate not in _RATES:
                        self._unreadable(f"its sample rate of {frame.sample_rate} Hz is out of range")
                    try:
                        to_float = to_float or AudioResampler("flt")
                        converted = to_float.resample(frame)
                    except ValueError:  # the format changed in mid-stream
                        to_float, converted = self._converter_for(frame)
                    for part in converted:
                        seconds += part.samples / frame.sample_rate
                        yield _mono(part), frame.sample_rate
        if bad and not good:
            self._unreadable("it is damaged: none of it can be decoded")
        short = self._promised is not None and self._promised - seconds > max(_MISSING, 0.01 * self._promised)
        if bad or short:
            self.warnings = [self._damage(seconds)]
            _log.warning(self.warnings[0])

    def _damage(self, seconds: float) -> str:
        # A header may promise less than there is, where packets in the middle are lost.
        whole = f" of {self._promised:.1f}" if self._promised is not None and self._promised > seconds else ""
        found = f"{seconds:.1f}{whole} s could be read, and the rest is left out"
        return f"the recording {self._path.name} is damaged or cut off: {found}"

    def _converter_for(self, frame: AudioFrame) -> tuple[AudioResampler, list[AudioFrame]]:
        converter = AudioResampler("flt")
        try:
            return converter, converter.resample(frame)
        except (av.FFmpegError, ValueError) as error:
            self._unreadable("its sound has a form that cannot be converted", error)

    def _open(self, file: BinaryIO) -> tuple[Any, AudioStream]:
        allowed = ",".join(sorted(f for f in av.formats_available if f.split(",", 1)[0] not in _REFUSED))
        try:
            container = av.open(
                _Bytes(file),
                container_options={"format_whitelist": allowed, "protocol_whitelist": "none"},
                io_open=_refuse,
                metadata_errors="replace",
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            self._unreadable("it is no audio or video in a format that can be read, or it is damaged", error)
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            container.close()
            self._unreadable("it has no sound track")
        if getattr(stream, "codec_context", None) is None:
            container.close()
            self._unreadable("its sound is in a codec that is not known")
        return container, stream

    def _unreadable(self, why: str, cause: BaseException | None = None) -> NoReturn:
        fix = "Give a recording such as WAV, MP3, M4A, OGG or FLAC, or a video with sound"
        raise AudioUnreadable(f"cannot read the recording {self._path}", why, fix) from cause

    def _too_long(self, seconds: float | None) -> NoReturn:
        length = "more" if seconds is None else f"{round(seconds / 60, 1):,g} minutes"
        raise AudioTooLong(
            f"the recording {self._path} is too long",
            f"it has {length} and {round(self._max_seconds / 60, 1):,g} minutes are allowed",
            "Cut it into several recordings, or set PAKSATALKER_MAX_AUDIO_MINUTES higher",
        )


class _Bytes:
    """The file without its name, so that formats are told by content and nothing can be opened beside it."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _refuse(url: str, *_: Any) -> NoReturn:
    raise PermissionError(f"a recording may not open {url}")


def _open_file(path: Path) -> BinaryIO:
    what = f"cannot read the recording {path}"
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioUnreadable(what, "it is a folder", "Name a recording in it")
        if not stat.S_ISREG(status.st_mode):
            raise AudioUnreadable(what, "it is not a regular file", "Save the sound to a file first")
        if status.st_size == 0:
            raise AudioEmpty(f"the recording {path} is empty", "the file has no bytes", "Give another recording")
        return path.open("rb")
    except FileNotFoundError:
        if is_address(path):
            raise AudioUnreadable(what, "addresses are not followed", "Download it first and give the file") from None
        raise AudioUnreadable(what, "there is no such file", "Check the path") from None
    except PermissionError:
        raise AudioUnreadable(what, "reading it is not allowed", f"Run: chmod +r '{path}'") from None
    except OSError as error:
        raise AudioUnreadable(what, error.strerror or "it cannot be opened", "Check the path") from error


def _frames(container: Any, stream: AudioStream) -> Iterator[AudioFrame | None]:
    """Decoded frames; None for each packet that cannot be decoded and for a stream that breaks off."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError, ValueError, IndexError):  # IndexError: streams that the header does not name
            yield None
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.EOFError:
            return
        except (av.FFmpegError, ValueError):
            yield None


def _promised(container: Any, stream: AudioStream, path: Path) -> float | None:
    """Seconds of sound that the header promises; None where it does not say so exactly."""
    form = container.format.name.split(",", 1)[0]
    if form == "wav":
        return _wave_seconds(path) if stream.codec_context.name.startswith("pcm_") else None
    exact = form in _TELL_LENGTH or (form == "mp3" and _counts_frames(path))
    if not exact or not (stream.duration and stream.time_base):
        return None
    seconds = float(stream.duration * stream.time_base)
    return seconds if seconds < _LONGEST_PROMISE else None


def _wave_seconds(path: Path) -> float | None:
    """The length of a WAV by its ``data`` chunk: FFmpeg corrects it by what there is of the file."""
    with _open_file(path) as file:
        file.seek(12)  # RIFF, size, WAVE
        rate = 0
        for _ in range(_MOST_CHUNKS):
            header = file.read(8)
            if len(header) < len(b"nameSIZE"):
                break
            name, size = struct.unpack("<4sI", header)
            if name == b"data":
                return size / rate if rate and size < _UNFINISHED else None
            if name == b"fmt ":
                rate = int.from_bytes(file.read(12)[8:], "little")  # bytes a second
                size -= 12
            file.seek(size + size % 2, 1)
    return None


def _counts_frames(path: Path) -> bool:
    """Whether an MP3 file says how long it is, in its first frame; else its length is an estimate."""
    with _open_file(path) as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            file.seek(10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=False)))
        else:
            file.seek(0)
        return re.search(rb"Xing|Info|VBRI", file.read(2048)) is not None


def _least_bytes_per_second(stream: AudioStream) -> float:
    """What a second takes at least: near exact for uncompressed sound, else more than nothing."""
    context = stream.codec_context
    if not context.name.startswith("pcm_"):
        return 1.0
    bits = re.search(r"\d+", context.name)  # pcm_s24le; the logarithmic ones have no number and 8 bits
    return 0.9 * int(context.sample_rate) * int(context.channels) * (int(bits[0]) if bits else 8) / 8


def _mono(frame: AudioFrame) -> FloatArray:
    """One channel [N] out of interleaved float: speech sits in the centre, effects in the rear and the bass.

    Interleaved because PyAV reads beyond the array of planes when there are more than eight.
    """
    channels = frame.layout.nb_channels
    interleaved = frame.to_ndarray().reshape(-1, channels).astype(np.float32, copy=False)
    samples: FloatArray = np.nan_to_num(interleaved, copy=True, nan=0.0, posinf=1.0, neginf=-1.0)
    if channels == 1:
        return np.asarray(samples[:, 0])
    names = [channel.name for channel in frame.layout.channels] if channels <= _NAMED_CHANNELS else []
    weights = np.array([_DOWNMIX.get(name, _OTHER_CHANNEL) for name in names], np.float32)
    if len(weights) != channels or not weights.any():
        weights = np.ones(channels, np.float32)
    return np.asarray(samples @ (weights / weights.sum()), dtype=np.float32)


def _clipped(samples: FloatArray) -> FloatArray:
    return np.clip(samples, -1.0, 1.0)


class _OffsetRemover:
    """A one-pole high-pass at 10 Hz that starts settled on the mean of the first block."""

    def __init__(self, rate: int = 48000) -> None:
        pole = 1 - 2 * np.pi * _DC_CORNER / rate
        self._b, self._a = np.array([1.0, -1.0]), np.array([1.0, -pole])
        self._state: npt.NDArray[np.float64] | None = None

    def apply(self, samples: FloatArray) -> FloatArray:
        if not len(samples):
            return samples
        if self._state is None:
            self._state = np.array([-float(samples.mean())])
        from scipy.signal import lfilter  # a second to import: only when something is decoded

        filtered, self._state = lfilter(self._b, self._a, samples, zi=self._state)
        return np.asarray(filtered, dtype=np.float32)
