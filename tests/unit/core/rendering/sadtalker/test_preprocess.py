import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paksatalker.core.rendering.sadtalker import preprocess
from paksatalker.errors import NoFace
from tests.golden import rule

GOLDEN = rule.GOLDEN / "sadtalker"


@pytest.fixture(scope="module")
def crops() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "crop.npz") as data:
        return dict(data)


@pytest.mark.parametrize("case", ["c0", "c1", "c2", "c3"])
def test_crop(crops: dict[str, np.ndarray], case: str) -> None:
    width, height = (int(n) for n in crops[f"{case}_size_wh"])
    found = preprocess.find_crop(crops[f"{case}_landmarks"], width, height)
    outer = found.outer
    assert found.size == tuple(crops[f"{case}_rsize"])
    assert [outer.left, outer.top, outer.right, outer.bottom] == crops[f"{case}_crop"].tolist()
    assert np.abs(found.quad - crops[f"{case}_quad"]).max() <= 1e-9
    if case == "c3":
        return
    photo = np.zeros((height, width, 3), np.uint8)
    box = found.box()
    assert [box.left, box.top, box.right, box.bottom] == crops[f"{case}_paste_box"].tolist()
    assert found.cut(photo).shape == tuple(crops[f"{case}_out_shape_still0"])
    assert found.cut(photo, extended=True).shape == tuple(crops[f"{case}_out_shape_still1"])


def test_a_very_large_face_is_cut_out_of_the_smaller_photo(crops: dict[str, np.ndarray]) -> None:
    found = preprocess.find_crop(crops["c3_landmarks"], 4000, 3000)
    photo = np.zeros((3000, 4000, 3), np.uint8)
    assert found.resize(photo).shape == (1500, 2000, 3)
    for extended in (False, True):
        box = found.box(extended=extended)
        assert found.cut(photo, extended=extended).shape == (box.height, box.width, 3)


def test_a_very_large_face_at_the_border_is_kept_within_the_smaller_photo() -> None:
    found = preprocess.find_crop(_face(3600, 2600, 2200, 0), 4000, 3000)
    assert found.size == (800, 600)
    assert (found.outer.right, found.outer.bottom) == found.size
    assert found.quad[2] <= 800


def test_the_lower_edge_stays_within_the_width(crops: dict[str, np.ndarray]) -> None:
    narrow = preprocess.find_crop(crops["c0_landmarks"] - [200, 0], 200, 900)
    assert narrow.quad[3] == 200
    assert narrow.box().height > 0


def _face(x: float, y: float, size: float, turn: float) -> np.ndarray:
    """68 points of a plain face."""
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (-0.3, -0.2), (0.3, -0.2)
    points[48], points[54], points[30] = (-0.2, 0.4), (0.2, 0.4), (0, 0.1)
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s], [-s, c]]) * size + (x, y)


@settings(deadline=None)
@given(
    st.integers(20, 3000), st.integers(20, 3000), st.floats(-0.5, 1.5), st.floats(-0.5, 1.5), st.floats(1, 4000),
    st.floats(-3.2, 3.2),
)  # fmt: skip
def test_a_box_always_lies_in_the_photo(width: int, height: int, x: float, y: float, size: float, turn: float) -> None:
    try:
        found = preprocess.find_crop(_face(x * width, y * height, size, turn), width, height)
    except NoFace:
        return
    for extended in (False, True):
        box = found.box(extended=extended)
        assert 0 <= box.left < box.right <= found.size[0]
        assert 0 <= box.top < box.bottom <= found.size[1]


def test_points_beside_the_photo() -> None:
    with pytest.raises(NoFace):
        preprocess.find_crop(_face(500, 50, 20, 0), 100, 100)
