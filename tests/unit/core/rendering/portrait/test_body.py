import numpy as np
import pytest

from paksatalker.core.rendering.portrait.body import HeadAxes, breath_offset, head_freedom, head_weight


@pytest.fixture(scope="module")
def axes(face):
    return HeadAxes.of(face)


def column(axes, heights):
    return axes.chin + np.outer(np.array(heights) * axes.height, axes.up)


def test_the_head_moves_whole_and_the_chest_stays(axes) -> None:
    weight = head_weight(axes, column(axes, [1.6, 1.0, 0.5, 0.0, -0.3, -0.7, -1.5]), (4000, 4000))
    np.testing.assert_allclose(weight[:4], 1)
    assert 0.1 < weight[4] < 0.9
    assert weight[5:].max() < 1e-9


def test_breath_lifts_shoulders_not_the_face(axes) -> None:
    offset = breath_offset(axes, column(axes, [0.5, -0.7]))
    assert np.abs(offset[0]).max() == 0
    assert offset[1, 1] < 0


def test_a_head_cut_off_by_the_frame_moves_less(axes) -> None:
    inside = np.zeros((256, 256), np.float32)
    inside[30:, 60:196] = 1
    assert head_freedom(axes, inside) == 1
    cut = inside.copy()
    cut[:, 60:196] = 1
    assert 0.85 <= head_freedom(axes, cut) < 0.95
