"""Measures that the neural engines' memory does not grow with the sound: resident memory of a short and a long run.

Run: ``python scripts/measure_neural_memory.py [--minutes 30] [emage] [emage-full] [sadtalker]``. Weights are random;
``emage`` has a small network before the real decoders, ``emage-full`` the whole of EMAGE, ``sadtalker`` the real
networks from sound to coefficients. Each run is a process of its own; its memory is looked at ten times a
second. Numbers of docs/emage.md and docs/sadtalker.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import Tensor, nn

from paksatalker.core.timeline import Speech
from paksatalker.core.tracks import BodyTrack
from paksatalker.models.pantomatrix.emage import BODY_PARTS, AudioFeatures, Emage, Prediction
from paksatalker.models.pantomatrix.motion import MotionDecoder
from paksatalker.models.pantomatrix.streaming import GestureStream

_RATE = 16000
_SEED = 7
_MIB = 1 << 20


class SmallNetwork(nn.Module):
    """Takes and gives what :class:`Emage` does, with hardly any work between."""

    def __init__(self) -> None:
        super().__init__()
        self.mask_embedding = nn.Parameter(torch.zeros(1, 1, 337))
        self.mix = nn.Linear(337, 256)

    def hear(self, samples: Tensor) -> AudioFeatures:
        """Loudness of each frame."""
        frames = samples.shape[1] // 533
        loud = samples[:, : 533 * frames].reshape(len(samples), frames, 533).std(-1, keepdim=True).expand(-1, -1, 256)
        return AudioFeatures(loud, loud)

    def forward(self, audio: AudioFeatures, motion: Tensor, mask: Tensor) -> Prediction:
        """Some code or other for each frame."""
        scores = self.mix(motion * (1 - mask)) + audio.body[:, : motion.shape[1]].cumsum(1).sin()
        return Prediction({"face": scores}, dict.fromkeys(BODY_PARTS, scores))


def main() -> None:
    """Prints a line for each engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", default=["emage", "sadtalker"], help="emage, emage-full, sadtalker")
    parser.add_argument("--minutes", type=float, default=30.0, help="of the long run")
    parser.add_argument("--child", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    for engine in asked.engines:
        if asked.child:
            print(json.dumps(_measured(engine, asked.child)))
            return
        short, long = (_run(engine, minutes) for minutes in (1.0, asked.minutes))
        growth = 100 * (long["peak"] / short["peak"] - 1)
        print(
            f"{engine}: {short['peak'] / _MIB:.0f} MiB for 1 min, "
            f"{long['peak'] / _MIB:.0f} MiB for {asked.minutes:g} min "
            f"({growth:+.1f}%), {long['frames']:.0f} frames in {long['seconds']:.0f} s",
            flush=True,
        )


def _run(engine: str, minutes: float) -> dict[str, float]:
    command = [sys.executable, __file__, engine, "--child", str(minutes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (ourselves)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measured(engine: str, minutes: float) -> dict[str, float]:
    """Runs here, and looks at the memory ten times a second meanwhile."""
    torch.manual_seed(_SEED)
    process, began, peak, over = psutil.Process(), time.perf_counter(), 0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not over.wait(0.1):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        frames = sum(_ENGINES[engine](60 * minutes))
    finally:
        over.set()
        watcher.join()
    return {"peak": peak, "frames": frames, "seconds": time.perf_counter() - began}


def _sound(seconds: float) -> Iterator[Speech]:
    rng = np.random.default_rng(_SEED)
    for second in range(round(seconds)):
        yield Speech((0.1 * rng.standard_normal(_RATE)).astype(np.float32), _RATE, float(second))


def _emage(network: nn.Module, seconds: float) -> Iterator[int]:
    """Shaped and written to a file, as ``paksatalker body`` does it."""
    from paksatalker.core.animation.body.files import save
    from paksatalker.core.animation.body.shaping import Shaping, shape

    stream = GestureStream(network.eval().requires_grad_(False), MotionDecoder().eval())  # type: ignore[arg-type]

    def tracks() -> Iterator[BodyTrack]:
        for run in stream.run(piece.samples for piece in _sound(seconds)):
            yield BodyTrack(30.0, run.pose, run.root, run.first_frame, run.expressions, run.contact)

    with tempfile.TemporaryDirectory() as folder:
        yield save(Path(folder) / "motion.npz", shape(tracks(), Shaping()))


def _sadtalker(seconds: float) -> Iterator[int]:
    from paksatalker.core.animation.sadtalker.engine import SadTalkerFace
    from paksatalker.models.sadtalker.audio2exp import Audio2Exp
    from paksatalker.models.sadtalker.audio2pose import Audio2Pose
    from paksatalker.models.sadtalker.checkpoints import AudioNetworks

    networks = AudioNetworks(Audio2Exp().eval(), Audio2Pose().eval())
    engine = SadTalkerFace(reference=np.zeros(70, np.float32), networks=networks)
    for track in engine.animate(_sound(seconds)):
        yield len(track)


_ENGINES: dict[str, Callable[[float], Iterator[int]]] = {
    "emage": lambda seconds: _emage(SmallNetwork(), seconds),
    "emage-full": lambda seconds: _emage(Emage(), seconds),
    "sadtalker": _sadtalker,
}

if __name__ == "__main__":
    main()
