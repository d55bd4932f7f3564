import json
import wave
from types import SimpleNamespace

import numpy as np
import pytest

from paksatalker.errors import InvalidOption
from paksatalker.evaluation import benchmark
from paksatalker.evaluation.benchmark import PASSAGE, SHORT_PASSAGE, SUITES, Options, _speech, demo_photo, run
from paksatalker.evaluation.measure import LONG_SPEECH, PROGRAM_TARGETS
from paksatalker.evaluation.memory import Run


def test_an_unknown_suite_is_named_before_any_work(tmp_path):
    said = []
    with pytest.raises(InvalidOption, match="no suite 'colour'"):
        run(Options(tmp_path / "face.png", tmp_path), ("reenactment", "colour"), said.append)
    assert said == []


def test_without_a_video_reenactment_has_no_value_but_a_reason(tmp_path):
    found = run(Options(tmp_path / "face.png", tmp_path), ("reenactment",), lambda _: None)
    assert [m.value for m in found["reenactment"]] == [None, None]
    assert all("--video" in m.note for m in found["reenactment"])
    assert all(m.name in PROGRAM_TARGETS for m in found["reenactment"])
    assert list(tmp_path.iterdir()) == []


def test_the_demo_photo_is_a_file(tmp_path):
    pytest.importorskip("skimage")
    assert demo_photo(tmp_path).stat().st_size > 100_000


def test_every_promise_has_a_suite():
    assert set(SUITES) == {"speed", "latency", "quality", "reenactment", "voices", "memory", "emage", "sadtalker"}
    assert PASSAGE.startswith(SHORT_PASSAGE)
    assert sum(PASSAGE.count(letter) for letter in "mbpMBP") > 40


@pytest.mark.parametrize("source", LONG_SPEECH)
def test_long_speech_repeats_the_passage_as_long_as_asked_for(tmp_path, source):
    samples = np.zeros(50 * 8000, np.float32)  # of a passage that took 50 s
    given = _speech(source, samples, 8000, 2.5, tmp_path)
    assert (tmp_path / "long.txt").read_text().count(PASSAGE) == 3
    assert ("--audio" in given) == (source != "text")
    if source != "text":
        with wave.open(str(tmp_path / "long.wav")) as recording:
            assert recording.getnframes() == 150 * 8000
    assert all(name in PROGRAM_TARGETS for name in (f"memory growth, {source}", f"A/V offset at the end, {source}"))


def test_an_unknown_speech_is_named_before_any_work(tmp_path):
    with pytest.raises(InvalidOption, match="no speech 'song'"):
        run(Options(tmp_path / "face.png", tmp_path, speech=("text", "song")), ("memory",), lambda _: None)


def test_memory_is_that_of_whole_runs_one_way_of_speech_at_a_time(tmp_path, monkeypatch):
    commands, peaks = [], iter([900, 400, 412, 300, 330])  # a warm-up, which does not count; two ways of speech

    def watched(command):
        commands.append(command)
        return Run(30.0, next(peaks) * 10**6, json.dumps({"engines": {"recording": "pocketsphinx"}}))

    monkeypatch.setattr(benchmark, "watch", watched)
    monkeypatch.setattr(benchmark, "_spoken", lambda _: (np.zeros(50 * 8000, np.float32), 8000))
    monkeypatch.setattr(benchmark, "read_sync", lambda _: SimpleNamespace(offset_end=0.02, fps=25.0))
    options = Options(tmp_path / "face.png", tmp_path, minutes=2, size=256, speech=("text", "recording by sounds"))
    found = {m.name: m for m in run(options, ("memory",), lambda _: None)["memory"]}
    assert found["memory growth, text"].value == pytest.approx(0.03)
    assert found["memory growth, text"].passed
    assert found["memory growth, recording by sounds"].missed
    assert found["peak memory, 2 min, recording by sounds"].value == 330
    assert "pocketsphinx, 4.0 × real time at 256²" in found["peak memory, 2 min, recording by sounds"].note
    assert found["A/V offset at the end, text"].value == pytest.approx(0.5)
    assert all("256" in command for command in commands)
    assert [any("recording_engine='pocketsphinx'" in word for word in command) for command in commands[3:]] == [
        True
    ] * 2
