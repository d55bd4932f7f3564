import pytest

from paksatalker.core.audio.phones import segments
from paksatalker.core.audio.pronunciation import Pronouncer


@pytest.fixture(scope="module")
def pronouncer() -> Pronouncer:
    return Pronouncer()


@pytest.mark.parametrize(
    "text",
    [
        "Hello there, world.",
        "It cost $9.99 at 3:30 pm.",
        "Dr. Smith's 5 km run on 3/4/2024 — a well-known event (in the U.S.).",
        "“Quoted” words & 50% of C++.",
        "$5 million, or more!",
        "...",
        "1 2 3",
    ],
)
def test_written_words_are_kept_and_own_the_phones(pronouncer: Pronouncer, text: str) -> None:
    found = pronouncer.pronounce(text)
    assert " ".join(found.words) == " ".join(text.split())
    assert len(found.owners) == len(found.symbols)
    assert list(found.owners) == sorted(found.owners)


def test_amounts_are_one_written_word_with_many_phones(pronouncer: Pronouncer) -> None:
    found = pronouncer.pronounce("It cost $9.99 today.")
    owned = [found.words[found.owners[s.last]] for s in segments(found.symbols, found.owners)]
    assert owned.count("$9.99") > 12
    assert owned[-1] == "today."


@pytest.mark.parametrize("address", ["https://www.example.com", "www.example.com", "example.com"])
def test_addresses_are_spelled(pronouncer: Pronouncer, address: str) -> None:
    assert pronouncer.pronounce(address).symbols == pronouncer.pronounce("example dot com").symbols


def test_ordinary_dots_are_not_addresses(pronouncer: Pronouncer) -> None:
    assert "dˈɑt" not in pronouncer.pronounce("I came.It was late. e.g. this").symbols


@pytest.mark.parametrize("word", ["abcdefghij" * 20, "Donaudampfschifffahrtsgesellschaft", "b" * 200])
def test_very_long_words_are_said_to_their_end(pronouncer: Pronouncer, word: str) -> None:
    """The rules for unknown words stop after some twenty letters."""
    found = pronouncer.pronounce(f"Hello {word} again.")
    assert found.words == ("Hello", word, "again.")
    said = [s for s in segments(found.symbols, found.owners) if found.owners[s.last] == 1]
    assert len(said) > len(word) / 3
