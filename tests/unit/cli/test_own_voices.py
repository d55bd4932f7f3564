import hashlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from paksatalker.cli import own_voices
from paksatalker.cli.app import main
from paksatalker.core.audio.cloning import xtts
from paksatalker.core.audio.cloning.consent import record_consent
from paksatalker.core.audio.cloning.match import Match, Similarity
from paksatalker.core.audio.tts.blend import Blend, Likeness, SavedVoices


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAKSATALKER_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["voices", *arguments])
    return int(end.value.code or 0)


def test_a_mixture_is_saved_shown_replaced_and_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("save", "mine", "af_heart:0.6+bf_emma:0.4") == 0
    assert run("save", "mine", "af_bella") == 2
    capsys.readouterr()
    assert run("show", "mine", "--json") == 0
    assert json.loads(capsys.readouterr().out)["made of"] == "af_heart:0.6+bf_emma:0.4"
    assert run("save", "mine", "af_bella", "--force") == 0
    assert SavedVoices(home / "voices").load("mine") == Blend((("af_bella", 1.0),))
    assert run("remove", "mine") == 0
    assert list((home / "voices").iterdir()) == []
    assert run("remove", "mine") == run("show", "mine") == 24


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "..", "", "-x", "A", "a.json", "auto", "af_heart", "x" * 65, "ü", "a b"]
)
def test_names_that_are_refused(name: str, home: Path) -> None:
    assert run("save", "--", name, "af_heart") == 2
    assert not (home / "voices").exists()


@pytest.mark.parametrize("voice", ["nobody", "af_heart:-1", "af_heart++", "", "af_heart:0.5+mine"])
def test_mixtures_that_are_refused(voice: str, home: Path) -> None:
    assert run("save", "x", voice) == 2
    assert not (home / "voices").exists()


def test_no_clone_without_consent_or_recording(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = home / "ref.wav"
    recording.write_bytes(b"RIFF")
    assert run("clone", "ada", str(recording)) == 36
    assert "consent" in capsys.readouterr().err
    assert run("clone", "ada", str(recording), "--consent", "yes") == 36
    assert run("clone", "../ada", str(recording), "--consent", "I am Ada Lovelace and I agree to this") == 2
    assert run("clone", "ada", str(home / "none.wav"), "--consent", "I am Ada Lovelace and I agree to this") == 30
    assert not (home / "voices").exists()


def test_the_record_of_consent_is_shown_as_it_was_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = home / "ref.wav"
    recording.write_bytes(b"sound")
    statement = "I am Ada Lovelace and I agree to [bold]all[/bold] of this"
    blend = Blend((("af_heart", 1.0),), Likeness((0.0,) * 128, 1.0))
    SavedVoices(home / "voices").save("ada", blend, consent=record_consent("ada", statement, [recording]))
    assert run("show", "ada") == 0
    shown = capsys.readouterr().out
    assert statement in shown
    assert hashlib.sha256(b"sound").hexdigest() in shown
    (home / "voices" / "ada.consent.json").unlink()
    assert run("show", "ada") == 36


def made(offset: float, judged: float, stock: float) -> Match:
    similarity = Similarity(voice=judged, stock=stock, speaker=0.9)
    return Match(Blend((("af_heart", 1.0),), Likeness((offset,) * 128, 1.0)), None, similarity, similarity)  # type: ignore[arg-type]


def test_what_a_clone_is_called_is_honest() -> None:
    nearer = own_voices._described("ada", "Ada Lovelace", made(0.1, 0.64, 0.51))
    assert "a resemblance of Ada Lovelace, made from af_heart; it is not their voice" in nearer
    assert "0.64 (the stock voice 0.51" in nearer
    assert "as near" not in nearer
    assert "the stock voice is as near" in own_voices._described("ada", "Ada", made(0.1, 0.5, 0.52))
    kept = own_voices._described("ada", "Ada", made(0.0, 0.51, 0.51))
    assert "'ada' is the stock voice af_heart as it is" in kept
    assert "resemblance" not in kept


def test_a_clone_by_xtts(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    recording = home / "ref.wav"
    recording.write_bytes(b"sound")
    order = ("clone", "ada", str(recording), "--engine", "xtts")
    statement = ("--consent", "I am Ada Lovelace and I agree to this voice")
    speaker = SimpleNamespace(speech=np.full(24000, 0.1, np.float32), notes=("more would be better",))
    monkeypatch.setattr(xtts, "read_speaker", lambda paths: speaker)
    monkeypatch.setenv("PAKSATALKER_COQUI_PYTHON", sys.executable)
    monkeypatch.delenv("COQUI_TOS_AGREED", raising=False)
    assert run(*order) == 36, "nobody has consented"
    assert run(*order, *statement) == 50
    assert "non-commercial" in capsys.readouterr().err
    assert run("clone", "ada", str(recording), "--engine", "piper", *statement) == 2
    assert not (home / "voices").exists()
    monkeypatch.setenv("COQUI_TOS_AGREED", "1")
    assert run(*order, *statement, "--json") == 0
    assert json.loads(capsys.readouterr().out)["seconds_of_speech"] == 1.0
    assert run(*order, *statement) == 2, "there is one already"
    assert run("show", "ada") == 0
    assert "Ada Lovelace" in capsys.readouterr().out
    assert run("remove", "ada") == 0
    assert not list((home / "voices" / "xtts").iterdir())
