from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from paksatalker import system

APT = system.MANAGERS[0]


@pytest.fixture
def linux(monkeypatch):
    """A Linux machine on which no library can be loaded, with apt-get, not as root."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(system, "_loads", lambda name: False)
    monkeypatch.setattr(system, "_is_root", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    return monkeypatch


def test_every_manager_knows_every_library():
    for manager in system.MANAGERS:
        assert manager.packages.keys() == system.LIBRARIES.keys()


def test_only_linux_needs_any(monkeypatch):
    monkeypatch.setattr(system, "_loads", lambda name: False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system.missing_libraries() == ()


def test_the_command_lists_each_package_once():
    pacman = next(manager for manager in system.MANAGERS if manager.command == "pacman")
    assert system.install_commands(["libGL.so.1", "libEGL.so.1"], pacman) == (
        ("pacman", "-S", "--noconfirm", "--needed", "libglvnd"),
    )


def test_without_root_the_exact_command_is_told(linux, capsys):
    assert system.main(["--install"]) == 1
    said = capsys.readouterr().err
    packages = "libgl1 libglib2.0-0 libegl1 libgles2"
    assert f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}" in said
    assert "MediaPipe" in said
    assert said.count("\n") == 1


def test_without_a_known_manager_the_libraries_are_named(linux, capsys):
    linux.setattr("shutil.which", lambda name: None)
    assert system.main(["--install"]) == 1
    assert "Install the packages of your system that bring libGL.so.1" in capsys.readouterr().err


def test_root_installs_and_looks_again(linux):
    commands: list[tuple[str, ...]] = []

    def run(command, **_):
        commands.append(tuple(command))
        linux.setattr(system, "_loads", lambda name: True)

    linux.setattr(subprocess, "run", run)
    linux.setattr(system, "_is_root", lambda: True)
    assert system.main([]) == 1, "only when asked to"
    assert commands == []
    assert system.main(["--install"]) == 0
    assert [command[:2] for command in commands] == [("apt-get", "update"), ("apt-get", "install")]


def test_it_runs_alone_with_the_standard_library_only():
    script = Path(system.__file__)
    done = subprocess.run([sys.executable, "-I", "-S", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}
    assert "Traceback" not in done.stderr
