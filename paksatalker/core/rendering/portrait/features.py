"""The drawn parts of a face, behind one small interface, so that the renderer does not care which there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from paksatalker.core.rendering.portrait.eyelids import Eyelids
from paksatalker.core.rendering.portrait.eyes import Eyeballs
from paksatalker.core.rendering.portrait.face import PosedFace, SourceFace
from paksatalker.core.rendering.portrait.mouth import MouthInterior
from paksatalker.core.rendering.portrait.palette import analyse
from paksatalker.core.rendering.portrait.shading import Shading

#: Paints in place on the composed frame uint8 [H, W, 3] RGB. Called from several threads at once.
Paint = Callable[[npt.NDArray[np.uint8], PosedFace], None]


def drawn_features(face: SourceFace) -> tuple[Paint, ...]:
    """Shading, eyes, lids and mouth interior of a face, in the order they are painted."""
    palette = analyse(face)
    return (
        Shading(face, palette).apply,
        Eyeballs(face, palette).paint,
        Eyelids(face, palette).paint,
        MouthInterior(face, palette).paint,
    )
