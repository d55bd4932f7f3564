"""A piece of the photo drawn somewhere else: the unit that all layers of the warp are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class WarpPatch:
    """A triangle mesh whose interior shows the photo, bent piecewise affinely.

    Attributes:
        source: float64 [n, 2] where the vertices lie in the photo, canvas pixels.
        target: float64 [n, 2] where they are drawn, canvas pixels.
        triangles: int32 [m, 3], drawn in order: later ones cover earlier ones.
    """

    source: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.int32]
