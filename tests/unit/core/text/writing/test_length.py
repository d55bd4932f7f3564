import pytest

from paksatalker.core.text.writing.length import SpeakingRate, parse_length, rate_of, weight
from paksatalker.errors import InvalidOption


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60), ("60", 60), (" 90 ", 90), ("2m", 120), ("1m30s", 90), ("1:30", 90), ("0.5m", 30), ("12.5s", 12.5),
        ("30 sec", 30), ("2min", 120),
    ],
)  # fmt: skip
def test_lengths(text, seconds):
    assert parse_length(text) == seconds


@pytest.mark.parametrize("text", ["", "long", "4s", "-5", "31m", "1:75", "5 apples", "nan", "1e3"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(InvalidOption, match="--length"):
        parse_length(text)


def test_time_grows_with_letters_digits_and_sentences():
    rate = SpeakingRate(10, pause=0.5)
    assert rate.seconds("x" * 20) == 2.5
    assert weight("in 2024") == 3 + 4 * 4
    assert rate_of("en-GB", 2).characters == 2 * rate_of("en").characters
    assert rate_of("xx") == rate_of("en")
