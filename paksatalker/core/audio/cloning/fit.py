"""Fits Kokoro's style vector to a speaker, by gradient descent through its decoder.

The first half of a style vector says how a voice sounds (the second half, how it moves: melody and rhythm). Starting
from the stock voice nearest to the speaker, the first half is moved until an encoder of speakers (GE2E) finds the
result and the recordings alike, the long-term spectra are close, and the vector stays where Kokoro's own voices are.
The pitch is scaled to the speaker's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from paksatalker.core.audio.tts.kokoro import STYLES
from paksatalker.core.audio.tts.onnx_edit import with_output
from paksatalker.core.timeline import FloatArray
from paksatalker.models.onnx_graph import read_graph
from paksatalker.models.onnx_torch import TorchNetwork
from paksatalker.models.speakers import RATE, Ge2e

#: Values of a style vector that are fitted.
SOUND = 128
#: Steps of the descent; more bring little (measured, see docs/cloning.md).
STEPS = 32

_KOKORO_RATE = 24000
_TEXT, _F0, _ENERGY = "/encoder/MatMul_1_output_0", "/encoder/Reshape_output_0", "/encoder/Reshape_1_output_0"
_FRAME = 600  # samples of a frame of the text
_CROP = 68  # frames that a step hears: 1.7 s, one window of the encoder
_LEARNING_RATE = 0.12
_SPECTRUM_WEIGHT, _DISTANCE_WEIGHT = 0.25, 0.02
_SPECTRUM_BANDS = 40
_QUIET_SHARE = 0.4  # of the frames, which say more about the room than about the voice


@dataclass(frozen=True, slots=True)
class Phrase:
    """What the encoder of Kokoro makes of a phrase: what its decoder takes besides the style."""

    text: FloatArray
    f0: FloatArray
    energy: FloatArray


class PhraseEncoder:
    """The part of Kokoro before its decoder.

    Args:
        model: Kokoro's network.
    """

    def __init__(self, model: bytes) -> None:
        import onnxruntime
        from hibari.tts import ASSETS

        for tensor, name in ((_TEXT, "asr"), (_F0, "f0"), (_ENERGY, "energy")):
            model = with_output(model, tensor, name)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 2
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._vocabulary: dict[str, int] = json.loads((Path(ASSETS) / "vocab.json").read_text("utf-8"))

    def encode(self, symbols: str, styles: npt.NDArray[np.float32]) -> Phrase:
        """Encodes phonemes, spoken with the prosody of a voice's styles [510, 256]."""
        ids = [self._vocabulary[symbol] for symbol in symbols if symbol in self._vocabulary]
        text, f0, energy = self._session.run(
            ["asr", "f0", "energy"],
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": styles[min(len(ids), len(styles)) - 1].reshape(1, STYLES).astype(np.float32),
                "speed": np.ones(1, np.float32),
            },
        )
        return Phrase(text, f0, energy)


class StyleFitter:
    """Moves the sound of a voice towards a speaker's.

    Args:
        model: Kokoro's network.
        encoder: What tells how alike two voices are.
        spread: Standard deviation of each fitted value among the stock voices [128].
    """

    def __init__(self, model: bytes, encoder: Ge2e, spread: npt.NDArray[np.float32]) -> None:
        self._decoder = TorchNetwork(read_graph(model), (_TEXT, _F0, _ENERGY, "style"), "audio")
        self._encoder = encoder
        self._spread = torch.from_numpy(spread)
        self._bank = torch.from_numpy(_bands(_SPECTRUM_BANDS))

    def fit(
        self,
        phrases: list[Phrase],
        start: npt.NDArray[np.float32],
        f0_scale: float,
        speech: FloatArray,
        *,
        steps: int = STEPS,
        seed: int = 0,
        report: Callable[[int, int, float], None] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Fits.

        Args:
            phrases: What the voice says while it is fitted.
            start: A style vector of the voice it starts from [256].
            f0_scale: The speaker's pitch over the voice's.
            speech: Of the speaker, at 24 kHz, without pauses.
            steps: Of the descent.
            seed: Chooses the stretches of the phrases.
            report: Told the step, the steps in all, and the similarity so far; may raise to stop.

        Returns:
            What is to be added to the first 128 values of the voice's style vectors.
        """
        with torch.no_grad():
            target = self._encoder.embed(_at_16k(torch.from_numpy(speech)))
            spectrum = self._spectrum(torch.from_numpy(speech))
        random = np.random.default_rng(seed)
        style = torch.from_numpy(start.reshape(1, STYLES).astype(np.float32))
        change = torch.zeros(SOUND, requires_grad=True)
        optimiser = torch.optim.Adam([change], lr=_LEARNING_RATE)
        rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, _LEARNING_RATE / 6)
        for step in range(steps):
            sound = self._say(phrases[step % len(phrases)], style, change, f0_scale, random)
            similarity = self._encoder.embed(_at_16k(sound)) @ target
            loss = (
                -similarity
                + _SPECTRUM_WEIGHT * (self._spectrum(sound) - spectrum).abs().mean()
                + _DISTANCE_WEIGHT * change.square().mean()
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
            optimiser.step()
            rate.step()
            if report:
                report(step + 1, steps, float(similarity.detach()))
        return np.asarray((change * self._spread).detach().numpy(), np.float32)

    def _say(
        self,
        phrase: Phrase,
        style: torch.Tensor,
        change: torch.Tensor,
        f0_scale: float,
        random: np.random.Generator,
    ) -> torch.Tensor:
        """A stretch of a phrase [N] at 24 kHz."""
        length = min(phrase.text.shape[-1], _CROP)
        # The network's own padding at the end of a phrase is silent: stretches are taken from inside.
        first = int(random.integers(0, phrase.text.shape[-1] - length + 1))
        pitch = slice(2 * first, 2 * (first + length))
        moved = torch.cat([style[:, :SOUND] + change * self._spread, style[:, SOUND:]], 1)
        return self._decoder(
            {
                _TEXT: torch.from_numpy(phrase.text[..., first : first + length]),
                _F0: torch.from_numpy(phrase.f0[..., pitch] * np.float32(f0_scale)),
                _ENERGY: torch.from_numpy(phrase.energy[..., pitch]),
                "style": moved,
            }
        ).flatten()

    def _spectrum(self, samples: torch.Tensor) -> torch.Tensor:
        """Long-term spectrum of the louder part, log10 power of 40 bands less their mean."""
        power = torch.stft(samples, 1024, 256, window=torch.hann_window(1024), return_complex=True).abs().square()
        bands = self._bank @ power
        level = bands.sum(0)
        mean = bands[:, level > level.detach().quantile(_QUIET_SHARE)].mean(1)
        log = torch.log10(mean + 1e-8)
        return torch.sub(log, log.mean())


def _at_16k(samples: torch.Tensor) -> torch.Tensor:
    """24 kHz to 16 kHz by cutting the spectrum; differentiable."""
    length = samples.shape[-1] // 3 * 3
    spectrum = torch.fft.rfft(samples[:length])
    fewer = length * RATE // _KOKORO_RATE
    return torch.mul(torch.fft.irfft(spectrum[: fewer // 2 + 1], n=fewer), RATE / _KOKORO_RATE)


def _bands(count: int) -> npt.NDArray[np.float32]:
    """Triangular bands of equal area, equally spaced on a mel scale from 60 Hz to 11 kHz, over 513 bins."""
    mel = np.linspace(np.log1p(60 / 700), np.log1p(11000 / 700), count + 2)
    edges = 700 * np.expm1(mel)
    places = np.fft.rfftfreq(1024, 1 / _KOKORO_RATE)
    rise = (places - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - places) / (edges[2:] - edges[1:-1])[:, None]
    bank = np.maximum(0, np.minimum(rise, fall))
    return np.asarray(bank / np.maximum(bank.sum(1, keepdims=True), 1e-9), np.float32)
