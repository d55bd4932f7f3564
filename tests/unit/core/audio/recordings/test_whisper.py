from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paksatalker.core.audio.recordings.whisper import HeardWord, Recogniser, _circles, without_loops


def token(word: str, start: float, end: float, probability: float = 0.9) -> SimpleNamespace:
    return SimpleNamespace(word=word, start=start, end=end, probability=probability)


def segment(*tokens: SimpleNamespace, **facts: float) -> SimpleNamespace:
    usual = {"no_speech_prob": 0.05, "avg_logprob": -0.3, "compression_ratio": 1.2}
    return SimpleNamespace(words=list(tokens), **{**usual, **facts})


class FakeModel:
    def __init__(self, *segments: SimpleNamespace) -> None:
        self.segments = segments
        self.asked: dict[str, Any] = {}
        self.hf_tokenizer = SimpleNamespace(get_vocab=lambda: {"a": 1, "12": 2, "Ġ7": 3, "<|1.00|>": 4})

    def transcribe(self, _samples: np.ndarray, **options: Any) -> tuple[Iterator[SimpleNamespace], None]:
        self.asked = options
        return iter(self.segments), None

    def detect_language(self, _samples: np.ndarray) -> tuple[str, float, list[tuple[str, float]]]:
        return "fr", 0.8, [("fr", 0.8)]


def heard(*segments: SimpleNamespace, language: str = "en") -> list[str]:
    recogniser = Recogniser(None, model=FakeModel(*segments))
    return [word.text for word in recogniser.words(np.full(30 * 16000, 0.1, np.float32), language)]


def test_tokens_without_a_space_before_them_belong_to_the_word_before() -> None:
    said = segment(
        token(" It", 0, 0.2), token(" cost", 0.2, 0.5), token(" $9", 0.5, 1), token(".99", 1, 1.6), token(".", 1.6, 1.6)
    )
    assert heard(said) == ["It", "cost", "$9.99."]


def test_a_dash_alone_is_no_word() -> None:
    assert heard(segment(token(" Yes", 0, 0.3), token(" –", 0.3, 0.4), token(" no.", 0.4, 0.7))) == ["Yes –", "no."]


def test_languages_without_spaces_keep_their_characters_apart() -> None:
    said = segment(token("你", 0, 0.2), token("好", 0.2, 0.4), token("。", 0.4, 0.4))
    assert heard(said, language="zh") == ["你", "好。"]


@pytest.mark.parametrize(
    "facts",
    [{"no_speech_prob": 0.9, "avg_logprob": -1.4}, {"compression_ratio": 3.0}],
    ids=["no speech", "goes in circles"],
)
def test_what_is_made_up_is_not_heard(facts: dict[str, float]) -> None:
    made_up = segment(token(" Thank", 0, 0.3), token(" you.", 0.3, 0.6), **facts)
    assert heard(made_up, segment(token(" Right.", 1, 1.4))) == ["Right."]


def test_a_word_at_a_border_is_heard_once() -> None:
    first = segment(token(" this", 0, 0.3), token(" and", 0.3, 0.6))
    assert heard(first, segment(token(" and", 0.6, 0.8), token(" that.", 0.8, 1.2))) == ["this", "and", "that."]


def test_unlikely_words_are_not_heard() -> None:
    assert heard(segment(token(" Subtitles", 0, 0.5, 0.1), token(" by", 0.5, 0.7, 0.1))) == []


def test_words_faster_than_anybody_speaks_are_not_heard() -> None:
    crowd = [token(" understanding", 0.01 * i, 0.01 * i + 0.01) for i in range(8)]
    assert heard(segment(*crowd)) == []


def test_numbers_are_spelled_where_they_could_not_be_pronounced() -> None:
    model = FakeModel()
    recogniser = Recogniser(None, model=model)
    recogniser.words(np.zeros(16000, np.float32), "es")
    assert model.asked["suppress_tokens"] == [-1, 2, 3]
    recogniser.words(np.zeros(16000, np.float32), "en")
    assert model.asked["suppress_tokens"] == [-1]


@pytest.mark.parametrize(("seconds", "said"), [(4.0, ["No."]), (5.0, ["No.", "Yes."])])
def test_what_is_left_without_room_for_a_word_is_not_listened_to(seconds: float, said: list[str]) -> None:
    asked: list[str] = []

    class Lazy(FakeModel):
        def transcribe(self, _samples: np.ndarray, **_: Any) -> tuple[Iterator[SimpleNamespace], None]:
            def windows() -> Iterator[SimpleNamespace]:
                for text, end in (("No.", 3.6), ("Yes.", 4.9)):
                    asked.append(text)
                    yield segment(token(f" {text}", end - 0.4, end))

            return windows(), None

    sound = np.zeros(30 * 16000, np.float32)
    sound[: round(seconds * 16000)] = 0.1
    assert [word.text for word in Recogniser(None, model=Lazy()).words(sound, "en")] == said == asked


@pytest.mark.parametrize(
    ("text", "circles"),
    [
        ("So please be picky. Count my blinks, measure how far I turn my head, compare my face.", False),
        ("Row, row, row your boat gently down the stream. Merrily, merrily, merrily, merrily, life is but a", False),
        (" Thank you for watching." * 12, True),
        ("", False),
    ],
)
def test_circles_are_told_from_speech(text: str, circles: bool) -> None:
    window = [{"tokens": [ord(c) for c in part]} for part in (text[:20], text[20:])]
    assert _circles(window, lambda tokens: "".join(map(chr, tokens))) is circles


def test_nothing_is_drawn_at_random() -> None:
    model = FakeModel()
    Recogniser(None, model=model).words(np.zeros(16000, np.float32), "en")
    assert model.asked["temperature"] == 0.0
    assert model.asked["condition_on_previous_text"] is False


def test_the_language_is_listened_for() -> None:
    assert Recogniser(None, model=FakeModel()).language(np.zeros(16000, np.float32)) == ("fr", 0.8)


def words(text: str) -> list[HeardWord]:
    return [HeardWord(word, float(i), i + 0.5) for i, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("we go on and on and on", "we go on and on and on"),
        ("no, no, no! Stop.", "no, no, no! Stop."),
        ("well you you you you you you know", "well you know"),
        ("I see it now. I see it now. I see it now. I see it now. Good.", "I see it now. Good."),
        ("", ""),
    ],
)
def test_loops_are_said_once(said: str, kept: str) -> None:
    assert " ".join(word.text for word in without_loops(words(said))) == kept
