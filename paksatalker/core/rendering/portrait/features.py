"""The drawn parts of a face, behind one small interface, so that the renderer does not care which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.face import PosedFace, SourceFace
from paksatalker.core.rendering.portrait.patch import WarpPatch

Patches = Callable[[PosedFace], Sequence[WarpPatch]]
Paint = Callable[[npt.NDArray[np.uint8], PosedFace], None]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """What is drawn besides the bent skin. Everything here is called from several threads at once.

    Attributes:
        under: Patches drawn before the skin (eyeballs).
        over: Patches drawn after it (lids).
        paints: Called in order with the composed frame uint8 [H, W, 3] RGB, to paint in place.
    """

    under: tuple[Patches, ...] = ()
    over: tuple[Patches, ...] = ()
    paints: tuple[Paint, ...] = ()

    @classmethod
    def of(cls, face: SourceFace) -> FeatureSet:
        """Eyes, lids, mouth interior and shading of a face."""
        from paksatalker.core.rendering.portrait.eyelids import Eyelids  # noqa: PLC0415
        from paksatalker.core.rendering.portrait.eyes import Eyeballs  # noqa: PLC0415
        from paksatalker.core.rendering.portrait.shading import Shading  # noqa: PLC0415

        from paksatalker.core.rendering.portrait.mouth import MouthInterior  # noqa: PLC0415

        eyes, lids, mouth, shading = Eyeballs(face), Eyelids(face), MouthInterior(face), Shading(face)
        return cls(
            under=(eyes.patches,),
            over=(lids.patches,),
            paints=(eyes.paint, lids.paint, mouth.paint, shading.apply),
        )
