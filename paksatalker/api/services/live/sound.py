"""What is to be heard when: sound that waits for its time, and can be taken back."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

#: Hz: what WebRTC's Opus takes.
RATE = 48_000
_FADE = round(0.012 * RATE)  # samples in which what is taken back fades out, so that it does not click

Pcm = npt.NDArray[np.int16]


class SoundBoard:
    """Sound by its place on a clock; silence where there is none. What was read is forgotten.

    Attributes:
        gain: What it is being played with; it changes within what is read next.
    """

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, Pcm]] = deque()  # where each begins; in order, not overlapping
        self.end = 0
        """One past the last sample."""
        self.gain = self._played = 1.0

    def add(self, start: int, samples: Pcm) -> None:
        """Puts a piece at a place, or right after the one before if that is later."""
        start = max(start, self.end)
        self._pieces.append((start, samples))
        self.end = start + len(samples)

    def read(self, start: int, count: int) -> Pcm:
        """The samples [count] from ``start`` on; what lies before is dropped."""
        out = np.zeros(count, np.int16)
        while self._pieces and self._pieces[0][0] < start + count:
            first, samples = self._pieces[0]
            a, b = max(first, start), min(first + len(samples), start + count)
            if a < b:
                out[a - start : b - start] = samples[a - first : b - first]
            if first + len(samples) > start + count:
                break
            self._pieces.popleft()
        if self.gain != 1.0 or self._played != 1.0:
            out = (out * np.linspace(self._played, self.gain, count)).astype(np.int16)
            self._played = self.gain
        return out

    def cut(self, at: int) -> None:
        """Takes back what was to be heard from ``at`` on."""
        kept: deque[tuple[int, Pcm]] = deque()
        for first, samples in self._pieces:
            if first >= at:
                break
            if first + len(samples) > at:
                samples = samples[: at - first + _FADE].copy()  # noqa: PLW2901  (what is left of them)
                fade = samples[at - first :]
                fade[:] = fade * np.linspace(1, 0, len(fade))
            kept.append((first, samples))
        self._pieces = kept
        self.end = kept[-1][0] + len(kept[-1][1]) if kept else min(self.end, at)
