"""Deals the sound of the pieces out to the frames, sample-exact and with flat memory."""

from __future__ import annotations

from collections import deque

import numpy as np

from paksatalker.core.timeline import FloatArray, Speech


class SoundTrack:
    """A queue of sound: pieces go in as they are spoken, each frame takes the share that belongs to its time.

    Frame ``k`` owns the samples from ``round(k · rate / fps)`` up to ``round((k + 1) · rate / fps)``: whatever the
    frame rate, the shares join to the whole track without a sample lost or doubled. Silence after its end fills the
    last share, so that sound and picture end together.

    Args:
        fps: Frames a second.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._blocks: deque[FloatArray] = deque()
        self._position = 0
        self.sample_rate = 0

    def add(self, piece: Speech) -> None:
        """Appends a piece's samples.

        Raises:
            ValueError: The piece has another sample rate than those before it.
        """
        if self.sample_rate not in (0, piece.sample_rate):
            raise ValueError(f"the sample rate changes from {self.sample_rate} to {piece.sample_rate} Hz")
        self.sample_rate = piece.sample_rate
        self._blocks.append(piece.samples)

    def take(self, frame: int) -> FloatArray:
        """The next share, ending with that of ``frame``: float32 [M]. Silent where there is no sound any more."""
        wanted = round((frame + 1) * self.sample_rate / self._fps) - self._position
        taken: list[FloatArray] = []
        while wanted > 0 and self._blocks:
            block = self._blocks.popleft()
            if len(block) > wanted:
                self._blocks.appendleft(block[wanted:])
                block = block[:wanted]
            taken.append(block)
            wanted -= len(block)
            self._position += len(block)
        if wanted > 0:
            taken.append(np.zeros(wanted, np.float32))
            self._position += wanted
        return np.concatenate(taken) if taken else np.zeros(0, np.float32)
