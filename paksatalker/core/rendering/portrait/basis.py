"""The expression basis: how each ARKit coefficient moves each landmark of a face.

The data were fitted to renders of avatars made from CC0 data, regressing the landmarker's points on the landmarker's
own scores, so that a coefficient means what a score of the same name means. They are in the head's frame (x to the
image's right when the head is frontal, y down, z away from the viewer), unit one outer-eye-corner distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.timeline import ARKIT_INDEX, ARKIT_NAMES

FloatArray = npt.NDArray[np.float32]

_LOWER_FACE = ("mouth", "jaw", "cheekPuff")
_UPPER_FACE = ("brow", "eye", "cheekSquint")

#: From re-tracking what the renderer draws: the fit spread some of a smile's motion over raised upper lips, and brows,
#: drawn by their scores alone, came out half as lively as those of a tracked speaker.
_GAINS = {"mouthSmile": 1.2, "mouthUpperUp": 0.75, "browInnerUp": 2.0, "browOuterUp": 1.1}


@dataclass(frozen=True, slots=True)
class FaceBasis:
    """Reference shape, expression offsets and triangles.

    Attributes:
        reference: float32 [478, 3] a neutral face in the head's frame.
        offsets: float32 [52, 478, 3] offset at coefficient 1, ARKit order. ``eyeBlink*`` are zero: lids are drawn.
        triangles: int32 [852, 3] of the skin, with holes at the mouth and the eyes.
    """

    reference: FloatArray
    offsets: FloatArray
    triangles: npt.NDArray[np.int32]


@lru_cache(maxsize=1)
def load_basis() -> FaceBasis:
    """Reads the basis that ships with the package and cleans it; the arrays are read-only."""
    with (files(__package__) / "data" / "face_basis.npz").open("rb") as file, np.load(file) as data:
        reference, offsets, triangles = data["reference"], data["offsets"], data["triangles"].astype(np.int32)
    for index, name in enumerate(ARKIT_NAMES):
        offsets[index] *= next((gain for prefix, gain in _GAINS.items() if name.startswith(prefix)), 1.0)
    _confine(offsets, reference)
    _strengthen_rounding(offsets, reference)
    for array in (reference, offsets, triangles):
        array.setflags(write=False)
    return FaceBasis(reference, offsets, triangles)


def _confine(offsets: FloatArray, reference: FloatArray) -> None:
    """Keeps mouth coefficients off the upper face and brow and eye coefficients off the lower one.

    The regression leaks a little rigid motion into every coefficient; seen on a photo it makes the nose swim.
    """
    y = reference[:, 1]
    below_nose = np.clip((y - reference[topo.NOSE_TIP, 1] + 0.25) / 0.25, 0, 1)[:, None]
    above_nose = 1 - np.clip((y - reference[topo.NOSE_BRIDGE, 1] - 0.05) / 0.35, 0, 1)[:, None]
    eyes = [i for eye in topo.EYES for i in eye.upper + eye.lower]
    distance = np.linalg.norm(reference[:, None, :2] - reference[None, eyes, :2], axis=2).min(axis=1)
    off_eyes = np.clip(distance / 0.12, 0.1, 1)[:, None]  # a raised brow must not drag the lid's edge
    for index, name in enumerate(ARKIT_NAMES):
        if name.startswith(_LOWER_FACE):
            offsets[index] *= below_nose
        elif name.startswith(_UPPER_FACE):
            offsets[index] *= above_nose
        if name.startswith("brow"):
            offsets[index] *= off_eyes
        if name.startswith(("eyeBlink", "eyeLook")):
            offsets[index] = 0


def _strengthen_rounding(offsets: FloatArray, reference: FloatArray) -> None:
    """Adds to pucker and funnel what the landmarker under-reports: corners drawn in, lips pushed out and everted."""
    x, y = reference[:, 0], reference[:, 1]
    middle = 0.5 * (y[13] + y[14])
    half_width = float(reference[291, 0])
    u, v = x / half_width, (y - middle) / half_width
    near = np.exp(-((np.abs(u) / 1.35) ** 4) - (np.abs(v) / 1.0) ** 4)  # the lips and the skin just around them
    inward = -u * np.exp(-((np.abs(u) - 0.9) ** 2) / 0.5) * near
    forward = -np.exp(-(u**2) / 0.5 - v**2 / 0.35)
    evert = np.tanh(3 * v) * np.exp(-(u**2) / 0.35 - (np.abs(v) - 0.3) ** 2 / 0.12)  # lips grow taller
    for name, corners, out, taller in (("mouthPucker", 0.055, 0.07, 0.022), ("mouthFunnel", 0.03, 0.06, 0.018)):
        shape = np.stack([corners * inward, taller * evert, out * forward], axis=1)
        offsets[ARKIT_INDEX[name]] += shape.astype(np.float32)
    offsets[:, topo.SKIN_POINTS :] = 0
