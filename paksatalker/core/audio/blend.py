"""Voices mixed of others: the notation ``af_heart:0.6+bf_emma:0.4``, and mixtures saved under a name."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from paksatalker.core.files import TextFile, write_error
from paksatalker.errors import InvalidOption, OutputUnwritable, UnknownVoice

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PART = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)(?::(?P<weight>\d+(?:\.\d*)?|\.\d+))?", re.IGNORECASE)
_MOST_PARTS = 16
_FORMAT = 1
_EXAMPLE = "af_heart:0.6+bf_emma:0.4"


@dataclass(frozen=True, slots=True)
class Blend:
    """A mixture of voices.

    Attributes:
        parts: Names with weights; weights are positive and sum to 1.
    """

    parts: tuple[tuple[str, float], ...]

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


class SavedVoices:
    """Mixtures under names of the user's own, each a JSON file in a folder.

    Args:
        folder: Where they are; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted(p.stem for p in self._folder.glob("*.json") if _NAME.fullmatch(p.stem)))

    def load(self, name: str) -> Blend | None:
        """The mixture of a name; None if there is none.

        Raises:
            InvalidOption: Its file cannot be read.
        """
        path = self._path(name)
        if path is None or not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError("it was written by another version")
            return parse_blend(content["voice"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOption) as error:
            fix = f"Remove the file, or write the mixture out: {_EXAMPLE}"
            raise InvalidOption(f"the saved voice '{name}' cannot be read", f"{path}: {error}", fix) from error

    def all(self) -> dict[str, Blend]:
        """Every mixture that can be read, by name; others are reported to the log."""
        found: dict[str, Blend] = {}
        for name in self.names():
            try:
                blend = self.load(name)
            except InvalidOption as error:
                _LOG.warning("%s", error)
                continue
            if blend is not None:
                found[name] = blend
        return found

    def save(self, name: str, blend: Blend, taken: Container[str] = ()) -> Path:
        """Saves a mixture; one of the same name is replaced.

        Args:
            name: Small letters, digits, ``-`` and ``_``; at most 64.
            blend: What it is.
            taken: Names that have a meaning already.

        Returns:
            The file.

        Raises:
            InvalidOption: The name cannot be used.
            OutputUnwritable: The file cannot be written.
            DiskFull: There is no room for it.
        """
        path = self._path(name)
        if path is None:
            why = "names have 1 to 64 small letters, digits, - and _, and begin with a letter or digit"
            raise InvalidOption(f"a voice cannot be called '{name}'", why, "Choose another name")
        if name == "auto" or name in taken:
            raise InvalidOption(f"a voice cannot be called '{name}'", "that name is taken", "Choose another name")
        self._make_folder()
        with TextFile(path) as file:
            file.write(json.dumps({"format": _FORMAT, "engine": "kokoro", "voice": str(blend)}, indent=2) + "\n")
        return path

    def remove(self, name: str) -> None:
        """Removes a mixture.

        Raises:
            UnknownVoice: There is none of this name.
            OutputUnwritable: Its file cannot be removed.
        """
        path = self._path(name)
        if path is None or not path.is_file():
            saved = ", ".join(self.names())
            raise UnknownVoice(
                f"there is no saved voice '{name}'", fix=f"Choose one of: {saved}" if saved else "None is saved"
            )
        try:
            path.unlink()
        except OSError as error:
            raise OutputUnwritable(f"cannot remove {path}", error.strerror or str(error)) from error

    def _path(self, name: str) -> Path | None:
        return self._folder / f"{name}.json" if _NAME.fullmatch(name) else None

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise write_error(error, self._folder) or OutputUnwritable(
                f"cannot write {self._folder}", reason, "Set PAKSATALKER_HOME to a folder that you may write"
            ) from error
