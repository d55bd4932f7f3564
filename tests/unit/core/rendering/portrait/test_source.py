import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.portrait import source
from paksatalker.core.rendering.portrait.patch import WarpPatch
from paksatalker.core.rendering.portrait.source import PhotoSampler

SIDE = 96
SQUARE = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]], np.float64)
TRIANGLES = np.array([[0, 1, 2], [1, 3, 2]], np.int32)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    rng = np.random.default_rng(0)
    return cv2.GaussianBlur(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8), (0, 0), 1.0)


def drawn(photo, shift: float) -> np.ndarray:
    sampler = PhotoSampler(photo, np.ones((SIDE, SIDE), np.float32), 8)
    patch = WarpPatch(SQUARE + np.array([shift, 0.0]), SQUARE, TRIANGLES)
    return sampler.draw([patch], (0, 0, SIDE, SIDE), np.empty((2, SIDE, SIDE), np.float32))[8:-8, 8:-8, :3]


@pytest.mark.parametrize("doubled", [True, False], ids=["doubled", "too large to be doubled"])
def test_what_does_not_move_is_the_photo(photo, doubled, monkeypatch) -> None:
    monkeypatch.setattr(source, "_DOUBLED_PIXELS", 10**9 if doubled else 0)
    np.testing.assert_array_equal(drawn(photo, 0.0), photo[8:-8, 8:-8])


def test_a_person_of_4k_is_doubled_and_loses_no_detail_between_pixels(photo, monkeypatch) -> None:
    assert source._DOUBLED_PIXELS > 3840 * 3840
    sharp = photo.astype(float).std()
    twice = drawn(photo, 0.5).astype(float).std()
    monkeypatch.setattr(source, "_DOUBLED_PIXELS", 0)
    assert twice > max(0.93 * sharp, 0.98 * drawn(photo, 0.5).astype(float).std())
