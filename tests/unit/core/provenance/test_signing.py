from __future__ import annotations

import hashlib
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paksatalker.config.signing import SigningSettings
from paksatalker.core.provenance.certificates import CERTIFICATES, PRIVATE_KEY, make_credentials
from paksatalker.core.provenance.manifests import check
from paksatalker.core.provenance.signing import Seal, find_signer, inputs_of
from paksatalker.core.request import Request, SpeechRequest
from paksatalker.errors import EngineUnavailable, OutputUnwritable, SettingsInvalid

REQUEST = SpeechRequest(text="Hello there.")
ENGINES = {"speech": "hibari"}


def settings(home: Path, **values) -> SigningSettings:
    return SigningSettings(_env_file=None, home=home, **values)


def sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(np.arange(4000, dtype="<i2").tobytes())
    return path


@pytest.fixture
def signer(tmp_path):
    return find_signer(True, settings(tmp_path / "home"))


def test_nothing_is_signed_unless_there_is_a_certificate(tmp_path):
    own = settings(tmp_path)
    assert find_signer(None, own) is None
    assert not own.own_certificate.exists()
    make_credentials(own.own_certificate)
    assert find_signer(None, own) is not None
    assert find_signer(False, own) is None


def test_who_wants_it_has_a_certificate_made(tmp_path):
    own = settings(tmp_path)
    assert find_signer(True, own) is not None
    assert (own.own_certificate / CERTIFICATES).exists()


def test_the_operators_certificate_signs_by_itself(tmp_path):
    make_credentials(tmp_path / "theirs")
    places = {"c2pa_certificate": tmp_path / "theirs" / CERTIFICATES, "c2pa_private_key": tmp_path / "none"}
    with pytest.raises(SettingsInvalid, match="none"):
        find_signer(None, settings(tmp_path, **places))
    places["c2pa_private_key"] = tmp_path / "theirs" / PRIVATE_KEY
    assert find_signer(None, settings(tmp_path, **places)) is not None


def test_without_the_library(tmp_path, monkeypatch):
    own = settings(tmp_path)
    make_credentials(own.own_certificate)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    assert find_signer(None, own) is None
    with pytest.raises(EngineUnavailable, match=r"pip install 'paksatalker\[provenance\]'"):
        find_signer(True, own)
    with pytest.raises(EngineUnavailable):
        find_signer(None, settings(tmp_path, c2pa_certificate=tmp_path / "any"))


def test_a_file_is_signed_before_it_has_its_name(tmp_path, signer):
    growing, target = sound(tmp_path / ".a.part"), tmp_path / "a.wav"
    with Seal(signer, target, "wav") as seal:
        seal.sign(growing, REQUEST, ENGINES)
    assert (seal.place, seal.sidecar) == ("embedded", None)
    growing.rename(target)
    found = check(target)
    assert found is not None
    assert (found.valid, found.ai_generated, found.origin.title) == (True, True, "a.wav")
    assert found.origin.engines == ENGINES
    assert found.origin.inputs == {"text": hashlib.sha256(b"Hello there.").hexdigest()}
    assert b"Hello there" not in target.read_bytes()
    with wave.open(str(target)) as file:
        assert file.readframes(4000) == np.arange(4000, dtype="<i2").tobytes()


def test_what_can_carry_none_has_it_beside_it_or_nothing_at_all(tmp_path, signer):
    target = tmp_path / "a.opus"
    target.write_bytes(b"OggS and so on")
    seal = Seal(signer, target, "ogg")
    seal.sign(target, REQUEST, ENGINES)
    seal.__exit__(KeyError, KeyError(), None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.opus", "home"]
    with Seal(signer, target, "ogg") as seal:
        seal.sign(target, REQUEST, ENGINES)
        assert not (tmp_path / "a.c2pa").exists()
    assert (seal.place, seal.sidecar) == ("sidecar", tmp_path / "a.c2pa")
    found = check(target, sidecar=(tmp_path / "a.c2pa").read_bytes())
    assert found is not None
    assert found.valid
    target.write_bytes(b"OggS and so om")
    changed = check(target, sidecar=(tmp_path / "a.c2pa").read_bytes())
    assert changed is not None
    assert not changed.valid


def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path, signer):
    (tmp_path / "a.c2pa").mkdir()
    with pytest.raises(OutputUnwritable, match=r"a\.c2pa"):
        Seal(signer, tmp_path / "a.webm", "webm")


def test_unsigned_stays_as_it_is(tmp_path):
    with Seal(None, tmp_path / "a.ogg", "ogg") as seal:
        seal.sign(tmp_path / "a.ogg", REQUEST, ENGINES)
    assert (seal.place, seal.sidecar, list(tmp_path.iterdir())) == ("none", None, [])


def test_inputs_are_told_by_their_hash(tmp_path):
    for name in ("photo.png", "text.txt", "back.png"):
        (tmp_path / name).write_bytes(name.encode())
    hashed = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("photo.png", "text.txt", "back.png")}
    request = Request(
        image=tmp_path / "photo.png", text_file=tmp_path / "text.txt", background=str(tmp_path / "back.png")
    )
    assert inputs_of(request) == {
        "portrait": hashed["photo.png"], "text_file": hashed["text.txt"], "background": hashed["back.png"],
    }  # fmt: skip
    picture = np.zeros((4, 4, 3), np.uint8)
    for image in (picture, Image.fromarray(picture), picture.tobytes()):
        found = inputs_of(Request(image=image, brief="Bees"))
        assert found["portrait"] == hashlib.sha256(picture.tobytes()).hexdigest()
        assert found["brief"] == hashlib.sha256(b"Bees").hexdigest()
