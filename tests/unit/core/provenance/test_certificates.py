from __future__ import annotations

import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from paksatalker.core.provenance import certificates
from paksatalker.core.provenance.certificates import (
    CERTIFICATES,
    PRIVATE_KEY,
    credentials,
    make_credentials,
    read_credentials,
)
from paksatalker.errors import OutputUnwritable, SettingsInvalid
from paksatalker.service.settings import ServiceSettings


def settings(home: Path, **values) -> ServiceSettings:
    return ServiceSettings(_env_file=None, home=home, **values)


def test_the_first_use_makes_them_and_the_next_finds_them(tmp_path):
    first = credentials(settings(tmp_path))
    assert first.algorithm == "es256"
    assert credentials(settings(tmp_path)) == first
    assert not make_credentials(tmp_path / "provenance")
    assert make_credentials(tmp_path / "provenance", again=True)
    assert credentials(settings(tmp_path)) != first


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_nobody_else_can_read_them(tmp_path):
    make_credentials(tmp_path / "p")
    make_credentials(tmp_path / "p", again=True)
    for path in (tmp_path / "p" / CERTIFICATES, tmp_path / "p" / PRIVATE_KEY):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o700


def test_the_chain_holds_and_the_key_is_never_shown(tmp_path):
    own = credentials(settings(tmp_path))
    leaf, root = x509.load_pem_x509_certificates(own.chain.encode())
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert "PRIVATE" not in repr(own)
    assert [path.name for path in (tmp_path / "provenance").glob("*.part")] == []


def test_the_operators_own(tmp_path):
    make_credentials(tmp_path / "theirs", "Example Ltd")
    theirs = settings(
        tmp_path,
        c2pa_certificate=tmp_path / "theirs" / CERTIFICATES,
        c2pa_private_key=tmp_path / "theirs" / PRIVATE_KEY,
    )
    assert (
        "Example Ltd" in x509.load_pem_x509_certificates(credentials(theirs).chain.encode())[0].subject.rfc4514_string()
    )
    assert not (tmp_path / "provenance").exists()


def test_what_cannot_sign_is_refused(tmp_path):
    make_credentials(tmp_path / "a")
    make_credentials(tmp_path / "b")
    chain, key, other = tmp_path / "a" / CERTIFICATES, tmp_path / "a" / PRIVATE_KEY, tmp_path / "b" / PRIVATE_KEY
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(SettingsInvalid, match="another certificate's key"):
        read_credentials(chain, other)
    for wrong in ((nonsense, key), (chain, nonsense), (chain, tmp_path / "none"), (key, key)):
        with pytest.raises(SettingsInvalid):
            read_credentials(*wrong)
    with pytest.raises(SettingsInvalid, match="PRIVATE_KEY is not set"):
        credentials(settings(tmp_path, c2pa_certificate=chain))


def test_an_expired_one_is_refused(tmp_path, monkeypatch):
    make_credentials(tmp_path)
    today = certificates.now()
    monkeypatch.setattr(certificates, "now", lambda: today + timedelta(days=5000))
    with pytest.raises(SettingsInvalid, match="valid until"):
        read_credentials(tmp_path / CERTIFICATES, tmp_path / PRIVATE_KEY)


def test_a_key_that_c2pa_does_not_know_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(ec, "SECP256R1", ec.SECP256K1)
    make_credentials(tmp_path)
    with pytest.raises(SettingsInvalid, match="no such key"):
        read_credentials(tmp_path / CERTIFICATES, tmp_path / PRIVATE_KEY)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable):
        make_credentials(tmp_path / "file" / "provenance")
