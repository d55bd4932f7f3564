"""Where voices lie that have a name of the user's own, and which names they can have."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

from paksatalker.errors import InvalidOption

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class VoiceFolder:
    """Voices under names of the user's own, each a JSON file in a folder.

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

    def check_name(self, name: str, taken: Container[str] = (), *, force: bool = True) -> Path:
        """The file of a voice that is to be saved.

        Args:
            name: Small letters, digits, ``-`` and ``_``; at most 64.
            taken: Names that have a meaning already.
            force: Whether a voice of the same name is replaced.

        Raises:
            InvalidOption: The name cannot be used, or is in use and ``force`` is off.
        """
        path = self._path(name)
        if path is None:
            why = "names have 1 to 64 small letters, digits, - and _, and begin with a letter or digit"
            raise InvalidOption(f"a voice cannot be called '{name}'", why, "Choose another name")
        if name == "auto" or name in taken:
            raise InvalidOption(f"a voice cannot be called '{name}'", "that name is taken", "Choose another name")
        if path.exists() and not force:
            raise InvalidOption(f"there is a voice '{name}' already", "", "Choose another name, or add --force")
        return path

    def _path(self, name: str) -> Path | None:
        """The file of a name, whether there is one or not; None if no voice can be called so."""
        return self._folder / f"{name}.json" if _NAME.fullmatch(name) else None
