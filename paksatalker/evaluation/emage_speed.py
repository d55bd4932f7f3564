"""How fast EMAGE is here, against the way its own tools work: both in one run, with the same weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from paksatalker.evaluation.measure import Measure
from paksatalker.models.base import WeightsStore

_SECONDS = 20.0
_RATE = 16000
_SEED = 7


def emage_speed(store: WeightsStore, *, quick: bool = False) -> Iterator[Measure]:
    """Times 20 s of sound (8 s when quick) both ways, turn by turn, and takes the better of two.

    The official weights are used where they are; random ones take the same time.
    """
    import torch

    from paksatalker.models.pantomatrix.inference import infer
    from paksatalker.models.pantomatrix.streaming import GestureStream
    from paksatalker.models.pantomatrix.weights import halves_well

    seconds = 8.0 if quick else _SECONDS
    sound = np.random.default_rng(_SEED).standard_normal(round(seconds * _RATE)).astype(np.float32) * 0.1
    plain, exact, fast, decoder = _networks(store)
    batch = torch.from_numpy(sound[None])
    ways: dict[str, Callable[[], object]] = {
        "EMAGE, the original's way": lambda: infer(plain, decoder, batch),
        "EMAGE, exact": lambda: list(GestureStream(exact, decoder).run([sound])),
    }
    if halves_well():
        ways["EMAGE"] = lambda: list(GestureStream(fast, decoder).run([sound]))
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(2):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - began)
    note = f"{seconds:g} s of sound, {torch.get_num_threads()} threads"
    for name, taken in best.items():
        yield Measure(name, seconds / taken, "× real time", note)
    original, ours = best["EMAGE, the original's way"], min(best.values())
    yield Measure("EMAGE, against the original's way", original / ours, "×", "same run, same weights")


def _networks(store: WeightsStore) -> tuple[Any, Any, Any, Any]:
    """EMAGE as it is, packed, and packed in bfloat16; and the decoders."""
    import copy

    import torch

    from paksatalker.errors import PaksaTalkerError
    from paksatalker.models.pantomatrix import weights
    from paksatalker.models.pantomatrix.emage import WINDOW, Emage
    from paksatalker.models.pantomatrix.motion import MotionDecoder
    from paksatalker.models.pantomatrix.packing import pack

    try:
        found = weights.load(weights.models_folder(store), packed=False)
        network, decoder = found.network, found.decoder
    except PaksaTalkerError:
        with torch.random.fork_rng():
            torch.manual_seed(_SEED)
            network, decoder = Emage().eval(), MotionDecoder().eval()
    packed = pack(copy.deepcopy(network), WINDOW)
    return network, packed, pack(copy.deepcopy(network).halve(), WINDOW), decoder
