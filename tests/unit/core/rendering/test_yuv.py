import numpy as np
import pytest

from paksatalker.core.rendering.yuv import to_yuv


def plane(frame, index: int) -> np.ndarray:
    return np.frombuffer(memoryview(frame.planes[index]), np.uint8).reshape(-1, frame.planes[index].line_size)


def flat(*colour: int) -> np.ndarray:
    return np.full((16, 18, len(colour)), colour, np.uint8)


# Values of ITU-R BT.709, limited range.
@pytest.mark.parametrize(
    ("colour", "yuv"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
        ((128, 128, 128), (126, 128, 128)),
    ],
)
def test_known_colours(colour, yuv) -> None:
    frame = to_yuv(flat(*colour))
    assert frame.format.name == "yuv420p"
    assert tuple(int(plane(frame, i)[2, 3]) for i in range(3)) == yuv


def test_alpha_is_kept() -> None:
    image = flat(255, 0, 0, 10)
    image[:, :7, 3] = 200
    frame = to_yuv(image)
    assert frame.format.name == "yuva420p"
    assert (plane(frame, 3)[:16, :18] == image[:, :, 3]).all()
    assert int(plane(frame, 0)[0, 0]) == 63
