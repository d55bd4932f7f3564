"""How the command line ends: exit codes, one line on stderr, JSON where it is asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paksatalker.cli import app, commands
from paksatalker.errors import NoFace


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        app.main([str(argument) for argument in arguments])
    return int(end.value.code or 0)


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["generate", "--no-such-option"], "--no-such-option"),
        (["generate", "-i", "a.png", "--text", "Hi"], "--output"),
        (["generate", "-i", "a.png", "-o", "a.mp4", "--text"], "--text"),
        (["generate", "-i", "a.png", "-o", "a.mp4", "--speed", "fast"], "--speed"),
        (["generate", "-i", "a.png", "-o", "a.mp4", "--face", "1.5"], "--face"),
        (["models", "nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert says in err
    assert "--help" in err
    assert out == ""


def test_wrong_usage_is_json_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "--json", "--speed", "fast") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "InvalidOption"
    assert error["exit_code"] == 2
    assert error["fix"] == "See: paksatalker generate --help"


@pytest.mark.parametrize("arguments", [[], ["models"]])
def test_without_a_command_there_is_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith("Usage: paksatalker")


@pytest.mark.parametrize("command", ["generate", "voices", "engines", "models", "doctor", "bench", "score"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert f"Usage: paksatalker {command}" in capsys.readouterr().out


def test_the_overview_cuts_no_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["models"]):
        run(*arguments, "--help")
        assert "..." not in capsys.readouterr().out.split("Commands:")[1]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("paksatalker ")


def test_wrong_settings_are_an_error_for_all_but_the_doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAKSATALKER_THREADS", "many")
    assert run("voices") == 70
    assert capsys.readouterr().err.startswith("error: PAKSATALKER_THREADS is set to 'many'")
    assert run("doctor") == 1
    assert "PAKSATALKER_THREADS is set to 'many'" in capsys.readouterr().out


def test_a_defect_is_owned_up_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands, "app", fail)
    assert run() == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: internal error (ZeroDivisionError)")


def test_an_error_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(**_: object) -> None:
        raise NoFace("no face", "it is\na wall", "Look")

    monkeypatch.setattr(commands, "app", fail)
    assert run("--json") == 12
    out, err = capsys.readouterr()
    assert err == "error: no face: it is a wall. Look\n"
    assert json.loads(out)["error"]["why"] == "it is\na wall"


def test_stopping_ends_at_once_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(**_: object) -> None:
        raise KeyboardInterrupt

    def end(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(commands, "app", stop)
    monkeypatch.setattr(os, "_exit", end)
    assert run() == 130
    assert capsys.readouterr().err.startswith("error: stopped")


SCRIPT = "from paksatalker.cli.app import main; main(['engines', '--json'])"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a Unix shell and /dev/full")
@pytest.mark.parametrize(
    ("redirection", "code", "says"),
    [
        ("> /dev/full", 40, "error: cannot write to standard output: No space left on device\n"),
        (">&-", 0, ""),
        ("2>&- >/dev/null", 0, ""),
        ("<&- >/dev/null", 0, ""),
        ("| true; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_streams_that_lead_nowhere(redirection: str, code: int, says: str) -> None:
    command = f'"{sys.executable}" -c "{SCRIPT}" {redirection}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, says)


def test_closed_streams_lend_their_number_to_no_file() -> None:
    script = "import os; from paksatalker.cli import app; app._prepare_streams(); print(open(os.devnull).fileno())"
    command = f'"{sys.executable}" -c "{script}" 2>&-'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert int(done.stdout) > 2
