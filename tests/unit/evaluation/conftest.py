"""A synthetic face whose opening, lids and head turn are known exactly."""

from collections.abc import Callable

import numpy as np
import pytest

from paksatalker.core.rendering.portrait.topology import LOWER_INNER, UPPER_INNER
from paksatalker.evaluation.geometry import EYE_CORNERS, LIPS, rotation_matrix
from paksatalker.evaluation.tracking import FaceMotion

FPS = 25.0
EYE_DISTANCE = 92.0
LID_WIDTH = 30.0
EYES = ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373))


def still_face() -> np.ndarray:
    """[478, 3] pixels about the origin, eye distance 92, mouth closed, eyes shut."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-70, 70, 478), rng.uniform(-90, 90, 478)
    points = np.stack([x, y, 0.006 * (x**2 + y**2)], axis=-1)
    for side, (corner, up_a, up_b, inner, low_b, low_a) in zip((-1, 1), EYES, strict=True):
        outer = side * EYE_DISTANCE / 2
        for index, share in ((corner, 0.0), (up_a, 0.3), (low_a, 0.3), (up_b, 0.7), (low_b, 0.7), (inner, 1.0)):
            points[index] = (outer - side * share * LID_WIDTH, -30.0, 0.0)
    for row in (UPPER_INNER, LOWER_INNER):
        for place, index in enumerate(row):
            points[index] = (-25 + 5 * place, 40.0, 0.0)
    assert {*EYE_CORNERS}.isdisjoint(LIPS)
    return points


@pytest.fixture
def make_motion() -> Callable[..., FaceMotion]:
    """``make_motion(opening=[T], lids=[T], angles=[T, 3], ok=[T])``; what is left out stays at rest."""

    def make(opening=None, lids=None, angles=None, ok=None, frames=None, fps=FPS, scale=1.0) -> FaceMotion:
        count = frames or next(len(v) for v in (opening, lids, angles, ok) if v is not None)
        opening = np.zeros(count) if opening is None else np.asarray(opening, float)
        lids = np.full(count, 0.3) if lids is None else np.asarray(lids, float)
        angles = np.zeros((count, 3)) if angles is None else np.asarray(angles, float)
        points = np.repeat(still_face()[None], count, axis=0)
        points[:, list(LOWER_INNER[1:-1]), 1] += (opening * EYE_DISTANCE)[:, None]
        for _, up_a, up_b, _, low_b, low_a in EYES:
            points[:, [up_a, up_b], 1] -= (lids * LID_WIDTH / 2)[:, None]
            points[:, [low_a, low_b], 1] += (lids * LID_WIDTH / 2)[:, None]
        rotation = rotation_matrix(angles)
        points = scale * np.einsum("tij,tvj->tvi", rotation, points) + 256
        return FaceMotion(
            points=points.astype(np.float32),
            rotation=rotation.astype(np.float32),
            scores=np.zeros((count, 52), np.float32),
            ok=np.ones(count, bool) if ok is None else np.asarray(ok),
            times=np.arange(count) / fps,
            fps=fps,
            width=512,
            height=512,
        )

    return make
