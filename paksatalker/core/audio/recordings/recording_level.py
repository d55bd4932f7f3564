"""Brings a recording to a loudness: it is measured once from end to end, then all of it gets the same gain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from paksatalker.core.audio.decode import AudioReader
from paksatalker.core.audio.loudness import LoudnessMeter, amplified
from paksatalker.core.timeline import FloatArray, Speech
from paksatalker.errors import Cancelled

#: Decibels that a recording is made louder at most: beyond, it would be its noise that is heard.
MOST_GAIN = 30.0

_MEASURED = 10.0  # seconds that are measured at once: flat memory, and few blocks across two of them


class RecordingLevel:
    """Makes the pieces of a recording as loud as is wanted, with true peaks below −1 dBTP.

    Args:
        reader: The recording. It is read to its end before the first piece is given out.
        target: Integrated loudness, LUFS.
        cancelled: Asked while it is measured.
    """

    def __init__(self, reader: AudioReader, target: float, cancelled: Callable[[], bool] = bool) -> None:
        self._reader = reader
        self._target = target
        self._cancelled = cancelled
        self.notes: tuple[str, ...] = ()
        """What was done, once it is known."""

    def apply(self, pieces: Iterable[Speech]) -> Iterator[Speech]:
        """The pieces, louder or softer.

        Raises:
            Cancelled: It is not wanted any more.
            PaksaTalkerError: The recording cannot be read.
        """
        gain = self._gain()
        for piece in pieces:
            yield replace(piece, samples=amplified(piece.samples, piece.sample_rate, gain))

    def _gain(self) -> float:
        """Decibels."""
        loudness = self._loudness()
        if not np.isfinite(loudness):  # silence
            return 0.0
        gain = min(self._target - loudness, MOST_GAIN)
        short = "" if gain == self._target - loudness else f", not to {self._target:g}: more would raise its noise"
        way = f"{abs(gain):.1f} dB {'louder' if gain >= 0 else 'softer'}"
        self.notes = (f"the recording was made {way}, from {loudness:.1f} to {loudness + gain:.1f} LUFS{short}",)
        return gain

    def _loudness(self) -> float:
        meter = LoudnessMeter()
        held: list[FloatArray] = []
        rate = self._reader.sample_rate
        for block in self._reader:
            if self._cancelled():
                raise Cancelled
            held.append(block)
            if sum(map(len, held)) >= _MEASURED * rate:
                meter.add(np.concatenate(held), rate)
                held = []
        if held:
            meter.add(np.concatenate(held), rate)
        return meter.loudness
