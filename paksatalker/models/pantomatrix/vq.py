"""Motion as words of a codebook (VQ-VAE, van den Oord et al., 2017), one network for each part of the body."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from paksatalker.models.pantomatrix.convolutions import ConvDecoder, ConvEncoder

#: Width of the latent, and how many codes there are.
WIDTH = 256
CODES = 256


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the body with its own network.

    Attributes:
        dims: Numbers a frame.
        layers: Depth of its encoder and decoder.
    """

    dims: int
    layers: int


PARTS: dict[str, Part] = {
    "face": Part(106, 2),
    "upper": Part(78, 2),
    "hands": Part(180, 2),
    "lower": Part(61, 4),
}
GLOBAL = Part(61, 4)


class Quantizer(nn.Module):
    """The codebook."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CODES, WIDTH)

    def nearest(self, latent: Tensor) -> Tensor:
        """Index [B, T] of the code nearest to each latent [B, T, 256], by Euclidean distance."""
        codes = self.embedding.weight
        # |z − c|² without the term that is the same for all codes
        distance = (codes * codes).sum(-1) - 2 * latent @ codes.t()
        return distance.argmin(-1)

    def forward(self, index: Tensor) -> Tensor:
        """Codes [B, T, 256] of indices [B, T]."""
        codes: Tensor = self.embedding(index)
        return codes


class MotionVQ(nn.Module):
    """Encoder, codebook and decoder of one part."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.encoder = ConvEncoder(part.dims, WIDTH, part.layers)
        self.quantizer = Quantizer()
        self.decoder = ConvDecoder(WIDTH, part.dims, part.layers)

    def encode(self, motion: Tensor) -> Tensor:
        """Motion [B, T, dims] to code indices [B, T]."""
        return self.quantizer.nearest(self.encoder(motion))

    def decode(self, index: Tensor) -> Tensor:
        """Code indices [B, T] to motion [B, T, dims]."""
        motion: Tensor = self.decoder(self.quantizer(index))
        return motion

    def forward(self, motion: Tensor) -> Tensor:
        """Motion [B, T, dims] as the codebook can say it."""
        return self.decode(self.encode(motion))


class GlobalMotion(nn.Module):
    """Motion of the lower body to where it carries the body: an autoencoder without a codebook."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = ConvEncoder(GLOBAL.dims, WIDTH, GLOBAL.layers)
        self.decoder = ConvDecoder(WIDTH, GLOBAL.dims, GLOBAL.layers)

    def forward(self, motion: Tensor) -> Tensor:
        """[B, T, 61] to [B, T, 61]; 54–57 are velocity in x, height, velocity in z (m/s, m, m/s)."""
        out: Tensor = self.decoder(self.encoder(motion))
        return out
