"""The real encoders of speakers."""

import numpy as np
import pytest
import soxr

from paksatalker.core.audio.cloning.match import ENCODERS
from paksatalker.core.audio.hibari import HibariSpeech
from paksatalker.core.timeline import FloatArray, Utterance
from paksatalker.models.base import State, WeightsStore

torch = pytest.importorskip("torch")
STORE = WeightsStore()
pytestmark = pytest.mark.skipif(
    STORE.status(ENCODERS).state is State.MISSING, reason="needs: paksatalker models download speaker-encoders"
)
TEXTS = (
    "The old library opens at nine, and most of its visitors come for the quiet reading room upstairs.",
    "Maybe you remember the first moving pictures, which were made by patient people with simple tools.",
)


@pytest.fixture(scope="module")
def speech() -> FloatArray:
    pieces = HibariSpeech().speak([Utterance(text) for text in TEXTS])
    return np.concatenate([piece.samples for piece in pieces])


def test_encoders_know_a_voice_again(speech: FloatArray) -> None:
    from paksatalker.models.speakers import CamPlusPlus, Ge2e

    low = torch.from_numpy(soxr.resample(speech, 24000, 16000).astype(np.float32))
    half = len(low) // 2
    other = torch.from_numpy(soxr.resample(speech, 24000 * 0.8, 16000).astype(np.float32))  # a deeper, slower voice
    for encoder in (Ge2e(STORE.path(ENCODERS, "ge2e.pt")), CamPlusPlus(STORE.path(ENCODERS, "campplus.pt"))):
        first, second, deeper = (encoder.embed(part) for part in (low[:half], low[half:], other[:half]))
        assert first.shape == (encoder.size,)
        assert float(first.norm()) == pytest.approx(1, abs=1e-5)
        assert float(first @ second) > 0.75
        assert float(first @ deeper) < float(first @ second) - 0.1
