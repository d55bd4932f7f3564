"""Frames and sound into a video file, while they are being made.

Encoding runs in a thread of its own. The file grows under a temporary name in the output's directory and takes its
final name only when it is complete, so that a crash, a full disk or Ctrl-C never leaves a half-written video.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.container
import numpy as np

from paksatalker.core.files import UnfinishedFile, check_place, write_error
from paksatalker.core.options import FORMATS, PRESETS, require_choice
from paksatalker.core.parts import StreamPart
from paksatalker.core.rendering.hls import PieceListener
from paksatalker.core.rendering.muxing import Muxer, open_muxer
from paksatalker.core.rendering.video_spec import VideoSpec
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import EncodingFailed, InvalidOption, OutputUnwritable

#: Frames that wait for the encoder: enough to even out slow moments of either side. How full the queue gets is up to
#: chance, so more would only make the memory needed larger and less certain.
_QUEUE_BYTES, _QUEUE_FRAMES = 12 << 20, 8


def check_output(
    path: Path | str,
    format: str | None = None,  # noqa: A002  (the option's own name)
    *,
    alpha: bool = False,
) -> str:
    """Finds out, before any work is done, whether a video can be written.

    Args:
        path: The video to be.
        format: One of :data:`~paksatalker.core.options.FORMATS`; None goes by the suffix.
        alpha: Whether frames are RGBA.

    Returns:
        The format.

    Raises:
        OutputUnwritable: The directory does not exist or cannot be written, the path is a directory or a device, or
            the suffix means no format.
        InvalidOption: ``format`` is unknown, contradicts the suffix, or cannot hold alpha.
    """
    path = Path(path)
    what = f"cannot write {path}"
    if format is not None:
        require_choice("format", format, FORMATS)
    suffix = path.suffix.lower().removeprefix(".")
    if format is None and suffix not in FORMATS:
        why = f"the suffix '{path.suffix}' means no format" if suffix else "its name has no suffix"
        raise OutputUnwritable(what, why, "End the name in .mp4, .webm or .gif")
    if format is not None and suffix in FORMATS and suffix != format:
        raise InvalidOption(
            f"{path.name} cannot be a {format}", f"its suffix says {suffix}", f"Name it {path.stem}.{format}"
        )
    if alpha and (format or suffix) == "mp4":
        why, fix = "H.264 has no alpha channel", "Write a .webm, or choose another background"
        raise InvalidOption("an mp4 cannot be transparent", why, fix)
    check_place(path)
    return format or suffix


class Encoder:
    """Writes a video; a context manager. The file is there when the ``with`` block has been left without an error.

    Frame ``k`` is shown at exactly ``k / fps``; the sound runs on its own sample count, so the two cannot drift.

    Args:
        path: The video. An existing file is replaced at the end.
        size: Width and height, pixels, both even.
        fps: Frames a second; 29.97 and the like are taken as the fraction they stand for.
        sample_rate: Of the sound, Hz; 0 for none.
        format: One of :data:`~paksatalker.core.options.FORMATS`; None goes by the suffix. A GIF has no sound.
        preset: One of :data:`~paksatalker.core.options.PRESETS`.
        alpha: Whether frames are RGBA (``webm``; in a ``gif`` a pixel is either visible or not).
        on_piece: Called with the pieces of the same video as a stream while it is made (``mp4`` only), on the
            encoder's thread; what it raises ends the video.
        part: Which part of a longer stream the pieces are.

    Raises:
        InvalidOption: The size is odd, the preset unknown, or the format cannot hold alpha or be streamed.
        OutputUnwritable: The path cannot be written.
        DiskFull: While writing or closing.
        EncodingFailed: While opening, writing or closing.
    """

    def __init__(
        self,
        path: Path | str,
        size: tuple[int, int],
        fps: float | Fraction,
        sample_rate: int,
        *,
        format: str | None = None,  # noqa: A002  (the option's own name)
        preset: str = "standard",
        alpha: bool = False,
        on_piece: PieceListener | None = None,
        part: StreamPart | None = None,
    ) -> None:
        if size[0] % 2 or size[1] % 2 or min(size) < 2:
            raise InvalidOption(f"a video of {size[0]} × {size[1]} cannot be encoded", "both sides must be even")
        require_choice("preset", preset, PRESETS)
        format = check_output(path, format, alpha=alpha)  # noqa: A001  (the option's own name)
        if on_piece is not None and format != "mp4":
            raise InvalidOption(f"a {format} cannot be streamed while it is made", fix="Write an mp4")
        self._on_piece, self._place = on_piece, part
        rate = Fraction(fps).limit_denominator(1001)
        self.spec = VideoSpec(size, rate, sample_rate, format, preset, alpha)
        self._shown = Path(path)
        self._growing = UnfinishedFile(self._shown)
        self._queue: queue.Queue[VideoFrame | None] = queue.Queue(
            max(2, min(_QUEUE_FRAMES, _QUEUE_BYTES // (size[0] * size[1] * 4)))
        )
        self._thread = threading.Thread(target=self._run, name="paksatalker-encoder", daemon=True)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._muxer: Muxer | None = None
        self._next: int | None = None

    def __enter__(self) -> Self:
        try:
            self._growing.create()
            self._muxer = open_muxer(self._growing.part, self.spec, self._on_piece, self._place)
        except BaseException as error:
            self._growing.discard()
            raise self._translated(error) from error
        self._thread.start()
        return self

    def write(self, frame: VideoFrame) -> None:
        """Hands over the next frame; waits while the encoder is behind. The arrays may be reused afterwards.

        Raises:
            ValueError: The frame does not follow the one before, or has another size or sample rate.
            DiskFull: An earlier frame could not be stored.
            EncodingFailed: An earlier frame could not be encoded.
        """
        self._check(frame)
        copy = VideoFrame(frame.index, frame.image.copy(), frame.audio.copy(), frame.sample_rate)
        while True:
            self._raise_pending()
            try:
                self._queue.put(copy, timeout=0.1)
                return
            except queue.Full:
                continue

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._abort()

    def _check(self, frame: VideoFrame) -> None:
        channels = 4 if self.spec.alpha else 3
        shape = (self.spec.size[1], self.spec.size[0], channels)
        if frame.image.shape != shape or frame.image.dtype != np.uint8:
            raise ValueError(f"the frame is {frame.image.dtype} {frame.image.shape}, not uint8 {shape}")
        if self._next is not None and frame.index != self._next:
            raise ValueError(f"frame {frame.index} follows frame {self._next - 1}")
        if len(frame.audio) and self.spec.sample_rate not in (0, frame.sample_rate):
            raise ValueError(f"the sound has {frame.sample_rate} Hz, not {self.spec.sample_rate}")
        self._next = frame.index + 1

    @property
    def unfinished(self) -> Path:
        """The file until it takes its name: whole after :meth:`complete`."""
        return self._growing.part

    def complete(self) -> None:
        """Waits for the last frame and ends the file; it then only needs its name. No frame can follow.

        Raises:
            DiskFull: The end could not be stored.
            EncodingFailed: A frame could not be encoded.
        """
        while self._thread.is_alive():
            self._raise_pending()
            with suppress(queue.Full):
                self._queue.put(None, timeout=0.1)
                break
        while self._thread.is_alive():
            self._thread.join(0.2)  # in steps, so that Ctrl-C is heard
        self._raise_pending()

    def _finish(self) -> None:
        self.complete()
        try:
            self._growing.take_place()
        except OSError as error:
            raise self._translated(error) from error

    def _abort(self) -> None:
        """Ends the thread and removes what is unfinished; harmless after success."""
        self._stop.set()
        while self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put_nowait(None)
            self._thread.join(0.05)
        self._growing.discard()

    def _run(self) -> None:
        """The encoder's thread: frames from the queue into the file, until there are no more."""
        assert self._muxer is not None
        try:
            try:
                while (frame := self._queue.get()) is not None and not self._stop.is_set():
                    self._muxer.write(frame)
                if not self._stop.is_set():
                    self._muxer.flush()
            finally:
                self._muxer.close()
        except BaseException as error:  # noqa: BLE001  (handed to the thread that writes)
            self._error = error

    def _raise_pending(self) -> None:
        if self._error is not None and not self._stop.is_set():
            raise self._translated(self._error) from self._error

    def _translated(self, error: BaseException) -> BaseException:
        if isinstance(error, OSError) and (known := write_error(error, self._shown)):
            return known
        if isinstance(error, (av.FFmpegError, OSError)):
            return EncodingFailed(f"cannot encode {self._shown}", str(error), "Try another --format or --size")
        return error
