"""The command as a user runs it: output, exit code, and what is left in the folder.

Most runs happen in this process; only what concerns a process of its own (pipes, signals) starts one.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from PIL import Image

from paksatalker.cli.app import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""

    def command(*arguments: object, stdin: bytes = b"") -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as end:
                main([str(argument) for argument in arguments])
        finally:
            signal.signal(signal.SIGTERM, before)
        return Done(int(end.value.code or 0), *capfd.readouterr())

    return command


def test_text_from_stdin_becomes_a_video(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    command = ["generate", "-i", photo, "--text-file", "-", "-o", out, "--size", 128, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "paksatalker", *map(str, command)],
        input="Hi, Bob 🙂.".encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["path"] == str(out)
    assert result["frames"] > 10
    assert b"emoji" in done.stderr
    assert b"\x1b" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("name", ["-my vidéo 你好.MP4", "a.webm", "a.gif", ".hidden.mp4"])
def test_names_and_formats(run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("generate", "-i", photo, "--text", "Hi.", f"--output={name}", "--size", 64)
    assert (done.code, done.out, done.err) == (0, f"{name}\n", "")
    assert [p.name for p in tmp_path.iterdir()] == [name]
    with av.open(f"./{name}") as video:
        assert (video.streams.video[0].width, len(video.streams.audio)) == (64, 0 if name == "a.gif" else 1)


def test_a_group_photo_says_who_was_taken(run: Run, photo: Path, tmp_path: Path) -> None:
    person = Image.open(photo)
    group = Image.new("RGB", (1100, 520), (90, 110, 90))
    group.paste(person, (0, 0))
    group.paste(person.resize((400, 400)), (620, 100))
    group.save(tmp_path / "group.png")
    options = ("generate", "-i", tmp_path / "group.png", "--text", "Hi.", "-o", tmp_path / "a.mp4", "--size", 64)
    assert run(*options).err.startswith("note: 2 faces found; using 1 (largest, ")
    assert run(*options, "--face", 2).err.startswith("note: 2 faces found; using 2 (")
    assert run(*options, "--face", 3).code == 14


@pytest.fixture
def bad(tmp_path: Path, photo: Path) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("not an image")
    (folder / "cut.png").write_bytes(photo.read_bytes()[:100_000])
    (folder / "bomb.png").write_bytes(_bomb())
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(folder / "wall.png")
    Image.open(photo).resize((200, 200)).save(folder / "tiny.png")
    (folder / "silence.wav").write_bytes(_wav(b"\0\0" * 32000))
    (folder / "nothing.wav").write_bytes(_wav(b""))
    (folder / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nsilence.wav\n#EXT-X-ENDLIST\n")
    (folder / "binary.txt").write_bytes(bytes(range(256)))
    (folder / "latin.txt").write_bytes("Café".encode("latin-1"))
    (folder / "book.txt").write_text("A word. " * 12_500)
    return folder


def _bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    side = (30_000).to_bytes(4, "big")
    pixels = zlib.compress(bytes(3751 * 1000))
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", side + side + b"\x01\0\0\0\0")
    return head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


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
        ("cut.png", ["--text", "Hi"], 10),
        ("missing.png", ["--text", "Hi"], 10),
        ("bomb.png", ["--text", "Hi"], 11),
        ("wall.png", ["--text", "Hi"], 12),
        ("tiny.png", ["--text", "Hi"], 13),
        ("PHOTO", ["--text", "Hi", "--face", "7"], 14),
        ("PHOTO", ["--text", "  "], 20),
        ("PHOTO", ["--text-file", "-"], 20),
        ("PHOTO", ["--text-file", "book.txt"], 21),
        ("PHOTO", ["--text", "🙂🙂"], 22),
        ("PHOTO", ["--text", "გამარჯობა, როგორ ხარ დღეს?"], 22),
        ("PHOTO", ["--text-file", "binary.txt"], 23),
        ("PHOTO", ["--text-file", "latin.txt"], 23),
        ("PHOTO", ["--text", "Hi", "--voice", "nobody"], 24),
        ("PHOTO", ["--audio", "text.jpg"], 30),
        ("PHOTO", ["--audio", "list.m3u8"], 30),
        ("PHOTO", ["--audio", "nothing.wav"], 31),
        ("PHOTO", ["--audio", "silence.wav"], 32),
        ("PHOTO", ["--text", "Hi", "--timeline", os.devnull], 40),
        ("PHOTO", ["--text", "Hi", "--emotion", "hungry"], 2),
        ("PHOTO", ["--text", "Hi", "--background", "transparent"], 2),
        ("PHOTO", ["--text", "Hi", "--text-file", "-"], 2),
        ("PHOTO", [], 2),
        ("PHOTO", ["--no-such-option"], 2),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else str(value),
)
def test_bad_input_is_one_line_and_an_exit_code(
    run: Run, photo: Path, bad: Path, tmp_path: Path, image: str, options: list[str], code: int
) -> None:
    files = {p.name for p in bad.iterdir()}
    chosen = photo if image == "PHOTO" else bad / image
    arguments = [str(bad / option) if option in files else option for option in options]
    done = run("generate", "-i", chosen, *arguments, "-o", tmp_path / "out.mp4", "--size", 128)
    assert done.code == code, done.err
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [bad]


def test_errors_are_json_when_asked(run: Run, bad: Path, tmp_path: Path) -> None:
    done = run("generate", "-i", bad / "wall.png", "--text", "Hi", "-o", tmp_path / "out.mp4", "--json")
    error = json.loads(done.out)["error"]
    assert (error["code"], error["exit_code"], done.code) == ("NoFace", 12, 12)


def test_no_input_is_ever_written_over(run: Run, photo: Path, tmp_path: Path) -> None:
    portrait, text = tmp_path / "a.mp4", tmp_path / "a.srt"
    portrait.write_bytes(photo.read_bytes())  # what a file is, its content says
    text.write_text("Hello.")
    onto_photo = run("generate", "-i", portrait, "--text", "Hi", "-o", portrait)
    assert (onto_photo.code, "the photo" in onto_photo.err) == (40, True)
    onto_text = run("generate", "-i", photo, "--text-file", text, "--subtitles", "srt", "-o", tmp_path / "a.webm")
    assert (onto_text.code, "the text" in onto_text.err) == (40, True)
    assert portrait.read_bytes() == photo.read_bytes()
    assert text.read_text() == "Hello."
    assert {p.name for p in tmp_path.iterdir()} == {"a.mp4", "a.srt"}


@pytest.mark.parametrize("damage", ["missing", "corrupt"])
def test_models_that_are_missing_or_damaged(
    run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path / "home"))
    if damage == "corrupt":
        model = tmp_path / "home" / "weights" / "face-landmarker" / "face_landmarker.task"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"x" * 1000)
    done = run("generate", "-i", photo, "--text", "Hi", "-o", tmp_path / "out.mp4")
    assert done.code == (60 if damage == "missing" else 62)
    assert "Run: paksatalker models download face-landmarker" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="file size limits of Unix")
@pytest.mark.parametrize("suffix", ["mp4", "webm", "gif"])
def test_a_full_disk(run: Run, photo: Path, tmp_path: Path, suffix: str) -> None:
    import resource

    out = tmp_path / f"out.{suffix}"
    out.write_bytes(b"the old one")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signals = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, limits[1]))
    try:
        done = run("generate", "-i", photo, "--text", "One two.", "-o", out, "--size", 128, "--subtitles", "srt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, signals)
    assert done.code == 41
    assert done.err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == [out.name]
    assert out.read_bytes() == b"the old one"


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(
    ("signal_number", "unfinished"),
    [(signal.SIGTERM, ".out.srt*"), (signal.SIGINT, ".out.mp4*")],
    ids=["while analysing", "while rendering"],
)
def test_interrupt_stops_cleanly(photo: Path, tmp_path: Path, signal_number: int, unfinished: str) -> None:
    command = [sys.executable, "-m", "paksatalker", "generate", "-i", str(photo), "--text", "One two three. " * 60]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.mp4"), "--subtitles", "srt"],
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (no other thread runs here)
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(unfinished)) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal_number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    *progress, error = stderr.splitlines()
    assert error.startswith("error: stopped")
    assert all("frame" in line for line in progress)  # that a busy machine shows in so long a time
    assert list(tmp_path.iterdir()) == []


def test_catalogues_are_json_when_asked(run: Run) -> None:
    voices = json.loads(run("voices", "--json").out)
    assert {v["engine"] for v in voices} >= {"hibari"}
    engines = json.loads(run("engines", "--json").out)
    assert {(e["stage"], e["name"]) for e in engines} >= {("face", "rules"), ("renderer", "portrait")}
    assert json.loads(run("voices", "--language", "tlh", "--json").out) == []
