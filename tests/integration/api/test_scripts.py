import json

import pytest

from tests.integration.api.tenants import new_key
from tests.unit.core.text.writing.test_remote import Server

WRITTEN = "Bees carry pollen from flower to flower, and without them there would be little fruit."


@pytest.fixture
def model(monkeypatch):
    made = Server()
    monkeypatch.setenv("PAKSATALKER_LLM_URL", made.url)
    yield made
    made.shutdown()
    made.server_close()


def listed(*sentences):
    return json.dumps({"sentences": list(sentences)}, ensure_ascii=False)


def anew(*sentences):
    return json.dumps({f"s{number}": sentence for number, sentence in enumerate(sentences, 1)}, ensure_ascii=False)


def test_a_text_is_written(client, model):
    model.replies = [listed(WRITTEN)]
    answer = client.post("/api/v1/scripts/write", json={"brief": "bees", "length": "5s"})
    body = answer.json()
    assert (answer.status_code, body["text"], body["words"]) == (200, WRITTEN, 15)
    assert (body["engine"], body["model"], body["language"]) == ("openai", "qwen-test", "en")
    assert abs(body["seconds"] / 5 - 1) <= 0.15


def test_sentence_by_sentence_as_lines_and_as_events(client, model):
    body = {"text": "Good morning.\n\nPlease follow me.", "to": "es"}
    model.replies = [anew("Buenos días.", "Síganme, por favor.")]
    answer = client.post("/api/v1/scripts/translate", json=body, headers={"Accept": "application/x-ndjson"})
    *sentences, last = map(json.loads, answer.text.splitlines())
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert sentences == [{"sentence": "Buenos días."}, {"sentence": "\n\nSíganme, por favor."}]
    assert last["text"] == "Buenos días.\n\nSíganme, por favor."
    model.replies = [anew("Buenos días.", "Síganme, por favor.")]
    answer = client.post("/api/v1/scripts/translate", json=body, headers={"Accept": "text/event-stream"})
    names = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert names == ["sentence", "sentence", "done"]


def test_rewritten_and_directed(client, model):
    model.replies = [anew("Good day, ladies and gentlemen!")]
    answer = client.post("/api/v1/scripts/rewrite", json={"text": "Hey guys!"})
    assert answer.json()["text"] == "Good day, ladies and gentlemen!"
    choice = {"emotion": "happy", "strength": "clearly", "stress": "news", "pause": "normal", "gesture": "none"}
    model.replies = [json.dumps({"s1": choice})]
    answer = client.post("/api/v1/scripts/direct", json={"text": "Great news!"})
    assert answer.json()["text"] == "[happy 0.7]Great [emphasis]news[/emphasis]!"


def test_direction_by_words_needs_no_model(client, monkeypatch, tmp_path):
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path / "empty"))
    answer = client.post("/api/v1/scripts/direct", json={"text": "I love it!", "engine": "lexicon"})
    assert answer.json() == {
        "text": "[happy 0.6]I love it!", "words": 4, "language": None, "seconds": None, "engine": "lexicon", "model": ""
    }  # fmt: skip


def test_without_a_model_the_answer_says_how_to_get_one(client, monkeypatch, tmp_path):
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path / "empty"))
    answer = client.post("/api/v1/scripts/write", json={"brief": "bees"})
    assert answer.status_code == 503
    assert "paksatalker models download qwen" in answer.json()["error"]["fix"]


def test_what_the_model_does_not_write_is_told(client, model):
    model.replies = ["nonsense"] * 9
    answer = client.post("/api/v1/scripts/write", json={"brief": "bees"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "WritingFailed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("write", {"brief": " "}),
        ("write", {"brief": "bees", "length": "9h"}),
        ("write", {"brief": "bees", "language": "../x"}),
        ("rewrite", {"text": ""}),
        ("translate", {"text": "Hello."}),
        ("translate", {"text": "Hello.", "to": "xx"}),
        ("direct", {"text": "Hello.", "engine": "shell"}),
    ],
)
def test_what_cannot_be_done_is_refused(client, model, path, body):
    answer = client.post(f"/api/v1/scripts/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


def test_a_key_needs_the_scope(stranger, settings):
    headers = {"Authorization": f"Bearer {new_key(settings, 'videos')}"}
    assert stranger.post("/api/v1/scripts/write", json={"brief": "bees"}, headers=headers).status_code == 403
    assert stranger.post("/api/v1/scripts/write", json={"brief": "bees"}).status_code == 401
