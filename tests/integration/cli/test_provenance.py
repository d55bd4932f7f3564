"""Files of the command line and of the Python API say, signed, that they were made."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from skimage import data
from typer.testing import CliRunner

from paksatalker import generate, say
from paksatalker.cli.commands import app
from paksatalker.core.provenance.certificates import CERTIFICATES, make_credentials
from paksatalker.core.provenance.manifests import check
from paksatalker.errors import InvalidOption


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture
def certificate(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PAKSATALKER_SERVICE_HOME", str(tmp_path / "home"))
    make_credentials(tmp_path / "home" / "provenance", "Example Ltd")
    return tmp_path / "home" / "provenance" / CERTIFICATES


def test_a_sound_is_signed_where_there_is_a_certificate(certificate, tmp_path):
    path = tmp_path / "a.wav"
    result = json.loads(run("say", "Hi.", "-o", path, "--engine", "hibari", "--json"))
    assert (result["provenance"], result["manifest"]) == ("embedded", None)
    assert run("provenance", path).splitlines()[:3] == [
        "as it was when it was signed", "signed by: Example Ltd", "AI-generated: yes",
    ]  # fmt: skip
    told = json.loads(run("provenance", path, "--trust", certificate, "--json"))
    assert (told["signed"], told["valid"], told["origin"]["engines"]) == (True, True, {"speech": "hibari"})
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    assert "assertion.dataHash.mismatch" in run("provenance", path, code=1)
    run("say", "Hi.", "-o", path, "--engine", "hibari", "--no-provenance")
    assert run("provenance", path, code=1) == "no manifest\n"


def test_a_form_that_can_carry_none_has_it_beside_it(certificate, tmp_path):
    result = say(tmp_path / "a.opus", "Hi.", speech_engine="hibari")
    assert (result.provenance, result.manifest) == ("sidecar", tmp_path / "a.c2pa")
    assert "Example Ltd" in run("provenance", tmp_path / "a.opus")
    with pytest.raises(InvalidOption, match="stream"):
        say(io.BytesIO(), "Hi.", speech_engine="hibari", provenance=True)
    assert say(io.BytesIO(), "Hi.", speech_engine="hibari").provenance == "none"


def test_a_video_is_signed_too(certificate, tmp_path):
    options = {"image": data.astronaut(), "text": "Hi.", "size": 64, "fps": 10, "speech_engine": "hibari"}
    result = generate(tmp_path / "a.mp4", **options)
    assert result.provenance == "embedded"
    found = check(tmp_path / "a.mp4", certificate.read_text())
    assert found is not None
    assert (found.valid, found.ai_generated, found.origin.engines) == (True, True, result.engines)
    assert found.origin.inputs.keys() == {"portrait", "text"}
    assert generate(tmp_path / "a.webm", **options).manifest == tmp_path / "a.c2pa"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.c2pa", "a.mp4", "a.webm", "home"]
    assert "rules" in run("provenance", tmp_path / "a.webm")


def test_without_a_certificate_nothing_is_signed_unless_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("PAKSATALKER_SERVICE_HOME", str(tmp_path / "home"))
    assert say(tmp_path / "a.mp3", "Hi.", speech_engine="hibari").provenance == "none"
    assert not (tmp_path / "home").exists()
    assert say(tmp_path / "a.mp3", "Hi.", speech_engine="hibari", provenance=True).provenance == "embedded"
    assert "PaksaTalker" in run("provenance", tmp_path / "a.mp3")
