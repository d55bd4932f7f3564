from pathlib import Path

import pytest
from pydantic import ValidationError

from paksatalker.core.request import Request
from paksatalker.service.video import VideoRequest

AST = "ast_3dSXQTLIH7cLKJ9G1xvbFQ"


def request(**fields) -> VideoRequest:
    return VideoRequest.model_validate({"portrait": AST, "text": "Hello."} | fields)


def test_what_is_asked_for_is_what_the_pipeline_takes():
    options = request(label="AI-generated", emotion="happy", size=128).options({"portrait": Path("face.png")})
    made = Request(**options)
    assert (made.image, made.text, made.label, made.emotion, made.size) == (
        "face.png", "Hello.", "AI-generated", "happy", 128,
    )  # fmt: skip


def test_a_recording_can_be_brought_to_a_loudness():
    wanted = request(text=None, audio=AST, loudness=-16)
    assert Request(**wanted.options({"portrait": Path("face.png"), "audio": Path("said.wav")})).loudness == -16


@pytest.mark.parametrize(
    "fields",
    [
        {"loudness": -16},
        {"emoji": "loud"},
        {"label": "two\nlines"},
        {"label": "x" * 61},
        {"label": "  "},
        {"portrait": None},
        {"voice": "../../etc/passwd"},
        {"voice": "x.onnx"},
        {"voice": ""},
        {"background": "/etc/passwd"},
        {"background": "photo.png"},
        {"avatar": ""},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused(fields):
    with pytest.raises(ValidationError):
        request(**fields)


def test_mixtures_and_own_voices_are_no_files():
    for voice in ("af_heart:.6+bf_emma:.4", "voi_3dSXQTLIH7cLKJ9G1xvbFQ", "ada-2"):
        assert request(voice=voice).voice == voice


def test_equal_videos_have_equal_digests_whatever_lies_beside():
    contents = {"portrait": "ab" * 32}
    digest = request().digest(contents)
    assert request(priority="high", avatar="Anna").digest(contents) == digest
    assert request(label="AI-generated").digest(contents) != digest
    assert request().digest(contents | {"voice": "cd" * 32}) != digest
    assert request().digest({"portrait": "ef" * 32}) != digest
