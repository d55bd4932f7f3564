"""``generate --brief``: a server that writes, a voice that speaks meanwhile, and what may not be said."""

import json
import threading
import time

import pytest

from paksatalker.config import Settings
from paksatalker.core.pipeline import Pipeline
from paksatalker.core.request import Request, SpeechRequest
from paksatalker.core.text.moderation import Verdict
from paksatalker.errors import Cancelled, InvalidOption, TextRefused
from tests.unit.core.text.writing.test_remote import Server

SENTENCES = [
    "Bees carry pollen from flower to flower every summer.",
    "Without them our orchards would bear little fruit.",
    "A single hive visits millions of blossoms in a day.",
    "Plant some lavender on the balcony and leave a wild corner.",
    "Thank you for watching, and see you next week at the market by the old bridge over the river.",
]


def document(*sentences):
    return json.dumps({"sentences": list(sentences)})


@pytest.fixture
def server():
    made = Server()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def settings(server, tmp_path):
    return Settings(llm_url=server.url, llm_timeout=20)


def request(photo, **more):
    return Request(image=photo, brief="Why bees matter", length="15s", size=64, fps=10, still=True, **more)


def test_the_first_sentence_is_shown_before_the_last_is_written(server, settings, photo):
    last, released = threading.Event(), []

    def slowly(body):
        if "the last sentence" in body["messages"][1]["content"]:
            released.append(last.wait(60))
            return document(SENTENCES[-1])
        return document(*SENTENCES[:3])

    server.replies = [slowly]
    said = []
    with Pipeline(settings) as pipeline:
        stream = pipeline.stream(request(photo))
        stream.listen(said.append)
        frames = iter(stream)
        for _ in range(20):
            next(frames)
        assert SENTENCES[0][:10] in " ".join(piece.text for piece in said)
        last.set()
        count = 20 + sum(1 for _ in frames)
    assert all(released)
    assert abs(count / 10 / 15 - 1) <= 0.15
    assert "the text is written by qwen-test" in stream.notes


def test_what_may_not_be_said_ends_the_video(server, settings, photo, tmp_path):
    server.replies = [document(*SENTENCES[:3]), document(SENTENCES[-1])]
    with Pipeline(settings, moderation=lambda text: Verdict("orchards" not in text, "no orchards")) as pipeline:
        with pytest.raises(TextRefused, match="no orchards"):
            pipeline.generate(request(photo), tmp_path / "bees.mp4")
        assert list(tmp_path.iterdir()) == []


def test_the_word_list_holds_for_plain_texts_too(photo, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("badger", encoding="utf-8")
    with Pipeline(Settings(blocklist=words)) as pipeline:
        for more in (
            {"text": "A b\u200badger."},
            {"text": "A pet.", "pronounce": ("pet = badger",)},
            {"text": "[say badger]A pet[/say]."},
        ):
            with pytest.raises(TextRefused):
                pipeline.stream(Request(image=photo, **more))


def test_what_a_number_is_read_as_is_seen_before_its_sentence_is_spoken(tmp_path):
    asked = []

    def hook(text):
        asked.append(text)
        return Verdict("fourteen" not in text, "unlucky")

    with Pipeline(moderation=hook) as pipeline:
        source = pipeline.speech(SpeechRequest(text="One sentence. Another one. There are 14 of them."))
        before = len(asked)
        pieces = source.pieces()
        said = []
        with pytest.raises(TextRefused, match="unlucky"):
            said.extend(piece.text for piece in pieces)
    assert before < len(asked), "sentences are read out one by one"
    assert not any("fourteen" in text for text in asked[:before])


def test_cancelling_does_not_wait_for_the_server(server, settings, photo):
    server.replies = [['{"sentences": ["', 15.0]]
    cancel = threading.Event()
    with Pipeline(settings) as pipeline:
        stream = pipeline.stream(request(photo), cancel=cancel)
        threading.Timer(1.0, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            list(stream)
        assert time.monotonic() - began < 12


def test_a_brief_is_one_of_the_sources(photo):
    with pytest.raises(InvalidOption, match="--text and --brief are given"):
        Request(image=photo, text="Hello.", brief="bees")
    with (
        Pipeline(Settings(llm_url="http://localhost:1/v1")) as pipeline,
        pytest.raises(InvalidOption, match="--length"),
    ):
        pipeline.stream(Request(image=photo, brief="bees", length="forever"))
