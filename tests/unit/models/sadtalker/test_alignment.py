import numpy as np
import pytest

from paksatalker.errors import FaceTooSmall
from paksatalker.models.sadtalker import alignment
from tests.golden import rule

GOLDEN = rule.GOLDEN / "sadtalker"


def _face(x: float, y: float, size: float, turn: float) -> np.ndarray:
    """68 points of a plain face."""
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (-0.3, -0.2), (0.3, -0.2)
    points[48], points[54], points[30] = (-0.2, 0.4), (0.2, 0.4), (0, 0.1)
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s], [-s, c]]) * size + (x, y)


def test_the_points_of_the_model() -> None:
    with np.load(GOLDEN / "crop.npz") as data:
        assert np.array_equal(alignment.FACE_POINTS, data["lm3d_std5"])


@pytest.mark.parametrize("case", ["a0", "a1"])
def test_alignment(case: str) -> None:
    with np.load(GOLDEN / "align_img.npz") as data:
        golden = {k.removeprefix(f"{case}_"): data[k] for k in data if k.startswith(case)}
    found = alignment.align(golden["image"], golden["landmarks_image"])
    width, height, *crop = golden["trans_params"]
    assert golden["image"].shape == (height, width, 3)
    assert np.abs(np.array([found.scale, *found.shift]) - crop).max() <= 1e-11
    assert np.array_equal(found.image, golden["crop224"])
    assert np.abs(found.points - golden["lm_new"]).max() <= 1e-11
    assert found.crop.dtype == np.float32


def test_a_model_seen_from_the_front_is_found_exactly() -> None:
    seen = alignment.FACE_POINTS[:, :2] * 70 + (12, 34)
    shift, scale = alignment.weak_perspective(seen)
    assert shift == pytest.approx((12, 34))
    assert scale == pytest.approx(70)


@pytest.mark.parametrize("spread", [0.0, 1e-3, 0.05])
def test_points_in_one_place_are_no_face(spread: float) -> None:
    with pytest.raises(FaceTooSmall):
        alignment.align(np.zeros((2000, 2000, 3), np.uint8), _face(300, 300, spread, 0))
