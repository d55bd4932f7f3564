"""Voices mixed of others: the notation ``af_heart:0.6+bf_emma:0.4``, and mixtures saved under a name."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
from collections.abc import Container
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from paksatalker.core.audio.cloning.consent import Consent, consent_path, require_consent, write_consent
from paksatalker.core.audio.voice_folder import VoiceFolder
from paksatalker.core.files import TextFile, write_error
from paksatalker.errors import ConsentMissing, InvalidOption, OutputUnwritable, UnknownVoice

_LOG = logging.getLogger(__name__)
_PART = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)(?::(?P<weight>\d+(?:\.\d*)?|\.\d+))?", re.IGNORECASE)
_MOST_PARTS = 16
_FORMAT = 1
_OFFSETS = 128  # values of a style vector that say how a voice sounds
_EXAMPLE = "af_heart:0.6+bf_emma:0.4"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What makes a voice resemble a speaker; see :mod:`paksatalker.core.audio.cloning`.

    Attributes:
        offset: What is added to the first values of a style vector.
        pitch: What the voice's pitch is multiplied by.
    """

    offset: tuple[float, ...]
    pitch: float


@dataclass(frozen=True, slots=True)
class Blend:
    """A mixture of voices.

    Attributes:
        parts: Names with weights; weights are positive and sum to 1.
        likeness: Of a voice that was matched to a speaker.
    """

    parts: tuple[tuple[str, float], ...]
    likeness: Likeness | None = None

    @property
    def main(self) -> str:
        """The voice with the largest weight; the first of equals."""
        return max(self.parts, key=lambda part: part[1])[0]

    def __str__(self) -> str:
        return "+".join(f"{name}:{weight:.4g}" for name, weight in self.parts)


def parse_blend(text: str) -> Blend:
    """Reads a mixture: names joined by ``+``, each with an optional weight behind a colon (1 if there is none).

    A single name is a mixture of one. Weights are scaled to sum to 1; a name that comes twice counts twice.

    Raises:
        InvalidOption: It is no mixture.
    """
    what = f"'{text}' is no mixture of voices"
    weights: dict[str, float] = {}
    pieces = text.split("+")
    if len(pieces) > _MOST_PARTS:
        raise InvalidOption(what, f"it has {len(pieces)} parts and {_MOST_PARTS} are allowed")
    for piece in pieces:
        match = _PART.fullmatch(piece.strip())
        if match is None:
            raise InvalidOption(what, f"'{piece.strip()}' is not NAME or NAME:WEIGHT", f"Write it like {_EXAMPLE}")
        name = match["name"].lower()
        weights[name] = weights.get(name, 0.0) + float(match["weight"] or 1)
    total = sum(weights.values())
    if not 0 < total < float("inf") or min(weights.values()) <= 0:
        raise InvalidOption(what, "every weight must be above 0", f"Write it like {_EXAMPLE}")
    return Blend(tuple((name, weight / total) for name, weight in weights.items()))


def is_blend(text: str) -> bool:
    """Whether a voice's name is written as a mixture."""
    return "+" in text or ":" in text


def _likeness(content: Any) -> Likeness:
    offset, pitch = tuple(float(value) for value in content["offset"]), float(content["pitch"])
    if len(offset) != _OFFSETS or not all(math.isfinite(value) for value in offset) or not 0.1 < pitch < 10:
        raise ValueError("its likeness is damaged")
    return Likeness(offset, pitch)


#: Voices of others that this process may speak with, by names that nobody can guess; the oldest go first.
_LENT: dict[str, Blend] = {}
_MOST_LENT = 1000


def lend(voice: str, consent: str) -> str:
    """Lets this process speak with a voice that is in none of its folders, e.g. of a customer of a service.

    Args:
        voice: What :meth:`SavedVoices.save` has written, JSON.
        consent: The record of consent beside it.

    Returns:
        A name for it: the hash of both, so that only those who have the voice can name it.

    Raises:
        ConsentMissing: The record is not the one that the voice was made with.
        InvalidOption: The voice is damaged.
    """
    name = lent_name(voice, consent)
    if name not in _LENT:
        try:
            content = json.loads(voice)
            if content["format"] != _FORMAT:
                raise ValueError("it was written by another version")
            if content["consent_sha256"] != hashlib.sha256(consent.encode()).hexdigest():
                why = "the record of consent is not the one that it was made with"
                raise ConsentMissing("the voice may not speak", why, "Make the voice again, with the speaker's consent")
            blend = replace(parse_blend(content["voice"]), likeness=_likeness(content["likeness"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidOption("the voice cannot be read", str(error), "Make it again") from error
        while len(_LENT) >= _MOST_LENT:
            _LENT.pop(next(iter(_LENT)), None)
        _LENT[name] = blend
    return name


def lent_name(voice: str, consent: str) -> str:
    """What :func:`lend` calls a voice."""
    both = "\0".join((voice, consent)).encode()
    return f"clone-{hashlib.sha256(both).hexdigest()[:40]}"


def voice_text(blend: Blend, consent: str) -> str:
    """A voice with a likeness as it is stored.

    Args:
        blend: The voice.
        consent: The record of consent, as :func:`~paksatalker.core.audio.cloning.consent.consent_text` has it.
    """
    return _stored(blend, hashlib.sha256(consent.encode()).hexdigest())


def _stored(blend: Blend, consent_sha256: str) -> str:
    """A voice as it is stored; the hash is of the record of consent, empty where there is none."""
    content: dict[str, Any] = {"format": _FORMAT, "engine": "kokoro", "voice": str(blend)}
    if consent_sha256:
        content["consent_sha256"] = consent_sha256
    if blend.likeness is not None:
        content["likeness"] = asdict(blend.likeness)
    return json.dumps(content, indent=2) + "\n"


class SavedVoices(VoiceFolder):
    """Mixtures under names of the user's own, each a JSON file in a folder.

    Args:
        folder: Where they are; it need not exist yet.
    """

    def load(self, name: str) -> Blend | None:
        """The mixture of a name; None if there is none.

        Raises:
            InvalidOption: Its file cannot be read.
            ConsentMissing: It resembles a speaker, and the record of the speaker's consent is missing or was changed.
        """
        if name in _LENT:
            return _LENT[name]
        path = self._path(name)
        if path is None or not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError("it was written by another version")
            blend = parse_blend(content["voice"])
            if "likeness" not in content:
                return blend
            require_consent(path, str(content["consent_sha256"]))
            return replace(blend, likeness=_likeness(content["likeness"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOption) as error:
            fix = f"Remove the file, or write the mixture out: {_EXAMPLE}"
            raise InvalidOption(f"the saved voice '{name}' cannot be read", f"{path}: {error}", fix) from error

    def all(self) -> dict[str, Blend]:
        """Every mixture that can be read, by name; others are reported to the log."""
        found: dict[str, Blend] = {}
        for name in self.names():
            try:
                blend = self.load(name)
            except (InvalidOption, ConsentMissing) as error:
                _LOG.warning("%s", error)
                continue
            if blend is not None:
                found[name] = blend
        return found

    def save(
        self, name: str, blend: Blend, taken: Container[str] = (), *, consent: Consent | None = None, force: bool = True
    ) -> Path:
        """Saves a mixture.

        Args:
            name: Small letters, digits, ``-`` and ``_``; at most 64.
            blend: What it is.
            taken: Names that have a meaning already.
            consent: The speaker's, for a voice with a likeness; its record is stored beside the voice.
            force: Whether a voice of the same name is replaced.

        Returns:
            The file.

        Raises:
            InvalidOption: The name cannot be used, or is in use and ``force`` is off.
            ConsentMissing: The voice resembles a speaker, and there is no consent.
            OutputUnwritable: The file cannot be written.
            DiskFull: There is no room for it.
        """
        path = self.check_name(name, taken, force=force)
        consent_sha256 = ""
        self._make_folder()
        if blend.likeness is not None:
            if consent is None:
                raise ConsentMissing(f"the voice '{name}' is not saved", "it resembles a speaker who has not consented")
            # The record first: a voice without one could never be spoken with.
            consent_sha256 = write_consent(path, consent)
        with TextFile(path) as file:
            file.write(_stored(blend, consent_sha256))
        if blend.likeness is None:
            consent_path(path).unlink(missing_ok=True)  # of a voice that was replaced
        return path

    def file(self, name: str) -> Path:
        """The file of a saved voice.

        Raises:
            UnknownVoice: There is none of this name.
        """
        path = self._path(name)
        if path is None or not path.is_file():
            saved = ", ".join(self.names())
            raise UnknownVoice(
                f"there is no saved voice '{name}'", fix=f"Choose one of: {saved}" if saved else "None is saved"
            )
        return path

    def remove(self, name: str) -> None:
        """Removes a mixture, and the record of consent beside it.

        Raises:
            UnknownVoice: There is none of this name.
            OutputUnwritable: Its file cannot be removed.
        """
        path = self.file(name)
        try:
            path.unlink()
            consent_path(path).unlink(missing_ok=True)
        except OSError as error:
            raise OutputUnwritable(f"cannot remove {path}", error.strerror or str(error)) from error

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise write_error(error, self._folder) or OutputUnwritable(
                f"cannot write {self._folder}", reason, "Set PAKSATALKER_HOME to a folder that you may write"
            ) from error
