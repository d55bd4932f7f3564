"""A long video, cut into parts that can be rendered apart, on many machines at once.

What moves is a function of the speech, the seed and the time, and a frame is a function of what moves. So a part is
made by letting the speech (kept once, :mod:`paksatalker.core.speech_file`) pass by from its beginning, which is cheap,
and drawing only the part's own frames, which is not. The frames are those of the whole video, bit for bit, so that
nothing is to be seen where parts meet. The sound is encoded once, as a whole, by whoever keeps the speech, and its
packets are dealt out to the parts, so that nothing is to be heard there, either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from paksatalker.core.timeline import FaceTrack, Speech
from paksatalker.core.tracks import CoefficientTrack

_Track = TypeVar("_Track", FaceTrack, CoefficientTrack)

#: Renderers that draw a frame from its own state alone, so that they can begin anywhere.
CAN_BEGIN_ANYWHERE = frozenset({"portrait"})
#: Face engines that go by words and prosody: samples are not kept for them.
NEED_NO_SAMPLES = frozenset({"rules"})
#: Seconds of speech after a part that what moves in it depends on, and the sound's encoder.
AHEAD = 1.0
_FIRST = 4  # of the first part's length: it is so much shorter
_HAIR = 1e-6  # seconds; as the animation counts frames


@dataclass(frozen=True, slots=True)
class Part:
    """What one renderer makes.

    Attributes:
        speech: The speech from the beginning of the video to the end of the part: a file for each part, in order.
        first: Its first frame.
        end: One past its last frame.
    """

    speech: tuple[Path, ...]
    first: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.end:
            raise ValueError(f"frames {self.first} to {self.end} are no part of a video")

    @property
    def number(self) -> int:
        """From 0."""
        return len(self.speech) - 1


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """Encoded sound.

    Attributes:
        pts: When it is heard, samples at the encoder's rate.
        duration: Samples.
        data: The bytes.
    """

    pts: int
    duration: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StreamPart:
    """Where a part is in the stream of the whole video.

    Attributes:
        number: From 0.
        first: Its first frame.
        sample_rate: Of the speech, Hz.
        delay: Samples that the encoder puts before the sound of the whole video.
        sound: What is heard in the part.
    """

    number: int
    first: int
    sample_rate: int
    delay: int
    sound: tuple[SoundPacket, ...]


def frames_of(seconds: float, fps: float) -> int:
    """How many frames speech of this length has."""
    return math.ceil((seconds - _HAIR) * fps)


class Cutter:
    """Cuts speech while it comes: where sentences end, into parts that are no shorter than they may be.

    A part is given out when it is sure that the next one is worth having, and when so much of what follows is known
    that it can be rendered.

    Args:
        shortest: Seconds. Two parts may be shorter: the first one, a quarter of it, so that there is soon something to
            see; and the last one, but not below a third of it.
    """

    def __init__(self, shortest: float) -> None:
        self._usual = shortest, max(AHEAD, shortest / 3)
        self._shortest, self._next = shortest / _FIRST, AHEAD
        self._pieces: list[Speech] = []
        self._start: float = 0.0
        self._cut: int | None = None  # so many pieces make a part

    def add(self, piece: Speech) -> list[Speech]:
        """Takes the next piece; gives the pieces of a part that is whole, or none."""
        self._pieces.append(piece)
        if self._cut is None:
            if piece.end - self._start >= self._shortest:
                self._cut = len(self._pieces)
            return []
        if piece.end - self._pieces[self._cut - 1].end < self._next:
            return []
        part, self._pieces = self._pieces[: self._cut], self._pieces[self._cut :]
        self._start, self._cut = part[-1].end, None
        self._shortest, self._next = self._usual
        for k, rest in enumerate(self._pieces, 1):
            if self._cut is None and rest.end - self._start >= self._shortest:
                self._cut = k
        return part

    @property
    def rest(self) -> list[Speech]:
        """The pieces after the last part that was given out."""
        return self._pieces


def ahead(pieces: Iterable[Speech]) -> list[Speech]:
    """As many of the pieces that follow a part as it needs to know."""
    known: list[Speech] = []
    for piece in pieces:
        known.append(piece)
        if piece.end - known[0].start >= AHEAD:
            break
    return known


def cut(tracks: Iterable[_Track], first: int, end: int) -> Iterator[_Track]:
    """The rows of some frames only; what comes after them is not made."""
    for track in tracks:
        start = max(first - track.first_frame, 0)
        stop = min(end - track.first_frame, len(track))
        if start < stop:
            yield track[start:stop]
        if track.first_frame + len(track) >= end:
            return
