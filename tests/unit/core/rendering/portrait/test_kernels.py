import numpy as np

from paksatalker.core.rendering.portrait import kernels


def draw(target, source, triangles, size=(20, 20), corner=(0, 0)):
    map_x, map_y = np.full((2, *size), -1, np.float32)
    kernels.draw_triangles(
        np.array(target, float), np.array(source, float), np.array(triangles, np.int32), map_x, map_y, *corner
    )
    return map_x, map_y


SQUARE = [[2, 2], [12, 2], [12, 12], [2, 12]]


def test_identity_gives_each_pixel_itself_without_cracks() -> None:
    map_x, map_y = draw(SQUARE, SQUARE, [[0, 1, 2], [0, 2, 3]])
    ys, xs = np.mgrid[2:13, 2:13]
    np.testing.assert_allclose(map_x[2:13, 2:13], xs, atol=1e-5)
    np.testing.assert_allclose(map_y[2:13, 2:13], ys, atol=1e-5)
    assert (map_x >= 0).sum() == 121


def test_affine_map_and_window() -> None:
    target = [[10, 10], [20, 10], [10, 20]]
    source = [[0, 0], [5, 0], [0, 20]]
    map_x, map_y = draw(target, source, [[0, 1, 2]], corner=(8, 8))
    assert map_x[4, 6] == np.float32(2.0)  # canvas (14, 12)
    assert map_y[4, 6] == np.float32(4.0)


def test_later_triangles_cover_and_winding_does_not_matter() -> None:
    target = [*SQUARE, *SQUARE]
    source = [*SQUARE, [102, 102], [112, 102], [112, 112], [102, 112]]
    map_x, _ = draw(target, source, [[0, 1, 2], [0, 2, 3], [6, 5, 4], [7, 6, 4]])
    assert map_x[5, 5] == 105


def test_degenerate_and_outside_triangles_are_harmless() -> None:
    map_x, _ = draw(
        [[1, 1], [5, 5], [9, 9], [-90, -90], [-80, -90], [-90, -80]], np.zeros((6, 2)), [[0, 1, 2], [3, 4, 5]]
    )
    assert (map_x == -1).all()


def test_blend_is_exact_at_the_ends() -> None:
    frame = np.full((4, 4, 3), 100, np.uint8)
    layer = np.zeros((2, 3, 4), np.uint8)
    layer[..., :3] = 200
    layer[0, :, 3] = [0, 128, 255]
    kernels.blend_over(frame, layer, 1, 2)
    assert frame[2, 1:4, 0].tolist() == [100, 150, 200]
    assert (frame[:2] == 100).all()
    assert (frame[3] == 100).all()
