"""Selfie segmentation: which pixels belong to a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from paksatalker.models.mediapipe.native import Network, load, quiet_stderr


class SelfieSegmenter(Network):
    """Finds the people in single images. Not thread-safe; close it, or use it as a context manager.

    Args:
        model: Path of ``selfie_segmentation.tflite``.
    """

    def __init__(self, model: Path) -> None:
        self._mp, base_options, vision = load()
        with quiet_stderr():
            options = vision.ImageSegmenterOptions(
                base_options=base_options(model_asset_path=str(model)),
                output_confidence_masks=True,
                output_category_mask=False,
            )
            self._net = vision.ImageSegmenter.create_from_options(options)

    def segment(self, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Probability that a pixel shows a person, float32 [H, W] 0–1, of an image uint8 [H, W, 3] RGB."""
        with quiet_stderr():
            result = self._net.segment(self._mp.Image(self._mp.ImageFormat.SRGB, np.ascontiguousarray(rgb)))
            mask = result.confidence_masks[-1].numpy_view()
        return np.array(mask, np.float32).reshape(rgb.shape[:2])
