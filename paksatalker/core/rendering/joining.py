"""Parts of a video that were encoded apart, joined: packets are copied, and only the sound is encoded, as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from paksatalker.core.files import check_place, take_place, unfinished_name, write_error
from paksatalker.core.rendering.encode import VideoSpec
from paksatalker.core.rendering.muxing import SoundEncoder
from paksatalker.core.timeline import FloatArray
from paksatalker.errors import EncodingFailed


def join_parts(parts: Sequence[Path], shares: Iterable[FloatArray], spec: VideoSpec, path: Path) -> int:
    """Joins silent MP4 files to one with sound.

    Args:
        parts: In order; made by the same encoder with the same settings, so that one header fits all.
        shares: The sound of each frame, float32 [M].
        spec: What is joined.
        path: The video; it appears when it is complete.

    Returns:
        How many frames it has.

    Raises:
        EncodingFailed: Parts differ in size, codec or settings, or there are more frames than sound or the reverse.
        OutputUnwritable: The path cannot be written.
        DiskFull: There is no room.
    """
    check_place(path)
    unfinished = unfinished_name(path)
    try:
        count = _joined(parts, iter(shares), spec, unfinished)
        take_place(unfinished, path)
    except av.FFmpegError as error:
        known = write_error(error, path) if isinstance(error, OSError) else None
        raise (known or _failed(str(error))) from error
    except OSError as error:
        raise (write_error(error, path) or error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _joined(parts: Sequence[Path], shares: Iterator[FloatArray], spec: VideoSpec, path: Path) -> int:
    count = 0
    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(path), "w", format="mp4", container_options={"movflags": "+faststart"}))
        video: VideoStream | None = None
        sound: SoundEncoder | None = None
        header = b""
        for part in parts:
            with av.open(str(part)) as source:
                stream = source.streams.video[0]
                if video is None:
                    header = stream.codec_context.extradata or b""
                    video = _add_video(out, stream, spec.fps)
                    sound = (
                        SoundEncoder(out, spec, lambda packets: out.mux(list(packets))) if spec.sample_rate else None
                    )
                    out.start_encoding()
                elif (stream.codec_context.extradata or b"") != header:
                    raise _failed(f"{part.name} has other settings than the first part")
                first = count
                for packet in source.demux(stream):
                    if packet.size:
                        _feed(sound, shares)
                        out.mux(_moved(packet, first, spec.fps, video))
                        count += 1
        if next(shares, None) is not None:
            raise _failed(f"there is more sound than for {count} frames")
        if sound is not None:
            sound.flush()
    return count


def _add_video(out: OutputContainer, source: VideoStream, fps: Fraction) -> VideoStream:
    stream = out.add_stream_from_template(source)
    stream.time_base = 1 / fps
    return stream


def _feed(sound: SoundEncoder | None, shares: Iterator[FloatArray]) -> None:
    try:
        share = next(shares)
    except StopIteration:
        raise _failed("there are more frames than sound") from None
    if sound is not None:
        sound.write(share)


def _moved(packet: Packet[Any], frames: int, fps: Fraction, stream: VideoStream) -> Packet[Any]:
    """A packet so many frames later."""
    assert packet.pts is not None
    assert packet.dts is not None
    pts, dts = (round(at * packet.time_base * fps) + frames for at in (packet.pts, packet.dts))
    packet.time_base = 1 / fps
    packet.pts, packet.dts, packet.duration, packet.stream = pts, dts, 1, stream
    return packet


def _failed(why: str) -> EncodingFailed:
    return EncodingFailed("cannot join the parts of the video", why, "Render all parts with the same version")
