import numpy as np

from paksatalker.core.rendering.portrait import topology as topo
from paksatalker.core.rendering.portrait.basis import load_basis
from paksatalker.core.timeline import ARKIT_INDEX


def test_shapes_and_units() -> None:
    basis = load_basis()
    assert basis.reference.shape == (478, 3)
    assert basis.offsets.shape == (52, 478, 3)
    assert basis.offsets.dtype == np.float32
    assert basis.triangles.shape == (852, 3)
    corners = basis.reference[list(topo.OUTER_EYE_CORNERS)]
    assert (
        np.linalg.norm(corners[0] - corners[1]) == np.float32(1).item()
        or abs(np.linalg.norm(corners[0] - corners[1]) - 1) < 1e-3
    )
    assert not basis.offsets[ARKIT_INDEX["tongueOut"]].any()


def test_jaw_opens_the_mouth_and_leaves_the_brows() -> None:
    offsets = load_basis().offsets[ARKIT_INDEX["jawOpen"]]
    assert offsets[14, 1] - offsets[13, 1] > 0.2
    assert np.abs(offsets[list(topo.BROWS[0])]).max() == 0


def test_rounding_draws_the_corners_in_and_the_lips_out() -> None:
    offsets = load_basis().offsets[ARKIT_INDEX["mouthPucker"]]
    assert offsets[61, 0] > 0.07
    assert offsets[291, 0] < -0.07
    assert offsets[0, 2] < -0.03  # towards the viewer


def test_left_and_right_are_mirror_images() -> None:
    offsets = load_basis().offsets
    left, right = offsets[ARKIT_INDEX["mouthSmileLeft"]], offsets[ARKIT_INDEX["mouthSmileRight"]]
    np.testing.assert_allclose(left[291], right[61] * [-1, 1, 1], atol=1e-3)
