import pytest
from hypothesis import given
from hypothesis import strategies as st

from paksatalker.core.timeline import ARPABET

pytest.importorskip("anyascii", reason="the extra [whisper] is not installed")

from paksatalker.core.audio.letters import letter_phones


@pytest.mark.parametrize(
    ("language", "word", "phones"),
    [
        ("es", "llamada", "Y AA M AA D AA"),
        ("es", "¿Qué?", "K EH"),
        ("fr", "beaucoup,", "B OW K UW"),
        ("de", "Straße", "SH T R AA S AH"),
        ("de", "spielen", "SH P IY L AH N"),
        ("it", "ciao", "CH AA OW"),
        ("pt", "não", "N AW"),
        ("ru", "привет", "P R IY V EH T"),
        ("zh", "你", "N IY"),
        ("xx", "Hello", "HH EH L OW"),
    ],
)
def test_words_are_said_as_they_are_spelled(language: str, word: str, phones: str) -> None:
    assert " ".join(symbol for symbol, _ in letter_phones(word, language)) == phones


def test_scripts_that_write_no_vowels_get_some() -> None:
    assert "AH" in [symbol for symbol, _ in letter_phones("مرحبا", "ar")]


@pytest.mark.parametrize("word", ["", "–", "1234", "…"])
def test_what_has_no_letters_has_no_phones(word: str) -> None:
    assert letter_phones(word, "es") == ()


@given(st.text(max_size=20), st.sampled_from(["en", "es", "fr", "de", "it", "pt", "hi", "zh", "??"]))
def test_any_text_gives_phones_that_can_be_aligned(word: str, language: str) -> None:
    assert {symbol for symbol, _ in letter_phones(word, language)} <= set(ARPABET) - {"SIL"}
