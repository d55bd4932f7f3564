import cv2
import numpy as np
import pytest

from paksatalker.core.rendering.morphology import disc


@pytest.mark.parametrize("radius", [0, 1, 2, 7])
def test_a_point_grows_to_its_radius_and_no_further(radius: int) -> None:
    image = np.zeros((21, 21), np.uint8)
    image[10, 10] = 1
    grown = cv2.dilate(image, disc(radius))
    y, x = np.nonzero(grown)
    assert (x.min(), x.max(), y.min(), y.max()) == (10 - radius, 10 + radius, 10 - radius, 10 + radius)
    assert np.hypot(x - 10, y - 10).max() <= radius + 1
    assert np.array_equal(grown, grown[::-1])
