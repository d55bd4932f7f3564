"""The sound of a video, encoded while it is spoken, and kept until the parts that it belongs to are known."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
from av.container import OutputContainer
from av.packet import Packet

from paksatalker.core.parts import SoundPacket, frames_of
from paksatalker.core.rendering.sound_encoder import SoundEncoder
from paksatalker.core.soundtrack import SoundTrack
from paksatalker.core.timeline import Speech


class SoundRecorder:
    """Encodes pieces as the frames of a video that is made in one go would have it; a context manager.

    Args:
        fps: Frames a second.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._track = SoundTrack(fps)
        self._file: OutputContainer | None = None
        self._encoder: SoundEncoder | None = None
        self._packets: deque[SoundPacket] = deque()
        self._frames, self._end = 0, 0.0
        self._first: int | None = None
        self.sample_rate = 0

    @property
    def delay(self) -> int:
        """Samples that the encoder puts before the sound; known as soon as there is a packet."""
        return -(self._first or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, piece: Speech) -> None:
        """Takes the next piece."""
        self._track.add(piece)
        self._end = piece.end
        if self._encoder is None:
            self._open(piece.sample_rate)
        self._encode(frames_of(self._end, self._fps) - 1)  # the last frame of a piece may reach into the next one

    def finish(self) -> None:
        """Encodes the rest: no piece follows."""
        self._encode(frames_of(self._end, self._fps))
        if self._encoder is not None:
            self._encoder.flush()

    def take(self, frame: int | None = None) -> tuple[SoundPacket, ...]:
        """What was not taken yet and is heard before a frame; None takes everything."""
        taken: list[SoundPacket] = []
        rate = 1 if self._encoder is None else self._encoder.stream.rate
        fps = Fraction(self._fps).limit_denominator(1001)
        while self._packets and (frame is None or Fraction(self._packets[0].pts, rate) < frame / fps):
            taken.append(self._packets.popleft())
        return tuple(taken)

    def _open(self, rate: int) -> None:
        self.sample_rate = rate
        self._file = av.open(io.BytesIO(), "w", format="mp4")  # no packet goes there: a stream must be one of a file
        self._encoder = SoundEncoder(self._file, "mp4", rate, self._keep)
        self._file.start_encoding()

    def _encode(self, until: int) -> None:
        while self._encoder is not None and self._frames < until:
            self._encoder.write(self._track.take(self._frames))
            self._frames += 1

    def _keep(self, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            if not packet.size:
                continue
            assert packet.pts is not None
            if self._first is None:
                self._first = packet.pts
            self._packets.append(SoundPacket(packet.pts, packet.duration or 0, bytes(packet)))
