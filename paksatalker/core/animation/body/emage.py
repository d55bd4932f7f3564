"""EMAGE as an engine: speech to gestures of the whole body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import soxr

from paksatalker.core.timeline import FloatArray, Speech
from paksatalker.core.tracks import BodyTrack
from paksatalker.errors import AudioEmpty
from paksatalker.models.base import WeightsStore

if TYPE_CHECKING:
    from paksatalker.models.pantomatrix.weights import Networks

FPS = 30
_RATE = 16000
_SHORTEST_S = 0.2


class EmageBody:
    """Full-body gestures by EMAGE's official networks. Cheap to make: they are loaded at the first piece.

    The networks choose the likeliest motion: the same speech gives the same motion, and there is one speaker.

    Args:
        store: Where the weights are; ``PANTRIX_MODEL_PATH`` goes before it.
        networks: Networks that are loaded already.
        exact: Compute in float32, as the original does; else faster where the processor can.
    """

    def __init__(
        self, store: WeightsStore | None = None, networks: Networks | None = None, *, exact: bool = False
    ) -> None:
        self._store = store
        self._exact = exact
        self._networks = networks

    def gesture(self, pieces: Iterable[Speech]) -> Iterator[BodyTrack]:
        """Moves to speech, piece by piece.

        Yields:
            Neighbouring runs of frames, 30 a second, together exactly ``round(30 · seconds)``. Memory is flat.

        Raises:
            AudioEmpty: There is less than 0.2 s of sound.
            WeightsMissing: The networks are not there; the message says how to get them.
        """
        from paksatalker.models.pantomatrix.streaming import GestureStream
        from paksatalker.models.pantomatrix.weights import load, models_folder

        if self._networks is None:
            self._networks = load(models_folder(self._store), exact=self._exact)
        source = _Source(pieces)
        stream = GestureStream(self._networks.network, self._networks.decoder)
        for run in stream.run(source.chunks(), source.frames):
            yield BodyTrack(float(FPS), run.pose, run.root, run.first_frame, run.expressions, run.contact)


class _Source:
    """The sound of the pieces at the rate that the networks hear, and how long it was."""

    def __init__(self, pieces: Iterable[Speech]) -> None:
        self._pieces = pieces
        self._seconds = 0.0

    def frames(self) -> int:
        """Frames for all that was read."""
        return round(self._seconds * FPS)

    def chunks(self) -> Iterator[FloatArray]:
        """Sound at 16 kHz."""
        resampler, rate, count = None, 0, 0
        for piece in self._pieces:
            if resampler is None or piece.sample_rate != rate:
                if resampler is not None:
                    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
                    self._seconds, count = self._seconds + count / rate, 0
                rate = piece.sample_rate
                resampler = soxr.ResampleStream(rate, _RATE, 1, dtype="float32")
            count += len(piece.samples)
            yield resampler.resample_chunk(np.ascontiguousarray(piece.samples, np.float32))
        if resampler is not None:
            yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
            self._seconds += count / rate
        if self._seconds < _SHORTEST_S - 1e-6:
            why = f"it has {self._seconds:.2f} s of sound and {_SHORTEST_S} s are needed"
            raise AudioEmpty("there is nothing to move to", why, "Give a longer recording")
