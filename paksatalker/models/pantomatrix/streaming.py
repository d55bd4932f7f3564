"""Motion while the audio comes in: memory is flat, the clock does not drift, every frame is made.

Two things make it exact. Windows start on whole samples (60 frames are 32000 samples), so window k lies where it
belongs however long the recording is. And the decoders are convolutions of finite reach: a run of frames decoded with
that many neighbours on each side is what the whole recording decoded at once would give.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paksatalker.models.pantomatrix.convolutions import reach
from paksatalker.models.pantomatrix.emage import SEED_FRAMES, WINDOW, AudioFeatures, Emage
from paksatalker.models.pantomatrix.inference import FRAME_SAMPLES, SAMPLE_RATE, STRIDE
from paksatalker.models.pantomatrix.motion import FPS, Codes, MotionDecoder, identity_motion

FloatArray = npt.NDArray[np.float32]

#: Samples from one window to the next.
_STRIDE_SAMPLES = STRIDE * SAMPLE_RATE // FPS
#: Samples that a whole window hears.
_WINDOW_SAMPLES = WINDOW * FRAME_SAMPLES
#: Windows whose sound is encoded together.
_BATCH = 4
#: Frames that are decoded together: the more, the less is spent on neighbours that only give context.
_RUN = 3 * STRIDE


@dataclass(frozen=True, slots=True)
class MotionRun:
    """Neighbouring frames of motion, 30 a second.

    Attributes:
        first_frame: Index of row 0.
        pose: float32 [T, 55, 3] axis-angle in SMPL-X order, radians.
        root: float32 [T, 3] position of the root, metres: x to the person's left, y up, z forward.
        expressions: float32 [T, 100] of SMPL-X.
        contact: float32 [T, 4] about 0–1: whether left heel, left toe, right heel, right toe stand on the ground.
    """

    first_frame: int
    pose: FloatArray
    root: FloatArray
    expressions: FloatArray
    contact: FloatArray

    def __len__(self) -> int:
        return len(self.pose)


def frames_of(samples: int, rate: int = SAMPLE_RATE) -> int:
    """How many frames a recording gets: the nearest whole number."""
    return round(samples * FPS / rate)


class GestureStream:
    """Audio in, motion out; one recording each.

    Args:
        network: The network.
        decoder: The decoders.
    """

    def __init__(self, network: Emage, decoder: MotionDecoder) -> None:
        self._network = network
        self._decoder = decoder
        self._device = network.mask_embedding.device
        self._seed = identity_motion(SEED_FRAMES, self._device)

    @torch.inference_mode()
    def _window(self, heard: AudioFeatures, frames: int) -> Codes:
        known = identity_motion(frames, self._device).clone()
        known[:, :SEED_FRAMES] = self._seed
        mask = torch.ones_like(known)
        mask[:, :SEED_FRAMES] = 0
        codes = Codes.of(self._network(heard, known, mask))
        if frames == WINDOW:
            # the last 4 frames depend on as many before them as the decoders reach, and no more
            tail = codes[-(SEED_FRAMES + reach(self._decoder.part("lower").decoder)) :]
            self._seed = self._decoder(tail, by_roots=False, where=False).known[:, -SEED_FRAMES:]
        return codes

    def codes(self, chunks: Iterable[FloatArray], frames: Callable[[], int] | None = None) -> Iterator[Codes]:
        """The codes of all frames, window by window.

        Args:
            chunks: The recording at 16 kHz, in pieces of any length.
            frames: Asked at the end how many frames there are to be; by default as many as the samples give.
        """
        buffer = np.zeros(0, np.float32)
        count = windows = 0
        last: Codes | None = None
        for chunk in chunks:
            buffer = np.concatenate([buffer, chunk])
            count += len(chunk)
            # a window is whole when its 64 frames are sure to exist
            ready = max(0, (len(buffer) - WINDOW * SAMPLE_RATE // FPS - 1) // _STRIDE_SAMPLES + 1)
            if ready >= _BATCH:
                last = yield from self._windows(buffer, ready)
                buffer = buffer[ready * _STRIDE_SAMPLES :]
                windows += ready
        total = frames() if frames else frames_of(count)
        left = total - windows * STRIDE
        ready = max(0, (left - SEED_FRAMES) // STRIDE)
        last = (yield from self._windows(buffer, ready)) or last
        left -= ready * STRIDE
        if left <= 0:
            return
        if left <= SEED_FRAMES and last is not None:
            yield last[STRIDE : STRIDE + left]
            return
        length = max(left, SEED_FRAMES + 1)
        heard = _cut(buffer, ready * _STRIDE_SAMPLES, length * FRAME_SAMPLES)
        with torch.inference_mode():
            features = self._network.hear(torch.from_numpy(heard[None]).to(self._device))
        yield self._window(features, length)[:left]

    def _windows(self, buffer: FloatArray, count: int) -> Generator[Codes, None, Codes | None]:
        """Whole windows from the start of the buffer; returns the last with all its frames."""
        last = None
        for first in range(0, count, _BATCH):
            these = range(first, min(first + _BATCH, count))
            sound = np.stack([_cut(buffer, k * _STRIDE_SAMPLES, _WINDOW_SAMPLES) for k in these])
            with torch.inference_mode():
                heard = self._network.hear(torch.from_numpy(sound).to(self._device))
            for row in range(len(these)):
                last = self._window(AudioFeatures(heard.face[row : row + 1], heard.body[row : row + 1]), WINDOW)
                yield last[:STRIDE]
        return last

    def run(self, chunks: Iterable[FloatArray], frames: Callable[[], int] | None = None) -> Iterator[MotionRun]:
        """The motion of a recording; arguments as :meth:`codes` has them.

        Yields:
            Neighbouring runs of frames; together exactly as many as ``frames`` says.
        """
        reach_ = reach(self._decoder.body) + reach(self._decoder.part("lower").decoder)
        held: Codes | None = None
        done = before = 0  # frames given; frames in ``held`` that have been given and are context only
        where = np.zeros(3)
        for codes in self.codes(chunks, frames):
            held = codes if held is None else Codes.join([held, codes])
            ready = held.frames - reach_
            if ready - before >= _RUN:
                run, where = self._decode(held, slice(before, ready), done, where)
                yield run
                done += len(run)
                keep = max(0, ready - reach_)
                held, before = held[keep:], ready - keep
        if held is not None and held.frames > before:
            yield self._decode(held, slice(before, held.frames), done, where)[0]

    @torch.inference_mode()
    def _decode(
        self, codes: Codes, rows: slice, first: int, where: npt.NDArray[np.float64]
    ) -> tuple[MotionRun, npt.NDArray[np.float64]]:
        motion = self._decoder(codes, by_roots=False)
        velocity = _rows(motion.velocity, rows).astype(np.float64)
        steps = velocity / FPS
        path = where + np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
        root = path[:-1].copy()
        root[:, 1] = velocity[:, 1]
        run = MotionRun(
            first,
            _rows(motion.axis_angle, rows),
            root.astype(np.float32),
            _rows(motion.expressions, rows),
            _rows(motion.contact, rows),
        )
        return run, path[-1]


def _rows(values: Tensor, rows: slice) -> FloatArray:
    return values[0, rows].cpu().numpy().copy()


def _cut(samples: FloatArray, start: int, length: int) -> FloatArray:
    """A piece of the samples; zeros after their end."""
    piece = samples[start : start + length]
    return piece if len(piece) == length else np.pad(piece, (0, length - len(piece)))
