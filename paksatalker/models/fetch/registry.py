"""Finds the archive of a registry package through the user's own package client, so that mirrors and proxies hold.

No registry is named here: pip and npm know which index they are set up for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from paksatalker.models.fetch.transfer import SourceFailed
from paksatalker.models.manifest import Member

#: Runs a command and returns (exit status, stdout, stderr).
Run = Callable[[Sequence[str]], tuple[int, str, str]]

#: The model file is the same in every wheel of a release, so any will do: this interpreter's own first (``None``), then
#: those that projects publish most.
_WHEELS: tuple[tuple[str, str] | None, ...] = (
    None,
    ("3.11", "manylinux_2_28_x86_64"),
    ("3.11", "manylinux2014_x86_64"),
    ("3.12", "manylinux_2_28_x86_64"),
    ("3.11", "win_amd64"),
)
_LOOKUP_S = 180.0
_DOWNLOAD_S = 3600.0


def run_client(command: Sequence[str], timeout_s: float = _LOOKUP_S) -> tuple[int, str, str]:
    """Runs a package client without a terminal.

    Raises:
        SourceFailed: It cannot be started or does not end in time.
    """
    env = os.environ | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1"}
    try:
        done = subprocess.run(  # noqa: S603  (a fixed command; the arguments come from our own manifest, and no shell)
            list(command),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"{Path(command[0]).name} did not answer within {timeout_s:g} s") from error
    except OSError as error:
        raise SourceFailed(f"{Path(command[0]).name} cannot be run ({error.strerror})") from error
    return done.returncode, done.stdout, done.stderr


class Registry:
    """Looks packages up and, where our own downloader cannot (a login, a client certificate), lets the client fetch.

    Args:
        run: Runs a package client; the seam for tests.
    """

    def __init__(self, run: Run = run_client) -> None:
        self._run = run

    def locate(self, member: Member) -> str:
        """The archive's address: an ``https:`` or ``file:`` URL.

        Raises:
            SourceFailed: The client is missing, or its index does not have this version.
        """
        return self._pip_url(member) if member.registry == "pypi" else self._npm_url(member)

    def download(self, member: Member, folder: Path) -> Path:
        """Lets the package's client fetch the archive into an empty folder; nothing is installed or run.

        Raises:
            SourceFailed: The client could not.
        """
        if member.registry == "pypi":
            commands = [["download", "--no-deps", "--dest", str(folder), *rest] for rest in _pip_choices(member)]
            self._first([[*_pip(), *command] for command in commands], "pip")
        else:
            self._first(
                [[_npm(), "pack", member.requirement, "--ignore-scripts", "--pack-destination", str(folder)]], "npm"
            )
        found = [path for path in folder.iterdir() if path.suffix in {".whl", ".tgz"}]
        if len(found) != 1:
            raise SourceFailed(f"the client fetched {len(found)} archives instead of one")
        return found[0]

    def _pip_url(self, member: Member) -> str:
        with tempfile.TemporaryDirectory() as nowhere:
            head = [*_pip(), "install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", "-"]
            choices = _pip_choices(member)
            out = self._first([[*head, "--target", nowhere, *rest] for rest in choices], "pip")
        try:
            return str(json.loads(out)["install"][0]["download_info"]["url"])
        except (ValueError, LookupError, TypeError) as error:
            raise SourceFailed("pip's report cannot be read; a newer pip may help") from error

    def _npm_url(self, member: Member) -> str:
        out = self._first([[_npm(), "view", member.requirement, "dist", "--json"]], "npm")
        try:
            return str(json.loads(out)["tarball"])
        except (ValueError, LookupError, TypeError) as error:
            raise SourceFailed(f"npm knows no {member.requirement}") from error

    def _first(self, commands: Sequence[Sequence[str]], client: str) -> str:
        """The output of the first command that succeeds."""
        reason = ""
        for command in commands:
            status, out, err = self._run(command)
            if status == 0:
                return out
            reason = _reason(err)
        raise SourceFailed(f"{client}: {reason}")


def _pip_choices(member: Member) -> Iterator[list[str]]:
    for wheel in _WHEELS:
        target = [] if wheel is None else ["--python-version", wheel[0], "--platform", wheel[1]]
        yield ["--only-binary=:all:", *target, member.requirement]


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-P", "-m", "pip"]  # -P: a pip.py in the working folder is not run
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    raise SourceFailed(f"pip is not installed; run: {sys.executable} -m ensurepip")


def _npm() -> str:
    if found := shutil.which("npm"):
        return found
    raise SourceFailed("npm is not installed")


def _reason(err: str) -> str:
    """The line of a client's error output that says most."""
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error:", "npm error", "npm err!"))]
    return (errors or lines or ["it gave no reason"])[-1 if "ERROR: No matching" in err else 0][:300]
