"""The consent of a speaker to a voice like theirs: what was said, by whom, when, and for which recordings.

The record lies beside the voice, and the voice holds its hash: without the very record it was made with, it does not
speak. That keeps honest people honest and a voice's origin known; it is no lock against somebody who edits both files.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paksatalker.core.files import TextFile
from paksatalker.errors import ConsentMissing

_FORMAT = 1
_FEWEST_WORDS = 5
_EXAMPLE = (
    '--consent "I am Ada Lovelace and I agree that a voice like mine is made from these recordings" '
    "(or what the speaker wrote, with their name)"
)
# "I am NAME", "my name is NAME", "this is NAME's", in the languages whose texts PaksaTalker reads; and for others the
# plain form "NAME: …".
_NAMED = re.compile(
    r"(?:\bI am|\bI'm|\bI,|\bmy name is|\bthis is|\bsoy|\bme llamo|\bje suis|\bje m'appelle|\bich bin|\bich heiße"
    r"|\bmein name ist|\beu sou|\bmeu nome é|\bsono|\bmi chiamo|मैं|मेरा नाम|میں|میرا نام)"
    r"\s*,?\s*(?P<name>[^\W\d_][^,;:.!?]*)|^(?P<prefix>[^\W\d_][^:,;.!?]{1,60}):\s",
    re.IGNORECASE,
)
_NO_NAME = frozenset({"i", "me", "not", "no", "ok", "okay", "fine", "happy", "the", "a", "an", "sure", "here"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording that a voice was made from: its name and the SHA-256 of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Consent:
    """A record of consent.

    Attributes:
        speaker: Who speaks, as the statement says.
        statement: What was said, word by word.
        given: When it was recorded: UTC, ISO 8601.
        references: For which recordings.
        voice: Name of the voice.
    """

    speaker: str
    statement: str
    given: str
    references: tuple[Reference, ...]
    voice: str


def record_consent(voice: str, statement: str, references: list[Path], now: datetime | None = None) -> Consent:
    """Makes a record of what a speaker agreed to.

    Args:
        voice: Name of the voice.
        statement: What the speaker says: their name, and that they agree.
        references: The recordings.
        now: When; by default, now.

    Raises:
        ConsentMissing: The statement is empty, too short to mean anything, or does not say who agrees.
        OSError: A reference cannot be read.
    """
    read_statement(voice, statement)  # before files are read that may be large
    hashes = tuple(Reference(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in references)
    return consent_for(voice, statement, hashes, now)


def consent_for(voice: str, statement: str, references: tuple[Reference, ...], now: datetime | None = None) -> Consent:
    """The same for recordings whose hashes are known.

    Raises:
        ConsentMissing: As :func:`record_consent` has it.
    """
    name, text = read_statement(voice, statement)
    given = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return Consent(name, text, given, references, voice)


def read_statement(voice: str, statement: str) -> tuple[str, str]:
    """Who agrees by a statement, and the statement with its spaces tidied.

    Raises:
        ConsentMissing: It is empty, too short to mean anything, or does not say who agrees.
    """
    text = " ".join(unicodedata.normalize("NFC", statement).split())
    what = f"the voice '{voice}' is not made"
    if len([word for word in re.findall(r"\w+", text) if not word.isdigit()]) < _FEWEST_WORDS:
        why = "the statement of consent is empty" if not text else f"'{text}' says too little to be a consent"
        raise ConsentMissing(what, why, f"State who agrees to what: {_EXAMPLE}")
    match = _NAMED.search(text)
    words = ((match["name"] or match["prefix"]) if match else "").split()
    name = " ".join(_name_of(words))
    if not name:
        raise ConsentMissing(what, "the statement does not say who agrees", f"Begin with a name: {_EXAMPLE}")
    return name, text


def _name_of(words: list[str]) -> list[str]:
    """The leading words of a phrase that are a name: capitalised, or of a script without capitals."""
    name: list[str] = []
    for word in words[:5]:
        plain = word.strip("'’\"")
        if plain.casefold() in _NO_NAME or plain[:1].islower():
            break
        name.append(plain)
    return name


def consent_path(voice: Path) -> Path:
    """Where the record of a voice's file is."""
    return voice.with_name(f"{voice.stem}.consent.json")


def consent_text(consent: Consent) -> str:
    """A record as it is stored, JSON; a voice holds the SHA-256 of it."""
    return json.dumps({"format": _FORMAT, **asdict(consent)}, indent=2, ensure_ascii=False) + "\n"


def write_consent(voice: Path, consent: Consent) -> str:
    """Writes the record beside a voice's file; returns the SHA-256 of the record.

    Raises:
        OutputUnwritable: It cannot be written.
        DiskFull: There is no room for it.
    """
    text = consent_text(consent)
    with TextFile(consent_path(voice)) as file:
        file.write(text)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def consent_of(content: Any) -> Consent:
    """A record out of its JSON data.

    Raises:
        KeyError: Something is missing.
        TypeError: It is no record.
    """
    references = tuple(Reference(str(r["file"]), str(r["sha256"])) for r in content["references"])
    return Consent(
        str(content["speaker"]), str(content["statement"]), str(content["given"]), references, str(content["voice"])
    )


def read_consent(voice: Path) -> Consent:
    """The record beside a voice's file.

    Raises:
        ConsentMissing: There is none, or it cannot be read.
    """
    path = consent_path(voice)
    try:
        return consent_of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise _missing(voice, f"{path} is not there") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _missing(voice, f"{path} cannot be read") from error


def require_consent(voice: Path, sha256: str) -> None:
    """Makes sure that the record beside a voice's file is the one that the voice was made with.

    Raises:
        ConsentMissing: It is missing or was changed.
    """
    path = consent_path(voice)
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _missing(voice, f"{path} is not there") from error
    if found != sha256:
        raise _missing(voice, f"{path} was changed since the voice was made")


def _missing(voice: Path, why: str) -> ConsentMissing:
    fix = f"Put it back, or ask the speaker again and run: paksatalker voices clone {voice.stem}"
    return ConsentMissing(f"the voice '{voice.stem}' may not speak without its record of consent", why, fix)
