import io
import json
import sys

import pytest

from paksatalker.cli import app
from tests.unit.core.text.writing.test_remote import Server


@pytest.fixture(autouse=True)
def server(monkeypatch, tmp_path):
    made = Server()
    monkeypatch.setenv("PAKSATALKER_LLM_URL", made.url)
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield made
    made.shutdown()
    made.server_close()


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        app.main(list(arguments))
    out, err = capsys.readouterr()
    return end.value.code, out, err


def listed(*sentences):
    return json.dumps({"sentences": list(sentences)}, ensure_ascii=False)


def anew(*sentences):
    return json.dumps({f"s{number}": sentence for number, sentence in enumerate(sentences, 1)}, ensure_ascii=False)


WRITTEN = "Bees carry pollen from flower to flower, and without them there would be little fruit."


def test_write_prints_the_text(server, capsys):
    server.replies = [listed(WRITTEN)]
    assert run(capsys, "write", "bees", "--length", "5s") == (0, WRITTEN + "\n", "")


def test_write_as_json_and_into_a_file(server, capsys, tmp_path):
    server.replies = [listed(WRITTEN)]
    code, out, _ = run(capsys, "write", "bees", "--length", "5s", "--json", "-o", "bees.txt")
    result = json.loads(out)
    assert code == 0
    assert result["text"] == WRITTEN
    assert abs(result["seconds"] / 5 - 1) <= 0.15
    assert (result["engine"], result["model"], result["path"]) == ("openai", "qwen-test", "bees.txt")
    assert (tmp_path / "bees.txt").read_text() == WRITTEN + "\n"


def test_a_document_comes_from_a_file(server, capsys, tmp_path):
    (tmp_path / "report.txt").write_text("Bees are fine.")
    server.replies = [listed(WRITTEN)]
    assert run(capsys, "write", "Summarise", "--document", "report.txt", "--length", "5s")[0] == 0
    assert "Bees are fine." in server.requests[0]["messages"][1]["content"]


def test_rewrite_and_translate_read_stdin_and_files(server, capsys, tmp_path, monkeypatch):
    server.replies = [anew("Buenos días.", "Síganme, por favor.")]
    (tmp_path / "a.txt").write_text("Good morning.\n\nPlease follow me.\n")
    assert run(capsys, "translate", "--to", "es", "--file", "a.txt")[1] == "Buenos días.\n\nSíganme, por favor.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Hey guys!")))
    server.replies = [anew("Good day, ladies and gentlemen!")]
    assert run(capsys, "rewrite", "-", "--style", "formal")[1] == "Good day, ladies and gentlemen!\n"


def test_direct_prints_a_script(server, capsys):
    choice = {"emotion": "happy", "strength": "clearly", "stress": "news", "pause": "normal", "gesture": "none"}
    server.replies = [json.dumps({"s1": choice})]
    assert run(capsys, "direct", "Great news!")[1] == "[happy 0.7]Great [emphasis]news[/emphasis]!\n"
    assert run(capsys, "direct", "I love it!", "--engine", "lexicon")[1] == "[happy 0.6]I love it!\n"


def test_errors_have_their_exit_codes_and_leave_no_file(server, capsys, tmp_path):
    server.replies = ["nonsense"]
    code, out, err = run(capsys, "write", "bees", "-o", "bees.txt", "--json")
    assert code == 27
    assert json.loads(out)["error"]["code"] == "WritingFailed"
    assert err.startswith("error: the language model did not write")
    assert not (tmp_path / "bees.txt").exists()
    server.replies = [(401, {})]
    assert run(capsys, "write", "bees")[0] == 52
    assert run(capsys, "write", "")[0] == 20
    assert run(capsys, "rewrite")[0] == 2
    assert run(capsys, "rewrite", "a", "--file", "b")[0] == 2
    assert run(capsys, "rewrite", "--file", "absent.txt")[0] == 23


def test_without_a_model_the_command_says_how_to_install_one(capsys, monkeypatch):
    monkeypatch.setenv("PAKSATALKER_LLM_URL", "")
    monkeypatch.setenv("QWEN_MODEL_PATH", "")
    code, _, err = run(capsys, "write", "bees")
    assert code == 50
    assert "paksatalker models download qwen2.5-coder-1.5b" in err
