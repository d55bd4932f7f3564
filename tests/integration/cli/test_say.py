"""``say`` from the command line to the file, with the voice in the package."""

from __future__ import annotations

import io
import json
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from paksatalker import say
from paksatalker.cli.commands import app
from paksatalker.core.audio.loudness import integrated_loudness
from paksatalker.core.pipeline import Pipeline
from paksatalker.errors import Cancelled, InvalidOption, OutputUnwritable, TextUnspeakable


@pytest.fixture(scope="module")
def pipeline():
    with Pipeline() as warm:
        yield warm


def test_a_text_becomes_a_file_with_subtitles_and_timeline(tmp_path: Path, pipeline: Pipeline) -> None:
    seen = []
    path = tmp_path / "a.wav"
    text = "Hello there, how are you? It is a fine day, and we should go for a walk."
    result = say(
        path,
        text,
        subtitles="srt",
        timeline=tmp_path / "a.jsonl",
        on_progress=seen.append,
        pipeline=pipeline,
        speech_engine="hibari",
    )
    with wave.open(str(path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float32) / 32768
        assert len(samples) / sound.getframerate() == pytest.approx(result.duration, abs=0.001)
    assert -18 < integrated_loudness(samples, 24000) < -14.5
    words = [w for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines() for w in json.loads(line)["words"]]
    assert " ".join(w["text"] for w in words) == text
    assert (tmp_path / "a.srt").read_text("utf-8").startswith("1\n00:00:00,")
    assert (result.engine, seen[-1].fraction) == ("hibari", 1.0)


def test_equal_seeds_give_equal_sound(pipeline: Pipeline) -> None:
    def sound(**options: object) -> bytes:
        stream = io.BytesIO()
        say(stream, "Six ships sailed.", pipeline=pipeline, speech_engine="hibari", **options)
        return stream.getvalue()

    assert sound() == sound()
    assert len(sound(speed=2.0)) < len(sound())
    assert len(sound(pitch=6.0)) == pytest.approx(len(sound()), abs=2000)


def test_what_cannot_be_leaves_nothing(tmp_path: Path, pipeline: Pipeline) -> None:
    cancel = threading.Event()
    cancel.set()
    for error, options in (
        (TextUnspeakable, {"text": "…?!"}),
        (Cancelled, {"text": "Hi.", "cancel": cancel}),
        (InvalidOption, {"text": "Hi.", "pitch": 9}),
        (InvalidOption, {"text": "Hi.", "colour": "red"}),
        (InvalidOption, {"text": "Hi.", "language": "!"}),
        (OutputUnwritable, {"text": "Hi.", "timeline": tmp_path / "a.wav"}),
    ):
        with pytest.raises(error):
            say(tmp_path / "a.wav", pipeline=pipeline, **options)
    assert not list(tmp_path.iterdir())


def test_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    done = CliRunner().invoke(app, ["say", "-", "-o", str(path), "--engine", "hibari", "--json"], input="Hello there.")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["path"] == str(path)
    assert path.stat().st_size > 1000
    both = CliRunner().invoke(app, ["say", "Hi.", "-o", "-", "--json"])
    assert isinstance(both.exception, InvalidOption)
