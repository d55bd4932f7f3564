import pytest

from paksatalker.core.rendering.portrait.search import squares


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
