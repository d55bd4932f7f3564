"""The real networks: what encoders of speakers hear, whom they refuse, and one short matching."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from paksatalker.core.audio.cloning import match
from paksatalker.core.audio.cloning.match import ENCODERS, match_voice
from paksatalker.core.audio.cloning.reference import read_references
from paksatalker.core.audio.tts.hibari import HibariSpeech
from paksatalker.core.timeline import FloatArray, Utterance
from paksatalker.errors import ReferenceUnsuitable
from paksatalker.evaluation.memory import write_recording
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


@pytest.fixture(scope="module")
def encoders() -> tuple:
    from paksatalker.models.speakers import CamPlusPlus, Ge2e

    return Ge2e(STORE.path(ENCODERS, "ge2e.pt")), CamPlusPlus(STORE.path(ENCODERS, "campplus.pt"))


def recording(path: Path, samples: FloatArray) -> Path:
    write_recording(path, samples, 24000, len(samples) / 24000)
    return path


def test_encoders_know_a_voice_again(speech: FloatArray, encoders: tuple) -> None:
    low = torch.from_numpy(soxr.resample(speech, 24000, 16000).astype(np.float32))
    half = len(low) // 2
    other = torch.from_numpy(soxr.resample(speech, 24000 * 0.8, 16000).astype(np.float32))  # a deeper, slower voice
    for encoder in encoders:
        first, second, deeper = (encoder.embed(part) for part in (low[:half], low[half:], other[:half]))
        assert first.shape == (encoder.size,)
        assert float(first.norm()) == pytest.approx(1, abs=1e-5)
        assert float(first @ second) > 0.75
        assert float(first @ deeper) < float(first @ second) - 0.1


def test_one_speaker_is_taken_whole_or_short(speech: FloatArray, encoders: tuple, tmp_path: Path) -> None:
    for start, end in ((0, len(speech)), (0, 24000 * 7), (24000 * 3, 24000 * 10)):
        reference = read_references([recording(tmp_path / "one.wav", speech[start:end])], *encoders)
        assert 120 < reference.f0 < 260
        assert reference.quality.speech > 5


@pytest.mark.parametrize("turns", [1, 3])
def test_two_speakers_are_refused(speech: FloatArray, encoders: tuple, tmp_path: Path, turns: int) -> None:
    lower = soxr.resample(speech, 24000 * 0.72, 24000).astype(np.float32)
    size = 24000 * 6 // turns
    pairs = [part[i * size : (i + 1) * size] for i in range(turns) for part in (speech, lower)]
    both = recording(tmp_path / "two.wav", np.concatenate(pairs))
    with pytest.raises(ReferenceUnsuitable, match="two speakers"):
        read_references([both], *encoders)


def test_music_is_refused(encoders: tuple, tmp_path: Path) -> None:
    time = np.arange(24000 * 10) / 24000
    notes = 220 * 2 ** (np.array([0, 4, 7, 12, 7, 4])[(time * 3).astype(int) % 6] / 12)
    phase = 2 * np.pi * np.cumsum(notes) / 24000
    music = sum(np.sin(k * phase) / k for k in range(1, 6)) * (1 - (time * 3) % 1 * 0.8) * 0.2
    with pytest.raises(ReferenceUnsuitable, match="music"):
        read_references([recording(tmp_path / "music.wav", music.astype(np.float32))], *encoders)


@pytest.mark.skipif(STORE.status("kokoro").state is State.MISSING, reason="needs: paksatalker models download kokoro")
def test_a_seed_gives_a_voice_again_and_none_is_further_than_its_stock_voice(
    speech: FloatArray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match, "_SAID_WHILE_FITTING", ("Watch him.",))
    monkeypatch.setattr(match, "_SAID_FOR_JUDGES", ("Welcome to our product.",))
    from paksatalker.core.audio.cloning.fit import StyleFitter

    fits: list[np.ndarray] = []
    fit = StyleFitter.fit

    def twice(fitter: StyleFitter, *args: Any, report: Any, **options: Any) -> np.ndarray:
        """All that chance has a part in; the rest of a match costs three times as much."""
        fits.extend((fit(fitter, *args, report=report, **options), fit(fitter, *args, **options)))
        return fits[0]

    monkeypatch.setattr(StyleFitter, "fit", twice)
    speaker = recording(tmp_path / "speaker.wav", speech[: 24000 * 7])
    steps: list[int] = []
    one = match_voice([speaker], STORE, steps=1, report=lambda step, of, _: steps.append(step))
    assert steps == [1]
    assert one.blend.likeness is not None
    assert len(one.blend.likeness.offset) == 128
    # How alike the speaker is to himself hangs on one short sentence here, so it is no ceiling for the voice.
    assert 1 > one.fitted.voice >= one.fitted.stock > 0
    assert 0 < one.fitted.speaker < 1
    assert one.is_stock == (one.fitted.voice == one.fitted.stock)
    assert len(fits) == 2
    np.testing.assert_array_equal(*fits)
