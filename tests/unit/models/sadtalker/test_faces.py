import numpy as np
import torch

from paksatalker.models.sadtalker import fan, retinaface
from paksatalker.models.sadtalker.face_points import FacePoints


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


class _Detector:
    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self.boxes = np.array(boxes, np.float32).reshape(-1, 4)

    def detect(self, image: np.ndarray) -> retinaface.Detections:
        self.seen = image
        count = len(self.boxes)
        return retinaface.Detections(self.boxes, np.ones(count, np.float32), np.zeros((count, 5, 2), np.float32))


class _Pointer:
    def landmarks(self, face: np.ndarray) -> np.ndarray:
        self.seen = face
        return np.tile([[2.0, 3.0]], (98, 1))


def test_points_are_those_of_the_whole_image() -> None:
    image = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    detector, pointer = _Detector((10.7, 5.2, 30.9, 99.0), (0, 0, 5, 5)), _Pointer()
    points = FacePoints(detector, pointer).find(image, swap=False)
    assert points.shape == (68, 2)
    assert (points == [12, 8]).all()
    assert np.array_equal(pointer.seen, image[5:40, 10:30]), "a box is cut at the border"
    assert np.array_equal(detector.seen, image)
    FacePoints(detector, pointer).find(image, swap=True)
    assert np.array_equal(detector.seen, image[..., ::-1])
    assert np.array_equal(pointer.seen, image[5:40, 10:30]), "the points are looked for in RGB all the same"


def test_a_box_beyond_the_border_begins_there() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    assert (FacePoints(_Detector((-8, -3, 20, 20)), _Pointer()).find(image, swap=False) == [2, 3]).all()


def test_no_face_has_no_points() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    for detector in (_Detector(), _Detector((70, 5, 90, 20)), _Detector((5.2, 5, 5.9, 20))):
        assert FacePoints(detector, _Pointer()).find(image, swap=False) is None
