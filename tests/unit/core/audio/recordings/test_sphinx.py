from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.audio.recordings.sphinx import _later, _parts


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


def test_words_that_follow_each_other_begin_later_than_found() -> None:
    """Against speech whose times are known, words began 16 to 42 ms too early in six languages."""
    words = [["HH", "AY"], ["S", "IH"], ["AE"], ["T", "UW"]]
    spans = [[(0.0, 0.1), (0.1, 0.3)], [(0.3, 0.4), (0.4, 0.5)], [(0.7, 0.9)], [(0.9, 0.92), (0.92, 1.1)]]
    found = _later(words, spans)
    starts = [round(word[0][0], 3) for word in found]
    assert starts == [0.0, 0.33, 0.7, 0.9], "not after a pause, nor where nothing would be left of the phone"
    assert found[0][-1] == (0.1, found[1][0][0]), "the phone before lasts as long"
    assert [word[1] for word in found[1:] if len(word) > 1] == [(0.4, 0.5), (0.92, 1.1)]
