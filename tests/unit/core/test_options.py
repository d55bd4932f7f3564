import pytest

from paksatalker.core import options
from paksatalker.core.options import Range, require_choice, require_range
from paksatalker.core.rendering.framing import RATIOS
from paksatalker.core.request import PRESET_SIZE
from paksatalker.errors import InvalidOption


@pytest.mark.parametrize("value", [0, 0.5, 2, 2.0])
def test_both_ends_of_a_range_belong_to_it(value):
    require_range("speed", value, Range(0, 2))
    assert value in Range(0, 2)


@pytest.mark.parametrize("value", [-0.01, 2.01, float("nan"), float("inf"), None, "1"])
def test_all_else_is_refused_with_the_range(value):
    with pytest.raises(InvalidOption, match=r"--speed cannot be .*from 0\.5 to 2"):
        require_range("speed", value, options.SPEED)


def test_a_choice_is_refused_with_all_names():
    require_choice("format", "gif", options.FORMATS)
    with pytest.raises(InvalidOption, match=r"--format cannot be 'avi'\. Choose one of: mp4, webm, gif"):
        require_choice("format", "avi", options.FORMATS)


def test_every_name_means_something():
    assert tuple(RATIOS) == options.ASPECTS
    assert tuple(PRESET_SIZE) == options.PRESETS
    assert all(size in options.SIZE for size in PRESET_SIZE.values())
