"""The command as a user runs it: output, exit code, and what is left in the folder."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def run(*arguments: object, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paksatalker", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, env=env, check=False)


def test_text_from_stdin_becomes_a_video(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    done = run("generate", "-i", photo, "--text-file", "-", "-o", out, "--size", 128, "--json", stdin="Hi, Bob 🙂.")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["path"] == str(out)
    assert result["frames"] > 10
    assert "emoji" in done.stderr
    assert "\x1b" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("not an image")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(folder / "wall.png")
    (folder / "silence.wav").write_bytes(_wav(b"\0\0" * 32000))
    (folder / "nothing.wav").write_bytes(_wav(b""))
    (folder / "binary.txt").write_bytes(bytes(range(256)))
    return folder


def _wav(data: bytes) -> bytes:
    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "little")

    head = b"fmt " + number(16, 4) + number(1, 2) + number(1, 2) + number(16000, 4) + number(32000, 4)
    body = b"WAVE" + head + number(2, 2) + number(16, 2) + b"data" + number(len(data), 4) + data
    return b"RIFF" + number(len(body), 4) + body


@pytest.mark.parametrize(
    ("image", "options", "code"),
    [
        ("empty.png", ["--text", "Hi"], 10),
        ("text.jpg", ["--text", "Hi"], 10),
        ("missing.png", ["--text", "Hi"], 10),
        ("wall.png", ["--text", "Hi"], 12),
        ("PHOTO", ["--text", "Hi", "--face", "7"], 14),
        ("PHOTO", ["--text", "  "], 20),
        ("PHOTO", ["--text", "🙂🙂"], 22),
        ("PHOTO", ["--text", "你好，世界。今天天气很好。"], 22),
        ("PHOTO", ["--text-file", "binary.txt"], 23),
        ("PHOTO", ["--text", "Hi", "--voice", "nobody"], 24),
        ("PHOTO", ["--audio", "text.jpg"], 30),
        ("PHOTO", ["--audio", "nothing.wav"], 31),
        ("PHOTO", ["--audio", "silence.wav"], 32),
        ("PHOTO", ["--text", "Hi", "--emotion", "hungry"], 2),
        ("PHOTO", [], 2),
        ("PHOTO", ["--no-such-option"], 2),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else str(value),
)
def test_bad_input_is_one_line_and_an_exit_code(
    photo: Path, bad: Path, tmp_path: Path, image: str, options: list[str], code: int
) -> None:
    files = {p.name for p in bad.iterdir()}
    chosen = photo if image == "PHOTO" else bad / image
    arguments = [str(bad / option) if option in files else option for option in options]
    done = run("generate", "-i", chosen, *arguments, "-o", tmp_path / "out.mp4", "--size", 128)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    if code != 2:
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("error: ")
    assert list(tmp_path.glob("*.*")) == []


def test_long_text_is_refused_at_once(photo: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("A word. " * 12_500)
    done = run("generate", "-i", photo, "--text-file", book, "-o", tmp_path / "out.mp4", "--json")
    assert done.returncode == 21
    assert json.loads(done.stdout)["error"]["code"] == "TextTooLong"


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("unfinished", [".out.srt*", ".out.mp4*"], ids=["while analysing", "while rendering"])
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_stops_cleanly(photo: Path, tmp_path: Path, signal_number: int, unfinished: str) -> None:
    command = [sys.executable, "-m", "paksatalker", "generate", "-i", str(photo), "--text", "One two three. " * 60]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.mp4"), "--subtitles", "srt"], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(unfinished)) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal_number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.splitlines()[0].startswith("error: stopped")
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_catalogues_are_json_when_asked() -> None:
    voices = json.loads(run("voices", "--json").stdout)
    assert {v["engine"] for v in voices} >= {"hibari"}
    engines = json.loads(run("engines", "--json").stdout)
    assert {(e["stage"], e["name"]) for e in engines} >= {("face", "rules"), ("renderer", "portrait")}
    assert json.loads(run("voices", "--language", "tlh", "--json").stdout) == []
