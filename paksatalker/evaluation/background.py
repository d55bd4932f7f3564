"""Does the background hold still: pixels away from the person against the first frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from paksatalker.evaluation.tracking import Image8, read_frames
from paksatalker.models.base import WeightsStore
from paksatalker.models.mediapipe.segmenter import SelfieSegmenter

#: Probability above which a pixel may belong to the person.
_PERSON = 0.05
#: How far from the person a pixel must be, as a share of the frame's shorter side.
_AWAY = 0.06
#: The person's outline is looked for in this many frames.
_MASKS = 12


@dataclass(frozen=True, slots=True)
class BackgroundChange:
    """Change of the pixels away from the person, 8-bit steps of the luma and chroma mean.

    Attributes:
        mean: Mean absolute difference over all frames and pixels.
        p999: 99.9th percentile of the per-pixel largest difference after a 3 × 3 blur.
        largest: Largest difference of any pixel in any frame after a 3 × 3 blur, which averages the codec's noise.
        share: Share of the picture that was judged.
    """

    mean: float
    p999: float
    largest: float
    share: float


def background_change(
    path: Path, store: WeightsStore, max_frames: int | None = None, every: int = 1
) -> BackgroundChange | None:
    """Compares every frame with the first, away from where the person is in any frame.

    A codec changes still pixels by a few steps, so compare ``largest`` with a tolerance (H.264 at its usual quality:
    about 8).

    Returns:
        None when the person fills the picture and fewer than 2% of it are background.

    Raises:
        VideoUnreadable: The file cannot be decoded.
        WeightsMissing: The segmentation model is not in the store.
    """
    away = _background(path, store, max_frames, every)
    if away.mean() < 0.02:
        return None
    first: npt.NDArray[np.float32] | None = None
    worst = np.zeros(away.shape, np.float32)
    total, frames = 0.0, 0
    for frame in read_frames(path, max_frames, every):
        smooth = cv2.blur(frame.image, (3, 3)).astype(np.float32)
        if first is None:
            first = smooth
            continue
        change = np.abs(smooth - first).mean(axis=-1)
        np.maximum(worst, change, out=worst)
        total += float(change[away].mean())
        frames += 1
    seen = worst[away]
    return BackgroundChange(
        mean=total / max(frames, 1),
        p999=float(np.percentile(seen, 99.9)),
        largest=float(seen.max()),
        share=float(away.mean()),
    )


def _background(path: Path, store: WeightsStore, max_frames: int | None, every: int) -> npt.NDArray[np.bool_]:
    """Pixels [H, W] far from the person in every frame looked at."""
    count = sum(1 for _ in read_frames(path, max_frames, every))
    step = max(1, count // _MASKS)
    person: npt.NDArray[np.bool_] | None = None
    with SelfieSegmenter(store.path("selfie-segmentation")) as segmenter:
        for frame in read_frames(path, max_frames, every * step):
            mask = segmenter.segment(frame.image) > _PERSON
            person = mask if person is None else person | mask
    assert person is not None  # read_frames yields at least one frame or raises
    return ~_grown(person, int(_AWAY * min(person.shape)))


def _grown(mask: npt.NDArray[np.bool_], radius: int) -> npt.NDArray[np.bool_]:
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(distance <= radius)


def changed_pixels(frame: Image8, reference: Image8, tolerance: float) -> npt.NDArray[np.bool_]:
    """Where [H, W] a frame differs from a reference of the same size by more than ``tolerance`` steps."""
    difference = cv2.blur(frame, (3, 3)).astype(np.float32) - cv2.blur(reference, (3, 3)).astype(np.float32)
    return np.asarray(np.abs(difference).mean(axis=-1) > tolerance)
