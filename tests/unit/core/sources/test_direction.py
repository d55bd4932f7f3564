"""What becomes of emoji between the text and the voice."""

from __future__ import annotations

import pytest

from paksatalker.core.request import SpeechRequest
from paksatalker.core.sources.direction import direct
from paksatalker.core.text.moderation import sounding
from paksatalker.core.timeline import Utterance
from paksatalker.errors import InvalidOption, TextUnspeakable

_TEXT = "We won! 🎉 See you tomorrow. That is sad 😢, isn't it?"


def _sentences(text: str, **options: object) -> list[Utterance]:
    request = SpeechRequest(text=text, **options)  # type: ignore[arg-type]
    return list(direct(request, text, "en", 10_000).sentences())


def _felt(text: str, **options: object) -> list[tuple[str, str, float]]:
    return [(u.text, u.emotion, u.intensity) for u in _sentences(text, **options)]


def test_faces_give_the_emotion_of_the_sentence_that_they_end() -> None:
    assert _felt(_TEXT) == [
        ("We won!", "excited", 0.7),
        ("See you tomorrow.", "neutral", 1.0),
        ("That is sad, isn't it?", "sad", 0.6),
    ]


@pytest.mark.parametrize(
    "text", ["😀 Good morning.", "Good morning. 😀", "Good morning 😀", "Good morning :)", "🚀😀 Good morning"]
)
def test_faces_may_stand_anywhere_in_their_sentence(text: str) -> None:
    ((words, emotion, _),) = _felt(text)
    assert (words.rstrip("."), emotion) == ("Good morning", "happy")


def test_what_the_writer_says_wins_over_faces() -> None:
    assert [emotion for _, emotion, _ in _felt(_TEXT, emotion="calm")] == ["calm"] * 3
    assert _felt("[angry 0.8]Fine 😀.[/angry] Good 😀.")[0][1:] == ("angry", 0.8)
    assert _felt("[neutral]Fine 😀.")[0][1] == "neutral"


def test_faces_win_over_what_words_suggest() -> None:
    found = _felt("I am so happy 😭. I am so happy.", emotion="auto", emotion_intensity=0.5)
    assert [(emotion, intensity) for _, emotion, intensity in found] == [("sad", 0.45), ("happy", pytest.approx(0.285))]


def test_skipped_emoji_do_nothing() -> None:
    assert {emotion for _, emotion, _ in _felt(_TEXT, emoji="skip")} == {"neutral"}


def test_emoji_can_be_read_by_their_names_and_stay_in_the_subtitles() -> None:
    first, second = _sentences("We won! 🎉 I ❤️ Paris.", emoji="read")
    assert (first.text, second.text) == ("We won! 🎉", "I ❤️ Paris.")
    assert " ".join(sounding(second).split()) == "I red heart Paris."
    assert {first.emotion, second.emotion} == {"neutral"}


def test_a_text_of_emoji_alone_can_be_read_only() -> None:
    (only,) = _sentences("👍🏽", emoji="read")
    assert sounding(only).strip() == "thumbs up"
    with pytest.raises(TextUnspeakable, match="only emoji"):
        _sentences("👍🏽")


def test_emoji_on_a_line_of_their_own_say_nothing() -> None:
    assert [text for text, _, _ in _felt("Hello.\n😀\nGoodbye.")] == ["Hello.", "", "Goodbye."]


def test_notes_count_emoji_that_are_not_read() -> None:
    assert direct(SpeechRequest(text="Hi"), "Hi 👨‍👩‍👧🇫🇷.", "en", 100).notes == ("2 emoji are not spoken",)
    assert direct(SpeechRequest(text="Hi", emoji="read"), "Hi 😀.", "en", 100).notes == ()


def test_there_is_no_other_way() -> None:
    with pytest.raises(InvalidOption, match="emoji"):
        SpeechRequest(text="Hi", emoji="loud")
