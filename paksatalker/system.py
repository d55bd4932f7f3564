"""The system libraries that our dependencies load but no wheel brings, and the command that installs them.

MediaPipe links against EGL and OpenGL ES, OpenCV against OpenGL and GLib; on a desktop all are there, in a container
often none. This file needs nothing but the standard library, so that it can be run before anything else is known to
work: ``python paksatalker/system.py`` checks, ``--install`` also installs where it may.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackageManager:
    """How a Linux distribution installs packages.

    Attributes:
        command: Its program.
        install: Arguments that install without asking.
        packages: Package by library.
        refresh: Arguments that fetch the package lists first; none where it does that by itself.
    """

    command: str
    install: tuple[str, ...]
    packages: Mapping[str, str]
    refresh: tuple[str, ...] = ()


#: What each library is for; the name is what the dynamic loader looks for.
LIBRARIES: Mapping[str, str] = {
    "libGL.so.1": "OpenCV",
    "libgthread-2.0.so.0": "OpenCV",
    "libEGL.so.1": "MediaPipe",
    "libGLESv2.so.2": "MediaPipe",
}

MANAGERS: tuple[PackageManager, ...] = (
    PackageManager(
        "apt-get",
        ("install", "-y", "--no-install-recommends"),
        {
            "libGL.so.1": "libgl1",
            "libgthread-2.0.so.0": "libglib2.0-0",
            "libEGL.so.1": "libegl1",
            "libGLESv2.so.2": "libgles2",
        },
        ("update",),
    ),
    PackageManager(
        "dnf",
        ("install", "-y"),
        {
            "libGL.so.1": "libglvnd-glx",
            "libgthread-2.0.so.0": "glib2",
            "libEGL.so.1": "libglvnd-egl",
            "libGLESv2.so.2": "libglvnd-gles",
        },
    ),
    PackageManager(
        "zypper",
        ("--non-interactive", "install"),
        {
            "libGL.so.1": "libglvnd",
            "libgthread-2.0.so.0": "libgthread-2_0-0",
            "libEGL.so.1": "libglvnd",
            "libGLESv2.so.2": "libglvnd",
        },
    ),
    PackageManager(
        "pacman",
        ("-S", "--noconfirm", "--needed"),
        {
            "libGL.so.1": "libglvnd",
            "libgthread-2.0.so.0": "glib2",
            "libEGL.so.1": "libglvnd",
            "libGLESv2.so.2": "libglvnd",
        },
    ),
)


def missing_libraries() -> tuple[str, ...]:
    """Libraries that cannot be loaded; none on systems other than Linux, where the wheels bring all they need."""
    return tuple(name for name in LIBRARIES if not _loads(name)) if sys.platform.startswith("linux") else ()


def find_manager() -> PackageManager | None:
    """This machine's package manager, if it is one we know."""
    return next((manager for manager in MANAGERS if shutil.which(manager.command)), None)


def install_commands(libraries: Sequence[str], manager: PackageManager) -> tuple[tuple[str, ...], ...]:
    """The commands that install the packages of these libraries, in order."""
    packages = tuple(dict.fromkeys(manager.packages[name] for name in libraries))
    refresh = ((manager.command, *manager.refresh),) if manager.refresh else ()
    return (*refresh, (manager.command, *manager.install, *packages))


def fix_for(libraries: Sequence[str]) -> str:
    """What a user types to install these libraries."""
    manager = find_manager()
    if manager is None:
        return f"Install the packages of your system that bring {', '.join(libraries)}"
    return "Run: " + " && ".join(f"sudo {shlex.join(command)}" for command in install_commands(libraries, manager))


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the libraries and, with ``--install`` and as root, installs those that are missing.

    Returns:
        0 if all can be loaded in the end, 1 otherwise.
    """
    parser = argparse.ArgumentParser(description="Check for the system libraries that PaksaTalker's dependencies load.")
    parser.add_argument("--install", action="store_true", help="install what is missing, when run as root")
    wants_install: bool = parser.parse_args(arguments).install
    missing = missing_libraries()
    manager = find_manager()
    if missing and wants_install and manager is not None and _is_root():
        sys.stderr.write(f"installing the packages of {', '.join(missing)}\n")
        for command in install_commands(missing, manager):
            # A failed refresh need not matter: the lists at hand may do. The check below decides.
            subprocess.run(  # noqa: S603  (a fixed command, no shell)
                command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=os.environ | _UNATTENDED
            )
        missing = tuple(name for name in missing if not _loads(name))
    if missing:
        users = ", ".join(dict.fromkeys(LIBRARIES[name] for name in missing))
        sys.stderr.write(f"error: {', '.join(missing)} cannot be loaded: {users} need them. {fix_for(missing)}\n")
        return 1
    return 0


_UNATTENDED = {"DEBIAN_FRONTEND": "noninteractive"}


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    sys.exit(main())
