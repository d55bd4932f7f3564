from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.audio.sphinx import _parts


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 80)), min_size=1, max_size=80))
def test_parts_follow_each_other_and_none_is_long(steps: list[tuple[int, int]]) -> None:
    said, position = [], 0
    for gap, length in steps:
        said.append((position + gap, position + gap + length))
        position += gap + length
    parts = _parts(said, 800)
    assert parts[0][0] == 0
    assert parts[-1][1] == len(said)
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(said[last - 1][1] - said[first][0] <= 800 for first, last in parts)
    assert all(last > first for first, last in parts)


def test_a_part_ends_in_the_widest_gap_near_the_middle() -> None:
    said = [(100 * i, 100 * i + 95) for i in range(10)]
    said[5:] = [(a + 30, b + 30) for a, b in said[5:]]
    assert _parts(said, 800) == [(0, 5), (5, 10)]
    said = [(i, i + 1) for i in range(0, 100, 10)] + [(900 + i, 901 + i) for i in range(0, 100, 10)]
    assert _parts(said, 800) == [(0, 10), (10, 20)]
