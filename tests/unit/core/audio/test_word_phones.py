import pytest

from paksatalker.core.audio.word_phones import WordReader


def said(language: str, text: str) -> dict[str, str]:
    return {word.text: " ".join(symbol for symbol, _ in word.phones) for word in WordReader(language).words(text)}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Thick fog.", {"Thick": "TH IH K", "fog.": "F AO G"}),
        ("es", "¿Queso, ciudad?", {"¿Queso,": "K EH S AO", "ciudad?": "TH Y UW DH AE D"}),
        ("de", "— Der Zug – fährt.", {"— Der": "D ER", "Zug –": "T S UW K", "fährt.": "F EH R T"}),
        ("hi", "बच्चे", {"बच्चे": "B AH CH EH"}),
    ],
)
def test_words_are_read_by_rules_or_letters(language: str, text: str, expected: dict[str, str]) -> None:
    assert said(language, text) == expected


def test_rules_know_what_letters_do_not() -> None:
    assert said("fr", "ils parlent")["parlent"].split()[-1] == "L"  # -ent is silent
    assert said("it", "gnocchi")["gnocchi"].split()[0] == "N"


def test_nothing_to_say_is_no_word() -> None:
    assert WordReader("es").words("… — !") == []
    assert WordReader("de").words("… — !") == []
