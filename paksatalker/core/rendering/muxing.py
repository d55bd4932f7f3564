"""Codecs and containers: the settings of each format, and the muxer that frames flow into."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from paksatalker.core.parts import StreamPart
from paksatalker.core.rendering.gif import GifMuxer
from paksatalker.core.rendering.hls import PieceListener, Segmenter
from paksatalker.core.rendering.sound_encoder import SoundEncoder
from paksatalker.core.rendering.video_spec import VideoSpec
from paksatalker.core.rendering.yuv import to_yuv
from paksatalker.core.timeline import VideoFrame
from paksatalker.errors import EncodingFailed

_BT709 = 1  # of ISO/IEC 23091-2: primaries, transfer and matrix
_LIMITED_RANGE = 1  # AVCOL_RANGE_MPEG: black is 16, white 235
_SECONDS_BETWEEN_KEYFRAMES = 4

_X264 = {
    "draft": {"preset": "ultrafast", "crf": "23"},
    # a third less time than plain veryfast for 5% more bytes: a talking head has little motion to search for
    "standard": {"preset": "veryfast", "crf": "18", "x264-params": "subme=1:rc-lookahead=10"},
    "high": {"preset": "faster", "crf": "16"},
}
_VP9 = {
    "draft": {"cpu-used": "8", "crf": "36"},
    "standard": {"cpu-used": "8", "crf": "28"},
    "high": {"cpu-used": "5", "crf": "22"},
}


class Muxer(Protocol):
    """Takes frames in order and makes a file of them."""

    def write(self, frame: VideoFrame) -> None:
        """Encodes a frame with its sound."""
        ...

    def flush(self) -> None:
        """Encodes what is still held back and completes the file."""
        ...

    def close(self) -> None:
        """Lets go of the file, complete or not."""
        ...


def open_muxer(
    path: Path, spec: VideoSpec, on_piece: PieceListener | None = None, part: StreamPart | None = None
) -> Muxer:
    """The muxer for a format.

    Args:
        path: The file.
        spec: What it will hold.
        on_piece: See :class:`AudioVideoMuxer`.
        part: The same.

    Raises:
        EncodingFailed: This build of FFmpeg lacks the encoder.
        av.FFmpegError: The encoder or the file cannot be opened.
    """
    needed = {"mp4": ("libx264", "aac"), "webm": ("libvpx-vp9", "libopus"), "gif": ("gif",)}[spec.format]
    for codec in needed:
        if codec not in av.codecs_available:
            raise EncodingFailed(
                f"cannot encode {spec.format}",
                f"this build of FFmpeg has no {codec}",
                "Run: pip install --force-reinstall --only-binary av av",
            )
    return GifMuxer(path, spec) if spec.format == "gif" else AudioVideoMuxer(path, spec, on_piece, part)


class AudioVideoMuxer:
    """H.264 and AAC in MP4, or VP9 and Opus in WebM.

    Args:
        path: The file.
        spec: What it will hold.
        on_piece: Called with every piece of the same video as a stream while it is made (MP4), or None.
        part: Which part of a longer stream the pieces are; its sound is encoded already.
    """

    def __init__(
        self, path: Path, spec: VideoSpec, on_piece: PieceListener | None = None, part: StreamPart | None = None
    ) -> None:
        self._time_base = 1 / spec.fps
        self._frames = 0
        self._closed = False
        options = {"movflags": "+faststart"} if spec.format == "mp4" else {}
        self._container: OutputContainer = av.open(str(path), "w", format=spec.format, container_options=options)
        self._video = _add_video(self._container, spec)
        self._sound = (
            SoundEncoder(self._container, spec.format, spec.sample_rate, self._mux) if spec.sample_rate else None
        )
        self._pixels = "yuva420p" if spec.alpha else "yuv420p"
        self._container.start_encoding()
        sound = None if self._sound is None else self._sound.stream
        self._segmenter = None if on_piece is None else Segmenter(self._video, sound, on_piece, part)

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        kept = list(packets)
        if self._segmenter is not None:
            self._segmenter.mux(kept)  # first: muxing into the file changes a packet's times
        self._container.mux(kept)

    def write(self, frame: VideoFrame) -> None:
        """Encodes a frame with its sound."""
        picture = to_yuv(frame.image)
        picture.pts = self._frames
        picture.time_base = self._time_base
        self._frames += 1
        if self._sound is not None:
            self._sound.write(frame.audio)
        self._mux(self._video.encode(picture))

    def flush(self) -> None:
        """Encodes what is still held back and completes the file."""
        if not self._frames:
            raise EncodingFailed("cannot make a video", "there are no frames", "Give a text or a recording")
        if self._sound is not None:
            self._sound.flush()
        self._mux(self._video.encode(None))
        if self._segmenter is not None:
            self._segmenter.flush()
        self.close()

    def close(self) -> None:
        """Lets go of the file, complete or not."""
        if not self._closed:
            self._closed = True
            if self._segmenter is not None:
                self._segmenter.close()
            self._container.close()


def _add_video(container: OutputContainer, spec: VideoSpec) -> VideoStream:
    keyframes = round(_SECONDS_BETWEEN_KEYFRAMES * spec.fps)
    if spec.format == "mp4":
        options = {**_X264[spec.preset], "threads": "2"}
        stream = container.add_stream("libx264", rate=spec.fps, options=options)
    else:
        options = {**_VP9[spec.preset], "deadline": "realtime", "row-mt": "1", "threads": "2", "b:v": "0"}
        if spec.alpha:
            options["auto-alt-ref"] = "0"  # the alpha encoder cannot follow invisible frames
        stream = container.add_stream("libvpx-vp9", rate=spec.fps, options=options)
        if spec.alpha:
            stream.metadata["alpha_mode"] = "1"
    stream.width, stream.height = spec.size
    stream.pix_fmt = "yuva420p" if spec.alpha else "yuv420p"
    stream.gop_size = keyframes
    context = stream.codec_context
    context.time_base = 1 / spec.fps
    context.framerate = spec.fps
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED_RANGE
    return stream
