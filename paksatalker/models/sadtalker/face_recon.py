"""ReconNet: a face image to the coefficients of a 3-D face model.

Y. Deng et al., "Accurate 3D Face Reconstruction with Weakly-Supervised Learning", CVPRW 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paksatalker.models.resnet50 import STAGE_CHANNELS, ResNet50

#: Edge of the aligned face image, pixels.
IMAGE_SIZE = 224
#: Identity, expression, texture, angles, light, translation in the image plane, depth: in the order of the heads.
_HEADS = (80, 64, 80, 3, 27, 2, 1)


@dataclass(frozen=True, slots=True)
class FaceCoefficients:
    """What the network says of N faces.

    Attributes:
        identity: [N, 80].
        expression: [N, 64].
        texture: [N, 80].
        angle: [N, 3]: pitch, yaw, roll, radians.
        light: [N, 27]: three bands of spherical harmonics, RGB.
        translation: [N, 3].
    """

    identity: Tensor
    expression: Tensor
    texture: Tensor
    angle: Tensor
    light: Tensor
    translation: Tensor

    @classmethod
    def split(cls, coefficients: Tensor) -> FaceCoefficients:
        """Cuts [N, 257] into its parts."""
        identity, expression, texture, angle, light, shift, depth = torch.split(coefficients, list(_HEADS), dim=1)
        return cls(identity, expression, texture, angle, light, torch.cat([shift, depth], dim=1))

    @property
    def motion(self) -> Tensor:
        """What moves, [N, 70]: expression, angle, translation."""
        return torch.cat([self.expression, self.angle, self.translation], dim=1)


class FaceRecon(nn.Module):
    """The network: ResNet-50 and a linear head for each part."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet50()
        self.final_layers = nn.ModuleList(nn.Conv2d(STAGE_CHANNELS[-1], width, 1) for width in _HEADS)

    def features(self, images: Tensor) -> Tensor:
        """Aligned faces [N, 3, 224, 224] to the trunk's mean features [N, 2048]."""
        _, _, last = self.backbone(images)
        out: Tensor = last.mean(dim=(2, 3))
        return out

    def forward(self, images: Tensor) -> Tensor:
        """Aligned faces, RGB 0–1, float32 [N, 3, 224, 224], to coefficients [N, 257]."""
        pooled = self.features(images)[:, :, None, None]
        return torch.cat([head(pooled) for head in self.final_layers], dim=1).flatten(1)
