"""ExpNet: a frame's sound to its facial expression (W. Zhang et al., "SadTalker", CVPR 2023, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paksatalker.models.sadtalker.audio_encoder import WIDTH, audio_encoder

#: Expression coefficients of the 3-D face model.
EXPRESSION = 64


class Audio2Exp(nn.Module):
    """Expression coefficients from log-mel windows, the photo's expression and how far the eyes are to be closed.

    Every frame is for itself, so any batch of frames gives the same as all of them at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()
        self.mapping1 = nn.Linear(WIDTH + EXPRESSION + 1, EXPRESSION)

    def embed(self, mel: Tensor) -> Tensor:
        """What a frame sounds like: log-mel windows [N, 1, 80, 16] to [N, 512]."""
        out: Tensor = self.audio_encoder(mel)
        return out.flatten(1)

    def forward(self, mel: Tensor, reference: Tensor, blink: Tensor) -> Tensor:
        """Expressions of N frames.

        Args:
            mel: Log-mel windows, float32 [N, 1, 80, 16].
            reference: The expression to start from, [N, 64]: the photo's.
            blink: How far the eyes are closed, [N, 1], 0–1.

        Returns:
            Expression coefficients [N, 64].
        """
        return self.express(self.embed(mel), reference, blink)

    def express(self, sound: Tensor, reference: Tensor, blink: Tensor) -> Tensor:
        """The same from sound that is embedded already, [N, 512]."""
        out: Tensor = self.mapping1(torch.cat([sound, reference, blink], dim=1))
        return out

    @property
    def blink_direction(self) -> Tensor:
        """How the expression [64] changes when the eyes close: the last layer is linear, so it always does the same."""
        return self.mapping1.weight[:, -1]
