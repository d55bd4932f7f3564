import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.audio.phones import is_vowel, segments
from paksatalker.core.timeline import ARPABET


def spell(symbols: str) -> str:
    return " ".join(f"{s.symbol}{s.stress}" if is_vowel(s.symbol) else s.symbol for s in segments(symbols))


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ("həlˈO ðˈɛɹ.", "HH AH0 L OW1 DH EH1 R"),
        ("wˈɜɹld", "W ER1 L D"),
        ("fˈɜɹðəɹ", "F ER1 DH ER0"),
        ("ʤˈʌʤ ʧˈɪp", "JH AH1 JH CH IH1 P"),
        ("wˈɔːtə", "W AO1 T AH0"),
        ("ˌʌndəɹstˈænd", "AH2 N D ER0 S T AE1 N D"),
        ("pˈɛɹz", "P EH1 R Z"),
        ("", ""),
    ],
)
def test_misaki_becomes_arpabet(symbols: str, expected: str) -> None:
    assert spell(symbols) == expected


def test_a_stress_mark_gives_its_time_to_the_next_phone() -> None:
    first = segments("ˈO")[0]
    assert (first.first, first.last) == (0, 1)


def test_r_does_not_merge_into_the_word_before() -> None:
    assert [s.symbol for s in segments("ðəɹˈɛd", (0, 0, 1, 1, 1, 1))] == ["DH", "AH", "R", "EH", "D"]


@given(st.text("həlˈOˌɹɜː ,.tQʤ—x", max_size=40))
def test_segments_are_ordered_disjoint_and_of_the_alphabet(symbols: str) -> None:
    found = segments(symbols)
    assert all(s.symbol in ARPABET and 0 <= s.first <= s.last < len(symbols) for s in found)
    assert all(a.last < b.first for a, b in itertools.pairwise(found))
