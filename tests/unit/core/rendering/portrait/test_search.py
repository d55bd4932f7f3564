import time

import numpy as np
import pytest

from paksatalker.core.rendering.portrait.search import TileSearch, squares
from paksatalker.models.mediapipe.landmarker import FaceLandmarks


def search(height: int, width: int) -> tuple[int, int]:
    """The smallest square and the number of all."""
    levels = list(squares(height, width))
    return levels[-1][0], sum(len(tiles) for _, tiles in levels)


def test_photos_of_up_to_12_megapixels_are_searched_for_the_smallest_face() -> None:
    assert search(3000, 4000)[0] == 320
    assert search(1024, 1024)[0] <= 320


@pytest.mark.parametrize("size", [(6000, 8000), (8192, 8192), (5464, 8192), (3200, 4300)])
def test_larger_photos_take_no_longer(size: tuple[int, int]) -> None:
    side, tiles = search(*size)
    assert side < max(size) / 10
    assert tiles <= 1.1 * search(4000, 4000)[1]


@pytest.mark.parametrize("size", [(300, 8000), (8000, 300), (1000, 8192)])
def test_panoramas_are_searched_for_the_smallest_face_too(size: tuple[int, int]) -> None:
    side, tiles = search(*size)
    assert side == 320
    assert tiles <= search(4000, 4000)[1]


@pytest.mark.parametrize("size", [(3000, 4000), (1024, 1024), (700, 900)])
def test_every_small_face_lies_whole_in_some_square(size: tuple[int, int]) -> None:
    *_, (side, tiles) = squares(*size)
    face = int(0.39 * side)
    rng = np.random.default_rng(0)
    for _ in range(300):
        x, y = rng.integers(0, size[1] - face), rng.integers(0, size[0] - face)
        assert any(
            left <= x and x + face <= left + width and top <= y and y + face <= top + height
            for left, top, width, height in tiles
        )


def test_flat_squares_are_not_looked_at() -> None:
    class Net:
        """Counts what it is shown."""

        seen = 0

        def detect(self, view: np.ndarray) -> list[FaceLandmarks]:
            Net.seen += 1
            return []

    image = np.full((200, 200, 3), 120, np.uint8)
    image[:, 100:] = np.random.default_rng(0).integers(0, 255, (200, 100, 3), dtype=np.uint8)
    TileSearch(lambda confidence: Net()).faces(image, [(0, 0, 100, 100), (100, 0, 100, 100)], whole=False)
    assert Net.seen == 1


def test_several_cores_find_the_same_in_the_same_order(monkeypatch) -> None:
    class Net:
        """Takes the mean of what it sees for a face."""

        busy = False

        def detect(self, view: np.ndarray) -> list[FaceLandmarks]:
            assert not self.busy
            self.busy = True
            time.sleep(1e-4)
            self.busy = False
            return [FaceLandmarks(np.full((478, 3), view.mean()), np.eye(3), {})]

    image = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    tiles = [(x, y, 32, 32) for y in range(0, 368, 24) for x in range(0, 368, 24)]
    found, loaded = [], []
    for cores in (1, 3):
        monkeypatch.setattr("paksatalker.core.rendering.portrait.search.usable_cores", lambda cores=cores: cores)
        nets: list[float] = []
        look = TileSearch(lambda confidence, nets=nets: nets.append(confidence) or Net())
        found.append([float(face.points[0, 0]) for face in look.faces(image, tiles, whole=False)])
        loaded.append(len(nets))
    assert found[0] == found[1]
    assert len(found[0]) == len(tiles)
    assert loaded == [2, 4]
