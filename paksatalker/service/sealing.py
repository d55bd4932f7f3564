"""What must be read again, and not by whoever gets at the database: sealed with a secret that is not in it.

The secret is a file in the service's folder, made when it is first needed, or a setting where processes on several
machines need the same one. Keys are derived from it (HKDF-SHA256), and what is sealed (AES-256-GCM) is bound to what it
belongs to: a row that is copied to another tenant cannot be opened.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock

from paksatalker.core.files import take_place, unfinished_name
from paksatalker.errors import OutputUnwritable, SettingsInvalid
from paksatalker.service.settings import ServiceSettings

FILE = "secret"
_BYTES, _NONCE = 32, 12
_FEWEST = 32  # characters of a secret that an operator chooses
_PREFIX = "sealed1:"
_FIX = "Give all processes the same PAKSATALKER_SECRET, or the file 'secret' of the service's folder"


class Sealer:
    """Seals and opens short texts.

    Args:
        secret: Of the service; at least 32 bytes.
        purpose: What is sealed; other purposes have other keys.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), _BYTES, None, f"paksatalker {purpose}".encode()).derive(secret))

    def seal(self, text: str, belongs_to: str) -> str:
        """A text that only :meth:`open` can read.

        Args:
            text: What is to be kept.
            belongs_to: To what, e.g. the id of a tenant.
        """
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode(), belongs_to.encode())
        return _PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, belongs_to: str) -> str:
        """What was sealed.

        Raises:
            SettingsInvalid: It was sealed with another secret, or for something else, or was changed.
        """
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_PREFIX))
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], belongs_to.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            why = "it was sealed with another secret of the service, or was changed"
            raise SettingsInvalid("what is sealed in the database cannot be read", why, _FIX) from error


def sealer(settings: ServiceSettings, purpose: str) -> Sealer:
    """The sealer of a service; its secret is made if there is none.

    Raises:
        SettingsInvalid: The secret is too short.
        OutputUnwritable: It cannot be read or written.
    """
    return _sealer(settings.secret.get_secret_value(), settings.home, purpose)


@cache
def _sealer(chosen: str, home: Path, purpose: str) -> Sealer:
    if chosen and len(chosen) < _FEWEST:
        why, fix = f"it has less than {_FEWEST} characters", "Take a long one: openssl rand -base64 48"
        raise SettingsInvalid("PAKSATALKER_SECRET cannot be used", why, fix)
    return Sealer(chosen.encode() if chosen else _own(home / FILE), purpose)


def _own(path: Path) -> bytes:
    """The secret of a file, made if there is none; only its owner may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_name(f".{FILE}.lock")):  # two processes that start at once share one
            if not path.exists():
                part = unfinished_name(path)
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(base64.b64encode(secrets.token_bytes(_BYTES)) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                take_place(part, path)
        secret = base64.b64decode(path.read_bytes(), validate=False)
    except (OSError, binascii.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise OutputUnwritable(f"cannot use the secret {path}", why, "Set PAKSATALKER_SERVICE_HOME") from error
    if len(secret) < _BYTES:
        raise SettingsInvalid(f"the secret {path} cannot be used", "it was cut off", "Put it back from your backup")
    return secret
