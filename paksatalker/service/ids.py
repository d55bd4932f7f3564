"""Names of objects that nobody can guess: a prefix that tells the kind, and 128 random bits."""

from __future__ import annotations

import re
import secrets

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 22  # 62^22 > 2^128
_ID = re.compile(r"[a-z]{2,8}_[0-9A-Za-z]{22}")


def new_id(kind: str) -> str:
    """A new name, e.g. ``vid_4fK0…``.

    Args:
        kind: 2–8 lower-case letters.
    """
    return f"{kind}_{random_text(_LENGTH)}"


def random_text(length: int) -> str:
    """Random letters and digits; 5.95 bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def is_id(text: str, kind: str) -> bool:
    """Whether a text has the form of a name of this kind."""
    return text.startswith(kind + "_") and _ID.fullmatch(text) is not None
