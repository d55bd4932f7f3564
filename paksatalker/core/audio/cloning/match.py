"""Matches a voice of Kokoro to a speaker, and has the result judged by a network that had no part in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import soxr

from paksatalker.core.audio.cloning.reference import SpeakerReference, read_references
from paksatalker.core.audio.pitch import PITCH_RATE
from paksatalker.core.audio.tts.blend import Blend, Likeness, SavedVoices
from paksatalker.core.audio.tts.kokoro import STYLES, WEIGHTS, KokoroSpeech
from paksatalker.core.timeline import FloatArray, Utterance
from paksatalker.models.base import WeightsStore
from paksatalker.requirements import require_extra

if TYPE_CHECKING:
    from paksatalker.models.speakers import CamPlusPlus, Ge2e

#: Entry of the weights manifest with the encoders of speakers.
ENCODERS = "speaker-encoders"

_REQUIRES = ("torch", "safetensors")
_SAID_WHILE_FITTING = (
    "We all learned the value of hard work by watching him.",
    "Please show me the quickest way through the garden.",
)
_SAID_FOR_JUDGES = (
    "Welcome to our product tour. Today I will show you three simple steps.",
    "Could you please tell me where the nearest train station is?",
)
_PITCH_RANGE = (0.6, 1.7)  # beyond, a voice of Kokoro's falls apart
_PITCH_COST = 0.15  # of an octave between a stock voice and the speaker, in similarity
_STYLE_FOR = 50  # phonemes of the text whose style vector is the start


@dataclass(frozen=True, slots=True)
class Similarity:
    """Cosines between voices, −1 to 1, on sentences that were not used for fitting.

    Attributes:
        voice: The matched voice and the speaker.
        stock: The stock voice it was made from, and the speaker.
        speaker: Two halves of the speaker's own recordings: what can be reached at most.
    """

    voice: float
    stock: float
    speaker: float


@dataclass(frozen=True, slots=True)
class Match:
    """A voice that resembles a speaker.

    Attributes:
        blend: What is saved.
        reference: What it was made from.
        judged: By CAM++, which had no part in the fitting.
        fitted: By GE2E, which it was fitted to; more flattering.
    """

    blend: Blend
    reference: SpeakerReference
    judged: Similarity
    fitted: Similarity

    @property
    def is_stock(self) -> bool:
        """Whether nothing nearer was found than the stock voice itself."""
        return self.blend.likeness is None or not any(self.blend.likeness.offset)


Report = Callable[[int, int, float], None]


def match_voice(
    recordings: list[Path],
    store: WeightsStore | None = None,
    *,
    steps: int | None = None,
    seed: int = 0,
    report: Report | None = None,
) -> Match:
    """Makes a voice that resembles the speaker of some recordings. Takes a minute or two on two free cores.

    Args:
        recordings: Of one speaker.
        store: Where the networks are; None takes the settings' folder.
        steps: Of the descent; None takes as many as are worth it.
        seed: The same seed gives the same voice.
        report: Told the step, the steps in all and the similarity so far; may raise to stop.

    Raises:
        EngineUnavailable: PyTorch is not installed.
        WeightsMissing: Kokoro or the encoders of speakers have not been downloaded.
        ReferenceUnsuitable: The recordings cannot be a reference.
        PaksaTalkerError: As :func:`~paksatalker.core.audio.cloning.reference.read_references` has them.
    """
    require_torch()
    store = store or WeightsStore()
    model = store.path(WEIGHTS, "kokoro.onnx")
    paths = {name: store.path(ENCODERS, name) for name in ("ge2e.pt", "campplus.pt")}
    from paksatalker.core.audio.cloning.fit import STEPS, PhraseEncoder, StyleFitter  # needs PyTorch
    from paksatalker.core.audio.pronunciation import Pronouncer
    from paksatalker.models.speakers import CamPlusPlus, Ge2e

    encoder = Ge2e(paths["ge2e.pt"])
    judge = CamPlusPlus(paths["campplus.pt"])
    reference = read_references(recordings, encoder, judge)
    base, pitch = _nearest(_embedding(encoder, reference.speech_16k), reference.f0)
    content = model.read_bytes()
    styles = _styles(store, base)
    phrases = PhraseEncoder(content)
    pronouncer = Pronouncer(british=base.startswith("b"))
    said = [phrases.encode(pronouncer.pronounce(text).symbols, styles) for text in _SAID_WHILE_FITTING]
    fitter = StyleFitter(content, encoder, _spread(store))
    offset = fitter.fit(
        said, styles[_STYLE_FOR], pitch, reference.speech, steps=steps or STEPS, seed=seed, report=report
    )
    blend = Blend(((base, 1.0),), Likeness(tuple(float(value) for value in offset), round(pitch, 4)))
    voice, stock = _said(store, matched=blend, stock=Blend(((base, 1.0),)))
    fitted = _compare(encoder, voice, stock, reference)
    if fitted.voice < fitted.stock:  # the speaker sounds so much like a stock voice that nothing is nearer
        blend = Blend(((base, 1.0),), Likeness((0.0,) * len(offset), 1.0))
        voice, fitted = stock, replace(fitted, voice=fitted.stock)
    return Match(blend, reference, judged=_compare(judge, voice, stock, reference), fitted=fitted)


def require_torch() -> None:
    """Makes sure that the encoders of speakers can run.

    Raises:
        EngineUnavailable: PyTorch is not installed.
    """
    require_extra("a voice cannot be matched here", "neural", *_REQUIRES)


def _embedding(encoder: Ge2e | CamPlusPlus, samples: FloatArray) -> npt.NDArray[np.float32]:
    import torch

    with torch.no_grad():
        return np.asarray(encoder.embed(torch.from_numpy(samples)).numpy(), np.float32)


def _nearest(speaker: npt.NDArray[np.float32], f0: float) -> tuple[str, float]:
    """The stock voice to start from, and the speaker's pitch over its own."""
    with np.load(Path(__file__).with_name("stock_voices.npz"), allow_pickle=False) as stock:
        names, embeddings, pitches = stock["names"], stock["embeddings"], stock["f0"]
    score = embeddings @ speaker - _PITCH_COST * np.abs(np.log2(f0 / pitches))
    best = int(np.argmax(score))
    return str(names[best]), float(np.clip(f0 / pitches[best], *_PITCH_RANGE))


def _styles(store: WeightsStore, name: str) -> npt.NDArray[np.float32]:
    return np.fromfile(store.path(WEIGHTS, f"{name}.bin"), "<f4").reshape(-1, STYLES)


def _spread(store: WeightsStore) -> npt.NDArray[np.float32]:
    """Standard deviation of the sounding half of the style vectors among all stock voices."""
    from paksatalker.core.audio.cloning.fit import SOUND

    names = sorted(file.name[:-4] for file in store.manifest.entry(WEIGHTS).files if file.name.endswith(".bin"))
    means = np.stack([_styles(store, name)[:, :SOUND].mean(0) for name in names])
    return np.asarray(means.std(0) + 1e-4, np.float32)


class _Unsaved(SavedVoices):
    """Voices that are in no file, by name."""

    def __init__(self, blends: dict[str, Blend]) -> None:
        super().__init__(Path())
        self._blends = blends

    def load(self, name: str) -> Blend | None:
        return self._blends.get(name)


def _said(store: WeightsStore, **blends: Blend) -> list[FloatArray]:
    """What the judges hear of each voice, at 16 kHz."""
    engine: Any = KokoroSpeech(store, _Unsaved(blends))
    heard = []
    for name in blends:
        pieces = [piece.samples for piece in engine.speak([Utterance(text) for text in _SAID_FOR_JUDGES], name)]
        heard.append(np.asarray(soxr.resample(np.concatenate(pieces), 24000, PITCH_RATE), np.float32))
    return heard


def _compare(
    encoder: Ge2e | CamPlusPlus, voice: FloatArray, stock: FloatArray, reference: SpeakerReference
) -> Similarity:
    speech = reference.speech_16k
    half = len(speech) // 2
    speaker, first, second, one, other = (
        _embedding(encoder, part) for part in (speech, speech[:half], speech[half:], voice, stock)
    )
    return Similarity(float(one @ speaker), float(other @ speaker), float(first @ second))
