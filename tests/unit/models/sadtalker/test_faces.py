import numpy as np
import torch

from paksatalker.models.sadtalker import fan, retinaface


def test_of_overlapping_boxes_the_best_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30], [20, 20, 31, 31]], np.float32)
    scores = np.array([0.9, 0.95, 0.5, 0.4], np.float32)
    assert retinaface.suppress(boxes, scores, 0.4).tolist() == [1, 2]
    assert retinaface.suppress(boxes, scores, 1.0).tolist() == [1, 0, 2, 3]
    assert retinaface.suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.4).tolist() == []


def test_anchors_and_decoding_of_nothing_moved() -> None:
    priors = retinaface.anchors(17, 40)
    assert priors.shape == (2 * (3 * 5 + 2 * 3 + 1 * 2), 4)
    boxes = retinaface.decode_boxes(torch.zeros(len(priors), 4), priors)
    assert torch.allclose(boxes[0], torch.tensor([4 - 8, 4 - 8, 4 + 8, 4 + 8]) / torch.tensor([40, 17, 40, 17]))
    points = retinaface.decode_points(torch.zeros(len(priors), 10), priors)
    assert torch.allclose(points.view(-1, 5, 2), priors[:, None, :2].expand(-1, 5, -1))


def _map(y: int, x: int, *, neighbour: tuple[int, int] | None = None) -> np.ndarray:
    one = np.zeros((64, 64), np.float32)
    one[y, x] = 2
    if neighbour:
        one[neighbour] = 1
    return one


def test_peaks_lean_towards_the_stronger_neighbour() -> None:
    found = fan.peaks(np.stack([_map(10, 20, neighbour=(10, 21)), _map(10, 20, neighbour=(9, 20)), _map(10, 20)]))
    assert found.tolist() == [[20.75, 10.5], [20.5, 10.25], [20.5, 10.5]]


def test_peaks_in_every_corner() -> None:
    for y in (0, 63):
        for x in (0, 63):
            found = fan.peaks(_map(y, x)[None])[0]
            assert np.abs(found - [x + 0.5, y + 0.5]).max() <= 0.25


def test_68_points_of_98() -> None:
    points = np.stack([np.arange(98.0), -np.arange(98.0)], axis=1)
    found = fan.to_ibug68(points)
    assert found.shape == (68, 2)
    assert found[[0, 16, 17, 18, 30, 36, 48, 67], 0].tolist() == [0, 32, 33, 37.5, 54, 60, 76, 95]
