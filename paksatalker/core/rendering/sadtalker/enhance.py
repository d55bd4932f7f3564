"""GFPGAN on the faces that SadTalker draws: twice as many pixels, and sharp ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
import torch

from paksatalker.core.rendering.sadtalker.paste import FacePaste
from paksatalker.core.rendering.sadtalker.preprocess import find_crop

if TYPE_CHECKING:
    from paksatalker.models.gfpgan.gfpgan import GFPGAN

_SIZE = 512
_SCALE = 2


class FaceEnhancer:
    """Restores the face in every frame.

    The network wants faces cut out as FFHQ does it; SadTalker's own crop is that, so nothing has to be found again in
    a frame. (The head moves a little within it, which the network is used to.)

    Args:
        network: With its weights.
        points: The photo's 68 points in the face images, [68, 2].
        size: Side of the face images, pixels.
    """

    def __init__(self, network: GFPGAN, points: npt.NDArray[np.float64], size: int) -> None:
        self._network = network
        self._side = _SCALE * size
        box = find_crop(points * _SCALE, self._side, self._side, output_size=self._side).box()
        self._box = (max(0, box.left), max(0, box.top), box.right, box.bottom)

    def __call__(self, face: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """uint8 [S, S, 3] RGB to [2 S, 2 S, 3]."""
        large = np.asarray(cv2.resize(face, (self._side, self._side), interpolation=cv2.INTER_CUBIC), np.uint8)
        left, top, right, bottom = self._box
        part = cv2.resize(large[top:bottom, left:right], (_SIZE, _SIZE), interpolation=cv2.INTER_CUBIC)
        return FacePaste(large, self._box)(self._restored(np.asarray(part, np.uint8)))

    @torch.inference_mode()
    def _restored(self, part: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        device = next(self._network.parameters()).device
        pixels = torch.from_numpy(part).to(device).permute(2, 0, 1)[None].float() / 127.5 - 1
        made = (self._network(pixels).clamp(-1, 1) + 1) * 127.5
        return np.asarray(made[0].permute(1, 2, 0).round().to(torch.uint8).cpu().numpy(), np.uint8)
