"""Certificates that sign what is made: one of our own, made when there is none, or the operator's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from paksatalker.config.signing import SigningSettings
from paksatalker.core.files import take_place, unfinished_name
from paksatalker.errors import OutputUnwritable, SettingsInvalid

CERTIFICATES, PRIVATE_KEY = "certificates.pem", "private-key.pem"
_YEARS = 10
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs.

    Attributes:
        chain: Certificates, PEM: the one that signs first, then those that vouch for it.
        private_key: PEM, PKCS #8.
        algorithm: C2PA's name, e.g. ``es256``.
    """

    chain: str
    private_key: str
    algorithm: str

    def __repr__(self) -> str:
        return f"Credentials({self.algorithm})"  # never the key


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def credentials(settings: SigningSettings) -> Credentials:
    """The operator's credentials, or our own; those are made when there are none.

    Raises:
        SettingsInvalid: The operator's cannot be used.
        OutputUnwritable: Our own cannot be written.
    """
    chosen = settings.c2pa_certificate, settings.c2pa_private_key
    if any(chosen):
        if chosen[0] is None or chosen[1] is None:
            lacking = "PAKSATALKER_C2PA_CERTIFICATE" if chosen[0] is None else "PAKSATALKER_C2PA_PRIVATE_KEY"
            raise SettingsInvalid("nothing can be signed", f"{lacking} is not set", "Set both, or neither")
        return read_credentials(chosen[0], chosen[1])
    folder = settings.own_certificate
    if not (folder / CERTIFICATES).exists():
        make_credentials(folder)
    return read_credentials(folder / CERTIFICATES, folder / PRIVATE_KEY)


def make_credentials(folder: Path, organisation: str = "PaksaTalker", again: bool = False) -> bool:
    """Makes a root certificate, a certificate that it vouches for, and the latter's private key (ES256).

    The root's own key is forgotten at once: nobody can make another certificate with it. Whoever is to trust the videos
    is given the root, the last certificate of the file.

    Args:
        folder: For ``certificates.pem`` and ``private-key.pem``; only its owner may read them.
        organisation: Named in the certificates.
        again: Replace those that are there. Videos signed by them stay valid.

    Returns:
        Whether they were made; False if there are some.

    Raises:
        OutputUnwritable: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder / ".lock"):  # two workers that start at once share one certificate
            if (folder / CERTIFICATES).exists() and not again:
                return False
            root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
            root = _certificate(f"{organisation} Root", organisation, root_key, root_key, None)
            leaf = _certificate(f"{organisation} Videos", organisation, key, root_key, root)
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            _write(folder / PRIVATE_KEY, private)
            _write(folder / CERTIFICATES, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (leaf, root)))
    except OSError as error:
        raise OutputUnwritable(
            f"cannot write a certificate to {folder}", error.strerror or str(error), "Set PAKSATALKER_SERVICE_HOME"
        ) from error
    return True


def _certificate(
    name: str, organisation: str, key: Key, issuer_key: Key, issuer: x509.Certificate | None
) -> x509.Certificate:
    """A certificate as C2PA's specification asks for it (2.2, section 14.5)."""
    subject = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, name),
    ])  # fmt: skip
    is_root = issuer is None
    start = now() - timedelta(minutes=5)  # clocks differ
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    part = unfinished_name(path)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.unlink(missing_ok=True)  # it would hand on its permissions
    take_place(part, path)


def read_credentials(certificates: Path, private_key: Path) -> Credentials:
    """Reads credentials and checks that they belong together and can sign now.

    Raises:
        SettingsInvalid: They cannot be used.
    """
    what = f"videos cannot be signed with {certificates}"
    fix = "Name a chain and its private key, both PEM, or run: paksatalker keys provenance"
    try:
        chain, private = certificates.read_bytes(), private_key.read_bytes()
        leaf = x509.load_pem_x509_certificates(chain)[0]
        key = serialization.load_pem_private_key(private, None)
    except OSError as error:
        raise SettingsInvalid(what, f"{error.filename}: {error.strerror}", fix) from error
    except (ValueError, TypeError, IndexError) as error:
        raise SettingsInvalid(what, str(error) or "it is no certificate", fix) from error
    if key.public_key() != leaf.public_key():
        raise SettingsInvalid(what, f"{private_key} is another certificate's key", fix)
    if not leaf.not_valid_before_utc <= now() < leaf.not_valid_after_utc:
        raise SettingsInvalid(what, f"it is valid until {leaf.not_valid_after_utc:%Y-%m-%d} only", fix)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Credentials(chain.decode(), plain.decode(), _algorithm(key, what, fix))


def _algorithm(key: object, what: str, fix: str) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise SettingsInvalid(what, "C2PA knows no such key: it takes ES256 to ES512, PS256 and Ed25519", fix)
