import pytest

from paksatalker.core.text.mood import mood_of


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("I am so happy to see you!", "excited"),
        ("What a lovely day.", "happy"),
        ("I am sorry for your loss.", "sad"),
        ("This is outrageous!", "angry"),
        ("I am not happy.", "neutral"),
        ("The meeting is at three.", "neutral"),
        ("Happy and sad.", "neutral"),
        ("Really?!", "surprised"),
        ("", "neutral"),
    ],
)
def test_clear_moods_are_seen_and_others_left_alone(text: str, emotion: str) -> None:
    found, intensity = mood_of(text)
    assert found == emotion
    assert 0 < intensity <= 1
