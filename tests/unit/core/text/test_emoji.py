"""What emoji feel like, and what they are called."""

from __future__ import annotations

import pytest

from paksatalker.core.text.emoji import EMOJI, face_of, feeling_of, with_names, without_emoji
from paksatalker.core.timeline import Reading, Utterance

_FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize("text", ["😀", "❤️", "👍🏽", "🇫🇷", _FAMILY, "👩🏽\u200d🚀", "🏴\U000e0067\U000e0062\U000e007f"])
def test_an_emoji_is_one_with_all_its_parts(text: str) -> None:
    assert [match[0] for match in EMOJI.finditer(f"a{text}b")] == [text]


@pytest.mark.parametrize("text", ["1", "#5", "→", "©", "Straße", "१", "あ"])
def test_letters_digits_and_signs_are_none(text: str) -> None:
    assert not EMOJI.search(text)


@pytest.mark.parametrize(
    ("text", "feeling"),
    [
        ("Good 😀", ("happy", 0.7)),
        ("Good 😀😀😀", ("happy", 0.9)),
        ("Oh 😭", ("sad", 0.9)),
        ("Love ❤️ and ❤", ("happy", 0.8)),
        ("We won 🎉", ("excited", 0.7)),
        ("😢 but 😀😀", ("happy", 0.8)),
        ("😢 then 😀", ("happy", 0.7)),
        ("Off we go 🚀", None),
        ("Plain", None),
    ],
)
def test_faces_tell_a_feeling(text: str, feeling: tuple[str, float] | None) -> None:
    assert feeling_of(text) == feeling


@pytest.mark.parametrize(
    ("emoticon", "emoji"), [(":)", "🙂"), (":-(", "🙁"), (";-)", "😉"), (":'(", "😢"), ("xD", "😆"), (":/", " ")]
)
def test_emoticons_are_faces_too(emoticon: str, emoji: str) -> None:
    assert face_of(emoticon) == emoji


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("en", "red heart"),
        ("es", "corazón rojo"),
        ("fr", "cœur rouge"),
        ("de", "rotes herz"),
        ("pt-BR", "coração vermelho"),
        ("it", "cuore rosso"),
        ("hi", "लाल दिल"),
        ("ur", "سرخ دل"),
    ],
)
def test_emoji_have_names_in_every_language_of_the_normaliser(language: str, spoken: str) -> None:
    (reading,) = with_names(Utterance("❤️", language=language)).readings
    assert reading.spoken.strip() == spoken


@pytest.mark.parametrize(
    ("emoji", "language", "spoken"),
    [
        ("👋🏽", "en", "waving hand"),
        ("🇫🇷", "en", "flag of France"),
        ("🇫🇷", "es", "bandera francia"),
        ("🇮🇳", "hi", "भारत का झंडा"),
        ("🇵🇰", "ur", "پاکستان کا جھنڈا"),
        (_FAMILY, "de", "familie mann frau und mädchen"),
        ("👩\u200d🚀", "ur", "عورت خلاباز"),
    ],
)
def test_names_leave_skin_tones_out_and_know_flags(emoji: str, language: str, spoken: str) -> None:
    (reading,) = with_names(Utterance(emoji, language=language)).readings
    assert reading.spoken.strip() == spoken


def test_a_row_of_one_kind_is_named_once_and_stands_apart() -> None:
    utterance = with_names(Utterance("Love😂😂 😂, yes 🎉!"), "en")
    assert utterance.readings == (
        Reading(4, 8, " face with tears of joy "),
        Reading(14, 15, " party popper "),
    )
    assert utterance.text == "Love😂😂 😂, yes 🎉!"


def test_what_the_script_says_of_an_emoji_wins() -> None:
    own = Reading(3, 4, "grin")
    assert with_names(Utterance("Hi 😀", readings=(own,)), "en").readings == (own,)


def test_emoji_without_a_name_are_left_out() -> None:
    utterance = with_names(Utterance("Cześć 😀 tobie", language="pl", emphasis=((8, 13),)))
    assert (" ".join(utterance.text.split()), utterance.readings) == ("Cześć tobie", ())
    (span,) = utterance.emphasis
    assert utterance.text[slice(*span)] == "tobie"


def test_marks_keep_their_place_where_emoji_go() -> None:
    utterance = without_emoji(Utterance("Hi 😀 to you ❤️!", emphasis=((8, 11),)))
    assert utterance.text == "Hi to you!"
    assert utterance.emphasis == ((6, 9),)
