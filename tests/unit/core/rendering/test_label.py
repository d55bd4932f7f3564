import numpy as np
import pytest

from paksatalker.core.rendering.label import Label
from paksatalker.core.request import Request
from paksatalker.errors import InvalidOption

SIZE = (320, 240)
FRAME = np.full((240, 320, 3), 100, np.uint8)


def changed(image) -> tuple[np.ndarray, np.ndarray]:
    return np.nonzero((image[:, :, :3] != 100).any(axis=2))


def test_words_stand_in_the_upper_left_corner_of_every_frame_and_nowhere_else() -> None:
    label = Label("AI-generated", SIZE)
    shown = label.draw(FRAME)
    assert (FRAME == 100).all(), "the frame itself stays"
    rows, cols = changed(shown)
    assert (rows.max() < 40, cols.max() < 160) == (True, True)
    assert (rows.min() >= 5, cols.min() >= 5) == (True, True)
    patch = shown[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    assert patch.max() > 220, "light letters"
    assert np.median(patch) < 80, "on a dark ground"
    assert (label.draw(FRAME) == shown).all()


def test_other_words_look_otherwise() -> None:
    one, other = Label("AI-generated", SIZE).draw(FRAME), Label("Synthetic", SIZE).draw(FRAME)
    assert (one != other).any()


@pytest.mark.parametrize("size", [(64, 64), (64, 113), (1920, 1080), (2160, 2160)])
def test_it_fits_into_frames_of_all_sizes(size: tuple[int, int]) -> None:
    frame = np.full((size[1], size[0], 3), 100, np.uint8)
    rows, cols = changed(Label("Made by a machine, all of it, from the first to the last", size).draw(frame))
    assert cols.max() < size[0] * 0.9
    assert rows.max() < size[1] * 0.5


def test_it_is_seen_where_the_frame_is_not() -> None:
    clear = np.zeros((240, 320, 4), np.uint8)
    shown = Label("AI-generated", SIZE).draw(clear)
    assert shown[:, :, 3].max() >= 150
    assert shown[200:, :, 3].max() == 0


@pytest.mark.parametrize("text", ["a\nb", "x" * 61, " ", "\u202e\u0000"])
def test_what_is_no_short_line_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="--label"):
        Request(image="face.jpg", text="Hi.", label=text)
