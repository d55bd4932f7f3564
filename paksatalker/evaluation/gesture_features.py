"""FGD: how far the gestures of one set of motions are from those of another, by a trained network's features.

The network is the one of EMAGE's evaluation tools; its weights are their makers' (``AESKConv_240_100.bin``) and are not
downloaded: give the file. PyTorch comes with the extra ``paksatalker[neural]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from paksatalker.evaluation.gestures import frechet_distance

if TYPE_CHECKING:
    from paksatalker.models.pantomatrix.skeleton_encoder import MotionAutoencoder

Floats = npt.NDArray[np.float32]

#: A clip's length is cut to a multiple of this many frames.
CLIP_UNIT = 32
_DIMS = 165


def load_gesture_encoder(path: Path) -> MotionAutoencoder:
    """The network, from ``AESKConv_240_100.bin`` or a safetensors file with the same keys.

    Raises:
        WeightsMissing: The file is not there.
        WeightsCorrupt: It is damaged.
        WeightsUnsafe: It is a pickle that would run code.
        WeightsUnfit: It is of another network.
    """
    from paksatalker.models.pantomatrix.skeleton_encoder import MotionAutoencoder
    from paksatalker.models.torch_files import load_module

    fix = "Get AESKConv_240_100.bin from the makers of EMAGE's evaluation tools"
    return load_module(MotionAutoencoder(), path, inside=("model_state",), fix=fix)


def gesture_features(encoder: MotionAutoencoder, poses: npt.ArrayLike) -> Floats:
    """What the network sees in a clip.

    Args:
        encoder: From :func:`load_gesture_encoder`.
        poses: [T, 165] or [T, 55, 3] axis-angles in radians at 30 frames a second, joints in SMPL-X order.

    Returns:
        float32 [T'/16, 240], T' being T cut to a multiple of 32.

    Raises:
        ValueError: The shape is another, a number is not finite, or there are fewer than 32 frames.
    """
    import torch

    from paksatalker.models.pantomatrix.rotation import axis_angle_to_6d

    values: Any = np.asarray(poses, np.float32)
    values = values.reshape(len(values), -1) if values.ndim == 3 else values
    if values.ndim != 2 or values.shape[1] != _DIMS or not np.isfinite(values).all():
        raise ValueError(f"poses must be finite numbers [T, {_DIMS}], not {np.shape(poses)}")
    frames = len(values) // CLIP_UNIT * CLIP_UNIT
    if not frames:
        raise ValueError(f"a clip needs at least {CLIP_UNIT} frames, not {len(values)}")
    with torch.inference_mode():
        sixd = axis_angle_to_6d(torch.from_numpy(values[:frames]).reshape(1, frames, -1, 3)).flatten(-2)
        features: Floats = encoder(sixd)[0].numpy()
    return features


def gesture_distance(
    encoder: MotionAutoencoder, made: Iterable[npt.ArrayLike], wanted: Iterable[npt.ArrayLike]
) -> float:
    """FGD of two sets of clips, each as :func:`gesture_features` takes it. 0 is alike; it means little under ~1 minute.

    Raises:
        ValueError: A clip is no motion, or a set is too small for a covariance (under two features, 32 frames).
    """
    sets = [[gesture_features(encoder, clip) for clip in clips] for clips in (made, wanted)]
    if not all(sets):
        raise ValueError("a set without clips has no distance")
    return frechet_distance(*(np.concatenate(found) for found in sets))
