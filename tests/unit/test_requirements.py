import re
import sys
import tomllib
from pathlib import Path

import pytest

from paksatalker.cli import checks
from paksatalker.errors import EngineUnavailable
from paksatalker.requirements import install_command, require_extra, required

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
#: Without these the doctor itself does not start.
OF_THE_COMMAND_LINE = {"filelock", "platformdirs", "psutil", "pydantic", "pydantic-settings", "rich", "typer"}


def test_the_installed_package_needs_what_the_project_says():
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    assert sum(map(len, required().values())) == len(project["dependencies"])


def test_commands_ask_for_our_versions_in_quotes_that_any_shell_takes():
    assert install_command("hibari-tts") == "pip install hibari-tts==0.2.1"
    assert install_command("av", again=True).startswith("pip install --force-reinstall --no-deps 'av>=")
    by_version = install_command("pocketsphinx")
    assert "\"pocketsphinx>=5.1; python_version != '3.12'\"" in by_version
    assert by_version.count("pocketsphinx") == 2
    assert install_command("something-else") == "pip install something-else"


def test_an_extra_that_is_missing_is_named_with_its_command(monkeypatch):
    require_extra("nothing can be read", "service", "json", "pathlib")
    monkeypatch.setitem(sys.modules, "json", None)
    with pytest.raises(EngineUnavailable, match=r"json is not installed\. Run: pip install 'paksatalker\[service\]'"):
        require_extra("nothing can be read", "service", "json", "pathlib")
    with pytest.raises(EngineUnavailable, match="json and no_such_module are not installed"):
        require_extra("nothing can be read", "service", "json", "no_such_module")


def test_every_extra_that_a_message_asks_for_exists():
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = set()
    for path in (PYPROJECT.parent / "paksatalker").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"paksatalker\[([a-z-]+)\]", source))
        asked |= set(re.findall(r'require_extra\("[^"]+", "([a-z-]+)"', source))
    assert {"service", "neural", "webrtc"} <= asked <= extras.keys()


def test_the_doctor_looks_at_every_package_that_it_can_do_without():
    looked_at = {distribution for distribution, _ in checks._DEPENDENCIES}
    assert looked_at == set(required()) - OF_THE_COMMAND_LINE
