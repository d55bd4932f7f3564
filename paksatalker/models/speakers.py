"""Networks that tell speakers apart: sound in, a vector out that is alike for sounds of one voice.

Two of them, trained by different people on different data, so that one can judge what was fitted to the other:

- GE2E (Wan et al. 2018, "Generalized end-to-end loss for speaker verification"), an LSTM over 40 mel bands, weights by
  Resemblyzer (Apache-2.0);
- CAM++ (Wang et al. 2023, "CAM++: a fast and efficient network for speaker verification using context-aware masking"),
  a densely connected time-delay network over 80 mel bands, weights by 3D-Speaker (Apache-2.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that everybody knows)

from paksatalker.models.torch_files import read_tensors

Tensor = torch.Tensor
#: Hz that both take.
RATE = 16000

_LEVEL = 10 ** (-30 / 20)  # RMS that GE2E's training data was brought up to
_WINDOW, _STEP = 160, 60  # frames of 10 ms that GE2E hears at once, and between two windows
_BLOCKS = ((12, 1), (24, 2), (16, 2))  # CAM++: layers and dilation of its dense blocks
_SEGMENT = 100  # frames of CAM++'s local context


def _weights(path: Path, *inside: str) -> dict[str, Tensor]:
    content = read_tensors(path, inside=inside, fix="Run: paksatalker models download speaker-encoders")
    return {name: value.float() for name, value in content.items()}


class Ge2e:
    """The GE2E encoder. Differentiable in the sound.

    Args:
        path: Its weights.
    """

    size = 256

    def __init__(self, path: Path) -> None:
        weights = _weights(path, "model_state")
        self._lstm = torch.nn.LSTM(40, self.size, 3, batch_first=True)
        self._lstm.load_state_dict({k[5:]: v for k, v in weights.items() if k.startswith("lstm.")})
        self._lstm.requires_grad_(False)
        self._weight, self._bias = weights["linear.weight"], weights["linear.bias"]
        self._bank = torch.from_numpy(_slaney_bank(40, 400, RATE))
        self._hann = torch.hann_window(400)

    def embed(self, samples: Tensor) -> Tensor:
        """The voice in a sound.

        Args:
            samples: [N] at 16 kHz, at least 0.1 s, without long pauses.

        Returns:
            A unit vector [256].
        """
        mean = self.windows(samples).mean(0)
        return _unit(mean)

    def windows(self, samples: Tensor) -> Tensor:
        """Unit vectors [W, 256] of windows of 1.6 s, 0.6 s apart."""
        rms = samples.square().mean().add(1e-9).sqrt()
        loud = samples * torch.clamp(_LEVEL / rms, min=1.0)
        power = torch.stft(loud, 400, 160, window=self._hann, pad_mode="constant", return_complex=True).abs().square()
        mel = (self._bank @ power).T
        if len(mel) < _WINDOW:
            mel = F.pad(mel, (0, 0, 0, _WINDOW - len(mel)))
        _, (hidden, _) = self._lstm(mel.unfold(0, _WINDOW, _STEP).transpose(1, 2))
        raw = torch.relu(F.linear(hidden[-1], self._weight, self._bias))
        return _unit(raw)


class CamPlusPlus:
    """The CAM++ encoder.

    Args:
        path: Its weights.
    """

    size = 192

    def __init__(self, path: Path) -> None:
        self._w = _weights(path)
        self._bank = torch.from_numpy(_htk_bank(80, 512, RATE))
        self._povey = torch.hann_window(400, periodic=False).pow(0.85)

    @torch.no_grad()
    def embed(self, samples: Tensor) -> Tensor:
        """The voice in a sound.

        Args:
            samples: [N] at 16 kHz, at least 0.3 s.

        Returns:
            A unit vector [192].
        """
        x = self._head(self._features(samples).T[None, None])
        x = self._normed("xvector.tdnn.nonlinear.batchnorm", self._conv("xvector.tdnn.linear", x, stride=2, padding=2))
        for number, (layers, dilation) in enumerate(_BLOCKS, 1):
            for layer in range(1, layers + 1):
                x = torch.cat([x, self._dense(f"xvector.block{number}.tdnnd{layer}", x, dilation)], 1)
            name = f"xvector.transit{number}"
            x = self._conv(f"{name}.linear", self._normed(f"{name}.nonlinear.batchnorm", x))
        x = self._normed("xvector.out_nonlinear.batchnorm", x)
        x = torch.cat([x.mean(-1), x.std(-1)], 1)[..., None]
        x = self._normed("xvector.dense.nonlinear.batchnorm", self._conv("xvector.dense.linear", x), rectify=False)
        return _unit(x.flatten())

    def _features(self, samples: Tensor) -> Tensor:
        """Log mel energies [T, 80] as Kaldi computes them, less their mean."""
        frames = samples.unfold(0, 400, 160) * 32768
        frames = frames - frames.mean(1, keepdim=True)
        before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
        power = torch.fft.rfft((frames - 0.97 * before) * self._povey, 512).abs().square()
        energies = (power @ self._bank.T).clamp(min=torch.finfo(torch.float32).eps).log()
        return torch.sub(energies, energies.mean(0))

    def _head(self, x: Tensor) -> Tensor:
        x = self._normed("head.bn1", self._conv2("head.conv1", x, 1))
        for layer, block in ((1, 0), (1, 1), (2, 0), (2, 1)):
            name, stride = f"head.layer{layer}.{block}", 2 - block
            made = self._normed(f"{name}.bn1", self._conv2(f"{name}.conv1", x, stride))
            made = self._normed(f"{name}.bn2", self._conv2(f"{name}.conv2", made, 1), rectify=False)
            if f"{name}.shortcut.0.weight" in self._w:
                x = self._conv2(f"{name}.shortcut.0", x, stride, padding=0)
                x = self._normed(f"{name}.shortcut.1", x, rectify=False)
            x = torch.relu(made + x)
        x = self._normed("head.bn2", self._conv2("head.conv2", x, 2))
        return x.flatten(1, 2)

    def _dense(self, name: str, x: Tensor, dilation: int) -> Tensor:
        x = self._conv(f"{name}.linear1", self._normed(f"{name}.nonlinear1.batchnorm", x))
        x = self._normed(f"{name}.nonlinear2.batchnorm", x)
        local = self._conv(f"{name}.cam_layer.linear_local", x, padding=dilation, dilation=dilation)
        segments = F.avg_pool1d(x, _SEGMENT, _SEGMENT, ceil_mode=True)
        context = x.mean(-1, keepdim=True) + segments.repeat_interleave(_SEGMENT, -1)[..., : x.shape[-1]]
        context = torch.relu(self._conv(f"{name}.cam_layer.linear1", context))
        return local * torch.sigmoid(self._conv(f"{name}.cam_layer.linear2", context))

    def _conv(self, name: str, x: Tensor, stride: int = 1, padding: int = 0, dilation: int = 1) -> Tensor:
        return F.conv1d(x, self._w[f"{name}.weight"], self._w.get(f"{name}.bias"), stride, padding, dilation)

    def _conv2(self, name: str, x: Tensor, stride: int, padding: int = 1) -> Tensor:
        """Over frequency, where it strides, and time, where it does not."""
        return F.conv2d(x, self._w[f"{name}.weight"], None, (stride, 1), padding)

    def _normed(self, name: str, x: Tensor, *, rectify: bool = True) -> Tensor:
        w = self._w
        mean, variance = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        x = F.batch_norm(x, mean, variance, w.get(f"{name}.weight"), w.get(f"{name}.bias"))
        return torch.relu(x) if rectify else x


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors, dim=-1)


def _triangles(edges: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Triangular filters [M, P] between edges [M + 2], at places [P] on the same scale."""
    rise = (places - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - places) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rise, fall)))


def _slaney_bank(bands: int, size: int, rate: int) -> np.ndarray:
    """Mel filters of equal area on Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above."""

    def hertz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))

    top = 15 + 27 * np.log(rate / 2 / 1000) / np.log(6.4)
    edges = hertz(np.linspace(0, top, bands + 2))
    bank = _triangles(edges, np.fft.rfftfreq(size, 1 / rate))
    return np.asarray(bank * (2 / (edges[2:] - edges[:-2]))[:, None], np.float32)


def _htk_bank(bands: int, size: int, rate: int) -> np.ndarray:
    """Mel filters of equal height, triangular on HTK's scale, from 20 Hz up, as in Kaldi."""

    def mel(hertz: np.ndarray | float) -> np.ndarray:
        return np.asarray(1127 * np.log1p(np.asarray(hertz) / 700))

    edges = np.linspace(float(mel(20.0)), float(mel(rate / 2)), bands + 2)
    return _triangles(edges, mel(np.fft.rfftfreq(size, 1 / rate))).astype(np.float32)
