"""Sound to mel windows, in a stream: the same numbers as if all of the sound were there at once.

Everything is computed in groups that lie fixed on the clock, whatever pieces the sound comes in, so that even the last
bit is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.models.sadtalker import mel

#: Frames of a block, after the first block of one frame.
BLOCK = 32
#: Mel columns that are computed at once.
_GROUP = 16


@dataclass(frozen=True, slots=True)
class Block:
    """The mel windows of neighbouring frames.

    Attributes:
        first: The first one's number.
        windows: float32 [N, 1, 80, 16].
    """

    first: int
    windows: mel.Array

    def __len__(self) -> int:
        return len(self.windows)


class MelStream:
    """Takes sound as it comes and gives frame 0, then blocks of 32 frames, then the rest."""

    def __init__(self) -> None:
        self._sound = np.zeros(mel.WINDOW // 2)  # pre-emphasised, from column ``_made`` on
        self._before = 0.0
        self._samples = 0
        self._columns = np.zeros((mel.BANDS, 0), np.float32)  # from column ``_gone`` on
        self._gone = 0
        self._frames = 0

    @property
    def seconds(self) -> float:
        """How much sound has come."""
        return self._samples / mel.SAMPLE_RATE

    def push(self, sound: npt.ArrayLike) -> Iterator[Block]:
        """Takes mono sound at 16 kHz, float; gives the blocks that are complete with it."""
        self._add(np.asarray(sound, np.float64))
        while self._advance(self._block_end()):
            yield self._block(self._block_end(), None)

    def finish(self, frames: int = 0) -> Iterator[Block]:
        """Takes silence up to a whole frame and gives what is left. Nothing can come after that.

        Args:
            frames: How many there must be at least.
        """
        missing = max(-self._samples % mel.FRAME, frames * mel.FRAME - self._samples)
        if missing:
            yield from self.push(np.zeros(missing))
        count = self._samples // mel.HOP + 1
        self._sound = np.concatenate([self._sound, np.zeros(mel.WINDOW // 2)])
        self._compute(count)
        last = mel.frame_count(self._samples)
        while self._frames < last:
            yield self._block(min(self._block_end(), last), count)

    def _add(self, sound: mel.Wide) -> None:
        if len(sound):
            self._sound = np.concatenate([self._sound, mel.preemphasise(sound, self._before)])
            self._before = float(sound[-1])
            self._samples += len(sound)

    def _block_end(self) -> int:
        return self._frames + BLOCK if self._frames else 1

    def _advance(self, end: int) -> bool:
        """Computes the columns that frames before ``end`` see; False where there is too little sound for them yet."""
        needed = int(mel.window_columns(np.array([end - 1]), 1 << 62)[0, -1]) + 1
        needed += -needed % _GROUP
        if self._samples < (needed - 1) * mel.HOP + mel.WINDOW // 2:
            return False
        self._compute(needed)
        return True

    def _compute(self, until: int) -> None:
        """Columns before ``until``, group by group."""
        while (made := self._gone + self._columns.shape[1]) < until:
            count = min(_GROUP, until - made)
            span = (count - 1) * mel.HOP + mel.WINDOW
            self._columns = np.concatenate([self._columns, mel.columns(self._sound[:span])], axis=1)
            self._sound = self._sound[count * mel.HOP :]

    def _block(self, end: int, count: int | None) -> Block:
        """The windows of frames up to ``end``; ``count`` is how many columns there are, once that is known."""
        frames = np.arange(self._frames, end)
        seen = mel.window_columns(frames, count or self._gone + self._columns.shape[1]) - self._gone
        windows = np.ascontiguousarray(self._columns[:, seen].transpose(1, 0, 2))[:, None]
        block = Block(self._frames, windows)
        self._frames = end
        self._forget(end)
        return block

    def _forget(self, frame: int) -> None:
        """Lets go of the columns that no frame from this one on sees. The last one stays: it may be seen again."""
        oldest = int(mel.window_columns(np.array([frame]), 1 << 62)[0, 0])
        drop = min(oldest - self._gone, self._columns.shape[1] - 1)
        if drop > 0:
            self._columns = self._columns[:, drop:]
            self._gone += drop
