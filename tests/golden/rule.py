"""Weights that anyone can make: the rule by which the reference outputs beside this file were computed.

For a state-dict key ``k``: ``n = default_rng(crc32(k)).standard_normal(shape)``, then

* ``num_batches_tracked`` is 0, ``running_mean`` 0.1 n, ``running_var`` 1 + 0.1 |n|;
* tensors with two or more dimensions are n · gain / √(product of all dimensions but the first);
* other 1-D tensors are 1 + 0.1 n if they are a ``weight`` or ``scale``, else 0.1 n;
* all that times the key's multiplier, if it has one, as float32;
* with spectral norm, ``weight_u`` and ``weight_v`` come from 30 power iterations in float64.

Keys listed under ``not_filled`` are constants that a module computes itself.
"""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parent
_POWER_ITERATIONS = 30


def layout(path: Path) -> dict[str, Any]:
    """What a ``*.keys.json`` says of a network."""
    return json.loads(path.read_text(encoding="utf-8"))


def weights(path: Path) -> dict[str, np.ndarray]:
    """The weights of the network that a ``*.keys.json`` describes, by key."""
    about = layout(path)
    left_out = set(about["not_filled"])
    made = {
        key: fill(key, tuple(shape), about["gain"], about["multipliers"].get(key))
        for key, (shape, _) in about["keys"].items()
        if key not in left_out
    }
    if rotation := about.get("add_one_to_channels_0_and_4_of_each_6"):
        key, count = rotation  # makes the decoder's 6-D rotations lie near the identity
        made[key][[i for i in range(count) if i % 6 in (0, 4)]] += np.float32(1)
    for key in [k for k in made if k.endswith(".weight_u")]:
        stem = key.removesuffix("_u")
        made[key], made[f"{stem}_v"] = _singular_vectors(key, made[f"{stem}_orig"])
    return made


def fill(key: str, shape: tuple[int, ...], gain: float = 1.0, multiplier: float | None = None) -> np.ndarray:
    """The values of one key."""
    kind = key.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    n = _normal(key, shape)
    if kind == "running_mean":
        value = 0.1 * n
    elif kind == "running_var":
        value = 1 + 0.1 * np.abs(n)
    elif len(shape) >= 2:
        value = n  # a hundred million numbers in some networks: no copies
        value *= gain
        value /= math.sqrt(math.prod(shape[1:]))
    elif kind.endswith(("weight", "scale")):
        value = 1 + 0.1 * n
    else:
        value = 0.1 * n
    value = value.astype(np.float32)
    return value if multiplier is None else (value * multiplier).astype(np.float32)


def state(path: Path, module: Any) -> dict[str, Any]:
    """A state dict for ``module``: filled by the rule, what is not filled taken from the module itself."""
    import torch

    made = {key: torch.from_numpy(np.asarray(value)) for key, value in weights(path).items()}
    own = module.state_dict()
    return made | {key: own[key] for key in layout(path)["not_filled"]}


def filled(module: Any, path: Path) -> Any:
    """The module with the rule's weights, loaded strictly, ready for inference."""
    module.load_state_dict(state(path, module), strict=True, assign=True)
    return module.eval().requires_grad_(False)


def check_layout(module: Any, path: Path) -> None:
    """Asserts that the module's state dict has exactly the reference's keys, shapes and kinds of numbers."""
    wanted = {key: (tuple(shape), kind.removeprefix("torch.")) for key, (shape, kind) in layout(path)["keys"].items()}
    found = {k: (tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in module.state_dict().items()}
    assert found == wanted


def _normal(key: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)


def _singular_vectors(key: str, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    matrix = weight.astype(np.float64).reshape(len(weight), -1)
    u = _normal(key, (len(weight),))
    u /= np.linalg.norm(u)
    for _ in range(_POWER_ITERATIONS):
        v = matrix.T @ u
        v /= np.linalg.norm(v)
        u = matrix @ v
        u /= np.linalg.norm(u)
    return u.astype(np.float32), v.astype(np.float32)
