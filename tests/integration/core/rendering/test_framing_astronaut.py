import numpy as np
import pytest
import skimage.data

from paksatalker.core.rendering.framing import RATIOS, frame, person_mask
from paksatalker.core.rendering.image import Picture
from paksatalker.core.rendering.portrait.analysis import Portrait, analyse
from paksatalker.models.base import WeightsStore
from paksatalker.models.mediapipe.landmarker import FaceLandmarker


@pytest.fixture(scope="module")
def store() -> WeightsStore:
    return WeightsStore()


@pytest.fixture(scope="module")
def portrait(store) -> Portrait:
    return analyse(Picture(skimage.data.astronaut()), None, store)


@pytest.mark.parametrize("aspect", list(RATIOS))
def test_landmarks_lie_on_the_face_of_the_canvas(portrait, store, aspect) -> None:
    canvas = frame(portrait, aspect, 512)
    with FaceLandmarker(store.path("face-landmarker")) as net:
        (seen,) = net.detect(canvas.image)
    error = np.linalg.norm(seen.points[:, :2] - canvas.face_points(portrait)[:, :2], axis=1)
    assert error.mean() < 0.03 * seen.eye_distance


@pytest.mark.parametrize("aspect", list(RATIOS))
def test_mask_is_the_person(portrait, store, aspect) -> None:
    canvas = frame(portrait, aspect, 384)
    mask = person_mask(canvas, portrait, store)
    assert mask.dtype == np.float32
    assert mask.shape == canvas.image.shape[:2]
    face = canvas.face_points(portrait)[[1, 4, 50, 280, 152, 10], :2].astype(int)
    assert mask[face[:, 1], face[:, 0]].min() > 0.9
    assert mask[:12, :12].max() < 0.1
    assert 0.15 < mask.mean() < 0.8
