"""The whole portrait renderer on a real photo, looked at again by the landmarker."""

import numpy as np
import pytest
from skimage import data

from paksatalker.core.rendering.portrait.face import FaceState, SourceFace
from paksatalker.core.rendering.portrait.renderer import PortraitRenderer
from paksatalker.core.timeline import ARKIT_INDEX, FaceTrack
from paksatalker.models.base import WeightsStore
from paksatalker.models.mediapipe.landmarker import FaceLandmarker
from paksatalker.models.mediapipe.segmenter import SelfieSegmenter

SIDE = 256


@pytest.fixture(scope="module")
def landmarker():
    with FaceLandmarker(WeightsStore().path("face-landmarker")) as net:
        yield net


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[:SIDE, 96 : 96 + SIDE])


@pytest.fixture(scope="module")
def renderer(photo, landmarker):
    found = landmarker.detect(photo)[0]
    with SelfieSegmenter(WeightsStore().path("selfie-segmentation")) as net:
        mask = net.segment(photo)
    return PortraitRenderer(SourceFace.of(photo, found.points, found.rotation, found.scores), mask)


def state(rotation=(0, 0, 0), coefficients=None, **rest) -> FaceState:
    row = np.zeros(52, np.float32)
    for name, value in (coefficients or {}).items():
        row[ARKIT_INDEX[name]] = value
    return FaceState(row, np.float32(rotation), np.zeros(3, np.float32), np.zeros(2, np.float32), **rest)


def look(landmarker, frame):
    return landmarker.detect(frame)[0]


def opening(found) -> float:
    return float(np.linalg.norm(found.points[13] - found.points[14])) / found.eye_distance


def test_rest_shows_the_photo(renderer, photo) -> None:
    difference = np.abs(renderer.frame(state()).astype(int) - photo).max(axis=2)
    assert difference.mean() < 1.5
    assert (difference == 0).mean() > 0.8


def test_jaw_opens_and_seal_closes_a_smile(renderer, landmarker, photo) -> None:
    rest = opening(look(landmarker, photo))
    open_mouth = look(landmarker, renderer.frame(state(activity=1.0, coefficients={"jawOpen": 0.6})))
    sealed = look(landmarker, renderer.frame(state(activity=1.0, seal=1.0)))
    assert opening(open_mouth) > rest + 0.07
    assert opening(sealed) < 0.02


def test_rounding_makes_the_mouth_narrow(renderer, landmarker) -> None:
    def width(coefficients):
        found = look(landmarker, renderer.frame(state(activity=1.0, coefficients=coefficients)))
        return np.linalg.norm(found.points[61] - found.points[291]) / found.eye_distance

    assert width({"mouthPucker": 0.8, "mouthFunnel": 0.3}) < 0.9 * width({})


def test_blink_closes_the_eyes(renderer, landmarker, photo) -> None:
    found = look(landmarker, renderer.frame(state(coefficients={"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})))
    before = look(landmarker, photo).scores
    assert min(found.scores["eyeBlinkLeft"], found.scores["eyeBlinkRight"]) > before["eyeBlinkLeft"] + 0.25


@pytest.mark.parametrize(("rotation", "axis"), [((6, 0, 0), 0), ((0, 6, 0), 1)])
def test_the_head_turns(renderer, landmarker, photo, rotation, axis) -> None:
    turned = look(landmarker, renderer.frame(state(rotation=rotation)))
    nose = turned.rotation @ [0, 0, -1] - look(landmarker, photo).rotation @ [0, 0, -1]
    assert nose[axis] > 0.04


def test_frames_do_not_depend_on_threads_or_pieces(renderer) -> None:
    track = FaceTrack.rest(6, 25)
    track.head_rotation[:, 0] = np.linspace(-5, 5, 6)
    track.coefficients[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.6, 6)
    track.activity[:] = 1
    together = list(renderer.render([track]))
    apart = [frame for k in range(6) for frame in renderer.render([track[k : k + 1]])]
    np.testing.assert_array_equal(together, apart)
