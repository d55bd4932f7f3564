from typing import Any

import numpy as np
import pytest

from paksatalker.core.request import Request
from paksatalker.errors import InvalidOption


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "none is given"),
        ({"text": "a", "audio": "b.wav"}, "--text and --audio are given"),
        ({"text": "a", "transcript": "b"}, "--audio is not given"),
        ({"text": "a", "emotion": "hungry"}, "neutral, happy"),
        ({"text": "a", "aspect": "4:3"}, "source, 1:1"),
        ({"text": "a", "speed": 3.0}, "0.5 to 2"),
        ({"text": "a", "fps": float("nan")}, "10 to 60"),
        ({"text": "a", "pose_style": 46}, "0 to 45"),
        ({"text": "a", "size": 63}, "64 to 2160"),
        ({"text": "a", "face": 0}, "1 to 64"),
        ({"text": "a", "seed": -1}, "--seed cannot be -1"),
        ({"text": "a", "seed": 2**63}, "0 to 9223372036854775807"),
        ({"text": "a", "size": 128.5}, "whole number"),
        ({"text": "a", "pose_style": "3"}, "whole number"),
        ({"text": "a", "speed": "fast"}, "0.5 to 2"),
        ({"text": b"a"}, "type bytes"),
        ({"text": "a", "subtitles": "ass"}, "srt, vtt, burn"),
        ({"text": "a", "preset": "best"}, "draft, standard, high"),
        ({"text": "a", "format": "avi"}, "mp4, webm, gif"),
        ({"text": "a", "loudness": -16.0}, "voices have -16 LUFS"),
        ({"audio": "a.wav", "loudness": 3.0}, "-36 to -9"),
    ],
)
def test_wrong_options_are_refused_and_mended(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        Request(image="face.jpg", **wrong)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


def test_numbers_of_numpy_are_numbers() -> None:
    request = Request(image="f", text="a", size=np.int64(300), seed=np.uint8(3), fps=np.float32(12.5))
    assert request.short_side == 300


def test_size_comes_from_the_preset_unless_given() -> None:
    assert Request(image="f", text="a").short_side == 512
    assert Request(image="f", text="a", preset="high").short_side == 1024
    assert Request(image="f", text="a", preset="high", size=300).short_side == 300
    assert Request(image="f", text="a", aspect="source").short_side is None


@pytest.mark.parametrize(("background", "expected"), [("transparent", True), (" Transparent", True), ("navy", False)])
def test_the_background_says_whether_there_is_alpha(background: str, expected: bool) -> None:
    assert Request(image="f", text="a", background=background).transparent is expected
