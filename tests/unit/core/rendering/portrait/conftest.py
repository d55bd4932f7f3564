"""A synthetic face: the basis's reference shape on a flat picture, so that no network is needed."""

import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.basis import load_basis
from paksatalker.core.rendering.portrait.face import FaceState, SourceFace
from paksatalker.core.timeline import ARKIT_INDEX

SIZE = 256


@pytest.fixture(scope="session")
def face() -> SourceFace:
    points = load_basis().reference.astype(np.float64) * 90 + [SIZE / 2, 60, 0]
    for eye in topo.EYES:
        centre = points[list(eye.upper + eye.lower)].mean(axis=0)
        points[eye.iris : eye.iris + 5] = centre + np.array(
            [[0, 0, 0], [5, 0, 0], [0, -5, 0], [-5, 0, 0], [0, 5, 0]], float
        )
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8), (0, 0), 1.5)
    return SourceFace.of(image, points, np.eye(3), {})


@pytest.fixture(scope="session")
def mask(face: SourceFace) -> np.ndarray:
    out = np.zeros((SIZE, SIZE), np.float32)
    cv2.ellipse(out, (SIZE // 2, 110), (72, 92), 0, 0, 360, 1.0, -1)
    cv2.rectangle(out, (60, 215), (196, SIZE), 1.0, -1)
    cv2.rectangle(out, (105, 180), (150, 230), 1.0, -1)
    return out


@pytest.fixture(scope="session")
def make_state():
    def make(rotation=(0, 0, 0), translation=(0, 0, 0), gaze=(0, 0), coefficients=None, **rest) -> FaceState:
        row = np.zeros(len(ARKIT_INDEX), np.float32)
        for name, value in (coefficients or {}).items():
            row[ARKIT_INDEX[name]] = value
        return FaceState(row, np.float32(rotation), np.float32(translation), np.float32(gaze), **rest)

    return make
