"""EMAGE with weights by the rule; built once, because filling 139 million numbers takes seconds."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "golden"))

import rule

GOLDEN = ROOT / "golden" / "emage"


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, np.ndarray]]:
    def load(name: str) -> dict[str, np.ndarray]:
        with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as file:
            return dict(file)

    return load


@pytest.fixture(scope="session")
def network():
    from paksatalker.models.pantomatrix.emage import Emage

    return rule.filled(Emage(), GOLDEN / "emage_audio.keys.json")


@pytest.fixture(scope="session")
def decoder():
    from paksatalker.models.pantomatrix.motion import MotionDecoder
    from paksatalker.models.pantomatrix.vq import PARTS

    made = MotionDecoder()
    for part in PARTS:
        rule.filled(made.part(part), GOLDEN / f"vq_{part}.keys.json")
    rule.filled(made.body, GOLDEN / "vq_global.keys.json")
    return made.eval()
