"""A long video, cut into parts that can be rendered apart, on many machines at once.

What moves is a function of the speech, the seed and the time, and a frame is a function of what moves. So a part is
made by letting the speech (kept once, :mod:`paksatalker.core.speech_file`) pass by from its beginning, which is cheap,
and drawing only the part's own frames, which is not. The frames are those of the whole video, bit for bit, so that
nothing is to be seen where parts meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from paksatalker.core.timeline import FaceTrack
from paksatalker.core.tracks import CoefficientTrack

_Track = TypeVar("_Track", FaceTrack, CoefficientTrack)

#: Renderers that draw a frame from its own state alone, so that they can begin anywhere.
CAN_BEGIN_ANYWHERE = frozenset({"portrait"})
_HAIR = 1e-6  # seconds; as the animation counts frames


@dataclass(frozen=True, slots=True)
class Part:
    """What one renderer makes.

    Attributes:
        speech: The speech of the whole video, a file.
        first: Its first frame.
        end: One past its last frame.
    """

    speech: Path
    first: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.end:
            raise ValueError(f"frames {self.first} to {self.end} are no part of a video")


def frames_of(seconds: float, fps: float) -> int:
    """How many frames speech of this length has."""
    return math.ceil((seconds - _HAIR) * fps)


def plan(ends: Sequence[float], fps: float, parts: int, shortest: float = 10.0) -> list[tuple[int, int]]:
    """Cuts a video where sentences end, into parts of about the same length.

    Args:
        ends: Where each sentence ends, seconds, in order; the last one is the end of the video.
        fps: Frames a second.
        parts: As many at most.
        shortest: No part is shorter than this, seconds, unless the video is.

    Returns:
        First frame of each part, and one past its last.

    Raises:
        ValueError: There is nothing to cut.
    """
    if not ends or parts < 1:
        raise ValueError("there is nothing to cut")
    total = ends[-1]
    parts = max(1, min(parts, int(total // shortest)))
    cuts = [0.0]
    for k in range(1, parts):
        allowed = [e for e in ends[:-1] if e - cuts[-1] >= shortest and total - e >= shortest]
        if not allowed:
            break
        best = min(allowed, key=lambda e: abs(e - total * k / parts))
        cuts.append(best)
    frames = [frames_of(cut, fps) if cut else 0 for cut in (*cuts, total)]
    return list(pairwise(frames))


def cut(tracks: Iterable[_Track], first: int, end: int) -> Iterator[_Track]:
    """The rows of some frames only; what comes after them is not made."""
    for track in tracks:
        start = max(first - track.first_frame, 0)
        stop = min(end - track.first_frame, len(track))
        if start < stop:
            yield track[start:stop]
        if track.first_frame + len(track) >= end:
            return
