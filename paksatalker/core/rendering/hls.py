"""A video in pieces that play while the rest is still being made: fragmented MP4 for HTTP Live Streaming (RFC 8216).

The packets are those of the video file, muxed a second time; nothing is encoded twice. FFmpeg writes one fragment
(``moof`` and ``mdat``) for each keyframe; short ones are put together.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from paksatalker.core.parts import SoundPacket, StreamPart
from paksatalker.core.rendering.sound_encoder import SoundEncoder

INIT_NAME = "init.mp4"
#: A segment is at least so long, but for the last one, seconds.
SHORTEST_SECONDS = 2
#: ``delay_moov``: the header waits for the first packets, so that it can tell the encoders' delays in edit lists.
_FLAGS = "+frag_keyframe+default_base_moof+delay_moov+skip_trailer"
#: Of a later part of a stream: its times go on where those of the part before end.
_GOES_ON = "+frag_discont"
_FRAGMENTS = 100_000  # of a part, at most; they are numbered through the stream
_SOUND_AHEAD = 1  # seconds; what waits longer for its picture is written before it
_BOX_HEADER = 8  # of ISO/IEC 14496-12: length (4 bytes, with the header) and type (4)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of the stream.

    Attributes:
        name: ``init.mp4``, then ``seg_00000.m4s`` and so on.
        content: Its bytes.
        seconds: How long it plays; 0 for the first one, which holds no frames.
    """

    name: str
    content: bytes
    seconds: float


PieceListener = Callable[[Piece], None]


class Segmenter:
    """Takes copies of packets and gives out pieces; every piece but the first begins with a keyframe.

    Args:
        video: The stream whose packets come, its encoder open.
        sound: The same of the sound, or None.
        on_piece: Called with every piece as soon as it is whole, on the thread that calls :meth:`mux`.
        part: The stream is this part of a longer one: its times go on, and of its sound the packets are given here.
            Only the first part has a piece without frames.
    """

    def __init__(
        self, video: VideoStream, sound: AudioStream | None, on_piece: PieceListener, part: StreamPart | None = None
    ) -> None:
        self._out = bytearray()
        self._on_piece = on_piece
        self._part = part
        self._container: OutputContainer = av.open(
            _Sink(self._out), "w", format="mp4", container_options=_options(part)
        )
        self._streams: dict[int, Stream] = {}
        for stream in (video, sound):
            if stream is not None:
                self._streams[stream.index] = self._container.add_stream_from_template(stream)
        self._video = video.index
        self._frame = 1 / Fraction(video.codec_context.framerate)
        self._ready: deque[SoundPacket] = deque(() if part is None else part.sound)
        self._track = None if part is None or not part.sample_rate else self._add_track(part.sample_rate)
        self._container.start_encoding()
        self._keys: list[Fraction] = []  # instants of keyframes whose fragments are not out
        self._end = Fraction(0)
        self._closed = False
        self._began = False
        self._segments = 0
        self._held, self._held_seconds = bytearray(), Fraction(0)

    def mux(self, packets: Iterable[Packet[Any]]) -> None:
        """Takes the next packets of a stream; they stay the caller's."""
        for packet in packets:
            if not packet.size:
                continue
            copy = _copy(packet, self._streams[packet.stream.index])
            if packet.stream.index == self._video:
                self._note(packet)
                if self._part is not None:
                    self._move(copy, self._part)
            self._container.mux(copy)
            self._give(last=False)

    def _add_track(self, sample_rate: int) -> AudioStream:
        """A track for sound that is encoded already: as its encoder would have it."""
        with av.open(io.BytesIO(), "w", format="mp4") as file:
            encoder = SoundEncoder(file, "mp4", sample_rate, lambda _: None)
            file.start_encoding()
            return self._container.add_stream_from_template(encoder.stream)

    def _move(self, packet: Packet[Any], part: StreamPart) -> None:
        """Moves a packet of the picture to its place in the whole stream, behind the sound that goes before it."""
        assert packet.pts is not None
        assert packet.dts is not None
        assert packet.time_base is not None
        shift = part.first * self._frame / packet.time_base
        packet.pts, packet.dts = packet.pts + int(shift), packet.dts + int(shift)
        self._give_sound(packet.dts * packet.time_base + _SOUND_AHEAD)

    def _give_sound(self, until: Fraction | None = None) -> None:
        part = self._part
        while part is not None and self._track is not None and self._ready:
            rate, sound = self._track.rate, self._ready[0]
            if until is not None and Fraction(sound.pts, rate) >= until:
                return
            packet = Packet(self._ready.popleft().data)
            packet.pts = packet.dts = sound.pts + (part.delay if part.number else 0)  # edit lists are the first part's
            packet.time_base, packet.duration = Fraction(1, rate), sound.duration
            packet.is_keyframe, packet.stream = True, self._track
            self._container.mux(packet)

    def flush(self) -> None:
        """Gives out what is left."""
        self._give_sound()
        self.close()
        self._keys.append(self._end)
        self._give(last=True)

    def close(self) -> None:
        """Lets go of everything, whole or not."""
        if not self._closed:
            self._closed = True
            self._container.close()

    def _note(self, packet: Packet[Any]) -> None:
        assert packet.pts is not None
        assert packet.time_base is not None
        shown = packet.pts * packet.time_base
        if packet.is_keyframe:
            self._keys.append(shown)
        self._end = max(self._end, shown + self._frame)

    def _give(self, *, last: bool) -> None:
        """Gives out what FFmpeg has written."""
        fragments = _taken(self._out)
        if fragments and not self._began:
            self._began = True
            header = fragments.pop(0)
            if self._part is None or not self._part.number:
                self._on_piece(Piece(INIT_NAME, header, 0.0))
        for fragment in fragments:
            self._held += fragment
            self._held_seconds += self._keys[1] - self._keys[0]
            del self._keys[0]
            if self._held_seconds >= SHORTEST_SECONDS:
                self._give_segment()
        if last and self._held:
            self._give_segment()

    def _give_segment(self) -> None:
        self._on_piece(Piece(f"seg_{self._segments:05d}.m4s", bytes(self._held), float(self._held_seconds)))
        self._segments += 1
        self._held, self._held_seconds = bytearray(), Fraction(0)


def _options(part: StreamPart | None) -> dict[str, str]:
    if part is None or not part.number:
        return {"movflags": _FLAGS}
    return {"movflags": _FLAGS + _GOES_ON, "fragment_index": str(part.number * _FRAGMENTS + 1)}


class _Sink:
    """What FFmpeg writes into."""

    def __init__(self, out: bytearray) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        """Appends."""
        self._out += data
        return len(data)


def _taken(out: bytearray) -> list[bytes]:
    """Takes the whole units from the front of what was written: the header (up to ``moov``), then fragments."""
    units, start, position = [], 0, 0
    while position + _BOX_HEADER <= len(out):
        length = int.from_bytes(out[position : position + 4], "big")
        if length < _BOX_HEADER or position + length > len(out):
            break
        kind = bytes(out[position + 4 : position + 8])
        position += length
        if kind in (b"moov", b"mdat"):
            units.append(bytes(out[start:position]))
            start = position
    del out[:start]
    return units


def _copy(packet: Packet[Any], stream: Stream) -> Packet[Any]:
    copy = Packet(bytes(packet))
    copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
    copy.duration, copy.is_keyframe, copy.stream = packet.duration, packet.is_keyframe, stream
    return copy
