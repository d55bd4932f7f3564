"""Parts of a video that were encoded apart, joined: packets are copied, nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from paksatalker.core.files import UnfinishedFile, write_error
from paksatalker.core.parts import SoundPacket
from paksatalker.core.rendering.sound_encoder import SoundEncoder
from paksatalker.errors import EncodingFailed


@dataclass(frozen=True, slots=True)
class Joint:
    """What is joined.

    Attributes:
        path: A silent MP4 file.
        frames: How many it must have.
        sound: What is heard in it.
    """

    path: Path
    frames: int
    sound: Sequence[SoundPacket]


def join_parts(parts: Iterable[Joint], fps: Fraction, sample_rate: int, path: Path) -> int:
    """Joins silent MP4 files to one with sound.

    Args:
        parts: In order; made by the same encoder with the same settings, so that one header fits all.
        fps: Frames a second.
        sample_rate: Of the speech, Hz; 0 for no sound.
        path: The video; it appears when it is complete.

    Returns:
        How many frames it has.

    Raises:
        EncodingFailed: Parts differ in size, codec or settings, or have too few or too many frames.
        OutputUnwritable: The path cannot be written.
        DiskFull: There is no room.
    """
    unfinished = UnfinishedFile(path)
    try:
        count = _joined(parts, fps, sample_rate, unfinished.part)
        unfinished.take_place()
    except av.FFmpegError as error:
        known = write_error(error, path) if isinstance(error, OSError) else None
        raise (known or _failed(str(error))) from error
    except OSError as error:
        raise (write_error(error, path) or error) from error
    finally:
        unfinished.discard()
    return count


def _joined(parts: Iterable[Joint], fps: Fraction, sample_rate: int, path: Path) -> int:
    count = 0
    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(path), "w", format="mp4", container_options={"movflags": "+faststart"}))
        video: VideoStream | None = None
        track: AudioStream | None = None
        header = b""
        for part in parts:
            with av.open(str(part.path)) as source:
                stream = source.streams.video[0]
                if video is None:
                    header = stream.codec_context.extradata or b""
                    video = _add_video(out, stream, fps)
                    track = SoundEncoder(out, "mp4", sample_rate, lambda _: None).stream if sample_rate else None
                    out.start_encoding()
                elif (stream.codec_context.extradata or b"") != header:
                    raise _failed(f"{part.path.name} has other settings than the first part")
                sound = iter(()) if track is None else _packets(part.sound, track)
                pictures = (_moved(packet, count, fps, video) for packet in source.demux(stream) if packet.size)
                made = _copy(out, pictures, sound)
                if made != part.frames:
                    raise _failed(f"{part.path.name} has {made} frames, not {part.frames}")
                count += made
    return count


def _add_video(out: OutputContainer, source: VideoStream, fps: Fraction) -> VideoStream:
    stream = out.add_stream_from_template(source)
    stream.time_base = 1 / fps
    return stream


def _packets(sound: Sequence[SoundPacket], track: AudioStream) -> Iterator[Packet[Any]]:
    for kept in sound:
        packet = Packet(kept.data)
        packet.pts = packet.dts = kept.pts
        packet.duration, packet.time_base = kept.duration, Fraction(1, track.rate)
        packet.is_keyframe, packet.stream = True, track
        yield packet


def _copy(out: OutputContainer, pictures: Iterator[Packet[Any]], sound: Iterator[Packet[Any]]) -> int:
    """Copies a part, sound and pictures in turn. Returns how many frames it has."""
    count = 0
    heard = next(sound, None)
    for picture in pictures:
        while heard is not None and _time(heard) <= _time(picture):
            out.mux(heard)
            heard = next(sound, None)
        out.mux(picture)
        count += 1
    while heard is not None:
        out.mux(heard)
        heard = next(sound, None)
    return count


def _time(packet: Packet[Any]) -> Fraction:
    assert packet.dts is not None
    assert packet.time_base is not None
    return packet.dts * packet.time_base


def _moved(packet: Packet[Any], frames: int, fps: Fraction, stream: VideoStream) -> Packet[Any]:
    """A packet so many frames later."""
    assert packet.pts is not None
    assert packet.dts is not None
    assert packet.time_base is not None
    pts, dts = (round(at * packet.time_base * fps) + frames for at in (packet.pts, packet.dts))
    packet.time_base = 1 / fps
    packet.pts, packet.dts, packet.duration, packet.stream = pts, dts, 1, stream
    return packet


def _failed(why: str) -> EncodingFailed:
    return EncodingFailed("cannot join the parts of the video", why, "Render all parts with the same version")
